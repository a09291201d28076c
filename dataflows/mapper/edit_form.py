"""Editing the mapping of a live dataflow: kept as a draft beside the one in force, until it is saved as a version."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django import forms
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from connectors.form_layout import PageForm
from connectors.roles import User
from dataflows.mapper import rows
from dataflows.mapper.actions import Change, press
from dataflows.mapper.desk import Desk
from dataflows.mapper.view import View
from dataflows.models import Dataflow, MappingVersion
from dataflows.runs import remapping
from dataflows.runs.remapping import MappingConflict

SAVE = "save"


class EditForm(PageForm, forms.Form):
    """``desk`` holds the rows whatever their state; every button keeps them, wrong ones too.

    ``conflict`` is set when somebody else changed the dataflow in between; what was typed stays on the page, and since
    the page then carries the newer revision, sending it again overwrites. ``asks``: something has to be confirmed
    first.
    """

    revision = forms.IntegerField(widget=forms.HiddenInput, min_value=0, required=False)
    note = forms.CharField(
        label=lazy("What changes, and why (optional)"), max_length=MappingVersion.LONGEST_NOTE, required=False
    )

    def __init__(self, data: Mapping[str, Any] | None, *, flow: Dataflow, view: View) -> None:
        super().__init__(data)
        self.flow, self.view = flow, view
        self.action = str(data.get("action", SAVE)) if data is not None else ""
        self.conflict: datetime | None = None
        self.asks = False

    @cached_property
    def desk(self) -> Desk:
        """What was sent, else what is being edited, else the mapping in force."""
        if self.is_bound:
            return Desk(self.flow, rows.read_sent(self.data), self.view)
        return Desk.of(self.flow, rows.read_stored(remapping.edited(self.flow)), self.view)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        count = len(self.desk.problems)
        if self.action == SAVE and count:
            words = ngettext(
                "The mapping has %(count)d problem, marked below. The one in force stays until it is corrected.",
                "The mapping has %(count)d problems, marked below. The one in force stays until they are corrected.",
                count,
            )
            self.add_error(None, words % {"count": count})
        elif self.action == SAVE and not self.desk.question.is_answered(self.data):
            self.asks = True
            self.add_error(None, _("Nothing is saved yet: what most values of a row become has to be confirmed."))
        return cleaned

    def save(self, *, by: User, now: datetime) -> MappingVersion | None:
        """The new version; None, with what is wrong on the form, when there is none. The rows are kept either way."""
        if not self.is_valid():
            self._keep(self.desk.rows, now)
            return None
        wanted = [row.stored for row in rows.without_blanks(self.desk.rows)]
        note = self.cleaned_data["note"]
        try:
            return remapping.save(self.flow, wanted, by=by, now=now, revision=self._revision(), note=note)
        except MappingConflict as conflict:
            self.conflict = conflict.saved_at
            return None

    def press(self, *, now: datetime) -> Change | None:
        """Do what a button that changes rows says; None after a conflict."""
        self.is_valid()
        change = press(self.desk, self.action)
        before = {"mapping_before": [row.stored for row in self.desk.rows]} if change.replaced else {}
        return change if self._keep(change.rows, now, **before) else None

    def _keep(self, edited: list[rows.EditedRow], now: datetime, **more: Any) -> bool:
        kept = remapping.keep_rows(self.flow, self._revision(), [row.stored for row in edited], now=now, **more)
        if not kept:
            self.conflict = self.flow.updated_at
        return kept

    def _revision(self) -> int:
        """The revision the sender saw; without one it cannot be the current one."""
        revision = self.cleaned_data.get("revision")
        return -1 if revision is None else int(revision)
