"""Step 4: which source field becomes which field of the schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dataflows.mapping import derived
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField, infer
from dataflows.models import Dataflow, Schema
from dataflows.schemas import XdmSchema
from dataflows.wizard import mapping_table, rows
from dataflows.wizard.forms.step import StepForm
from dataflows.wizard.outcome import STAY, Go, Outcome
from dataflows.wizard.result_preview import ResultTable, result_table


class MappingForm(StepForm):
    """The rows are no form fields: there are as many as a person wants. ``rows`` holds them whatever their state.

    Every button saves them, wrong ones too; only going on needs a mapping that fits the schema.
    """

    slug = "mapping"

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        return dict(rows.as_sent(rows.read_stored(draft.mapping)))

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return any(not row.is_blank for row in rows.read_stored(draft.mapping))

    # --- what the page shows --------------------------------------------------------------------------------

    @cached_property
    def rows(self) -> list[rows.EditedRow]:
        """What was sent, else what is stored, else, on the first visit, what is proposed."""
        if self.is_bound:
            return rows.read_sent(self.data)
        return rows.read_stored(self.draft.mapping) or mapping_table.proposed(self.draft)

    @cached_property
    def schema(self) -> XdmSchema:
        # The step before this one is complete only with a schema.
        return cast(Schema, self.draft.schema).xdm

    @cached_property
    def source_fields(self) -> list[SourceField]:
        return list(infer(self.draft.sample))

    @property
    def suggestions(self) -> list[str]:
        """Sources to offer while typing; others may be typed, for a sample does not show every property."""
        return [*(field.path for field in derived.FIELDS.values()), *(field.path for field in self.source_fields)]

    @cached_property
    def problems(self) -> list[Problem]:
        return mapping_table.problems_of(self.rows, self.schema)

    @property
    def general_problems(self) -> list[Problem]:
        return [problem for problem in self.problems if problem.row < 0]

    @property
    def counters(self) -> mapping_table.Counters:
        return mapping_table.counters(self.rows, self.schema, self.problems)

    @property
    def table(self) -> list[mapping_table.TableRow]:
        return mapping_table.table(self.rows, self.source_fields, self.schema, self.problems)

    @property
    def unmapped(self) -> list[tuple[SourceField, str]]:
        """Source fields that no row takes, with a sample value: what would be left behind."""
        taken = {row.source for row in self.rows if row.source_type == rows.ATTRIBUTE}
        return [(field, mapping_table.first_value(field)) for field in self.source_fields if field.path not in taken]

    @cached_property
    def result(self) -> ResultTable | None:
        """The first sample records as they would be loaded; ``None`` while the mapping does not fit."""
        if self.problems or not self.draft.sample:
            return None
        return result_table(self.rows, self.schema, self.draft)

    # --- saving ---------------------------------------------------------------------------------------------

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.action == "next" and not rows.without_blanks(self.rows):
            self.add_error(None, _("Nothing is mapped. Map the required fields, or let them be mapped again."))
        elif self.action == "next" and self.problems:
            count = len(self.problems)
            words = ngettext(
                "The mapping has %(count)d problem, marked below.",
                "The mapping has %(count)d problems, marked below.",
                count,
            )
            self.add_error(None, words % {"count": count})
        return cleaned

    def changes(self) -> dict[str, Any]:
        return {"mapping": [row.stored for row in rows.without_blanks(self.rows)]}

    def perform(self, *, now: datetime) -> Outcome:
        if self.action == "draft":
            return super().perform(now=now)
        if self.action == "next":
            return super().perform(now=now) if self.is_valid() else self._keep_wrong_rows(now)
        self.is_valid()
        return self._press(now)

    def _keep_wrong_rows(self, now: datetime) -> Outcome:
        self.keep({"mapping": [row.stored for row in self.rows]}, now=now, going_on=False)
        return STAY

    def _press(self, now: datetime) -> Outcome:
        """A button that changes rows: saved and shown anew, so that a reload does not press it twice."""
        again = self.action == "automap"
        changed = mapping_table.proposed(self.draft) if again else rows.changed(self.rows, self.action)
        if not self.keep({"mapping": [row.stored for row in changed]}, now=now, going_on=False):
            return STAY
        grown = len(changed) > len(self.rows) and not again
        return Outcome(Go.AGAIN, anchor=f"row-{len(changed) - 1}" if grown else "mapping")
