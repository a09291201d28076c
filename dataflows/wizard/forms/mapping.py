"""Step 4: which source field becomes which field of the schema: the mapper, on the rows of a draft."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dataflows.mapper import rows
from dataflows.mapper.actions import press
from dataflows.mapper.desk import Desk
from dataflows.mapper.view import View
from dataflows.models import Dataflow
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import STAY, Go, Outcome


class MappingForm(StepForm):
    """The rows are no form fields: there are as many as a person wants. ``desk`` holds them whatever their state.

    Every button saves them, wrong ones too; only going on needs a mapping that fits the schema.
    """

    slug = "mapping"
    asks = False

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        return dict(rows.as_sent(rows.read_stored(draft.mapping)))

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return any(not row.is_blank for row in rows.read_stored(draft.mapping))

    @cached_property
    def desk(self) -> Desk:
        """What was sent, else what is stored, else, on the first visit, what is proposed."""
        if self.is_bound:
            return Desk(self.draft, rows.read_sent(self.data), View.read(self.data))
        return Desk.of(self.draft, rows.read_stored(self.draft.mapping), View.read(self.query))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.action == "next" and not rows.without_blanks(self.desk.rows):
            self.add_error(None, _("Nothing is mapped. Map the required fields, or let them be mapped again."))
        elif self.action == "next" and self.desk.problems:
            count = len(self.desk.problems)
            words = ngettext(
                "The mapping has %(count)d problem, marked below.",
                "The mapping has %(count)d problems, marked below.",
                count,
            )
            self.add_error(None, words % {"count": count})
        elif self.action == "next" and self.live and not self.desk.question.is_answered(self.data):
            self.asks = True
            self.add_error(None, _("What most values of a row become has to be confirmed before going on."))
        return cleaned

    def changes(self) -> dict[str, Any]:
        return {"mapping": [row.stored for row in rows.without_blanks(self.desk.rows)]}

    def perform(self, *, now: datetime) -> Outcome:
        if self.action == "draft":
            return super().perform(now=now)
        if self.action == "next":
            return super().perform(now=now) if self.is_valid() else self._keep_wrong_rows(now)
        self.is_valid()
        return self._press(now)

    def _keep_wrong_rows(self, now: datetime) -> Outcome:
        self.keep({"mapping": [row.stored for row in self.desk.rows]}, now=now, going_on=False)
        return STAY

    def _press(self, now: datetime) -> Outcome:
        """A button that changes rows: saved and shown anew, so that a reload does not press it twice."""
        change = press(self.desk, self.action)
        changes: dict[str, Any] = {"mapping": [row.stored for row in change.rows]}
        if change.replaced:
            changes["mapping_before"] = [row.stored for row in self.desk.rows]
        if not self.keep(changes, now=now, going_on=False):
            return STAY
        if change.leaves_for:
            return Outcome(Go.ELSEWHERE, target=reverse(f"dataflows:{change.leaves_for}", args=[self.draft.pk]))
        return Outcome(Go.AGAIN, query=change.view.query, anchor=change.anchor)
