"""What all steps have in common: the revision they were shown with, saving, and saving as a draft."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors.form_layout import PageForm
from connectors.messages import Message
from connectors.roles import User
from dataflows.models import Dataflow
from dataflows.wizard import drafts
from dataflows.wizard.outcome import STAY, Go, Outcome


class StepForm(PageForm, forms.Form):
    """A step writes only the fields it names in ``changes``; the button pressed arrives as ``action``.

    ``action`` ``draft`` saves what is there: nothing is required then, but what is wrong is still refused. Others of
    ``partial_actions`` do the same.
    ``conflict`` is set when somebody else saved in between; what was typed stays on the page, and since the page
    then carries the newer revision, sending it again overwrites. ``problem`` is the message of a failure outside
    the form, ``detail`` its evidence and ``code`` its name. ``live`` forms may ask the source what there is.
    ``query`` is what the address asks to be shown.
    """

    slug: ClassVar[str]
    partial_actions: ClassVar[tuple[str, ...]] = ("draft",)
    revision = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        draft: Dataflow,
        user: User,
        live: bool = True,
        query: Mapping[str, Any] | None = None,
    ) -> None:
        self.draft, self.user, self.live, self.query = draft, user, live, query or {}
        self.action = str(data.get("action", "next")) if data is not None else ""
        self.partial = self.action in self.partial_actions
        self.conflict: datetime | None = None
        self.problem: Message | None = None
        self.detail = self.code = ""
        super().__init__(data, initial=self.stored(draft))
        if self.partial:
            for field in self.fields.values():
                field.required = False

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        """What the draft holds, as values of the form's fields."""
        raise NotImplementedError

    @classmethod
    def of(cls, draft: Dataflow, user: User) -> StepForm:
        """The form as if the stored values had just been sent, to validate them again without asking the source."""
        return cls(cls.stored(draft), draft=draft, user=user, live=False)

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        """Whether the steps after this one may be opened."""
        raise NotImplementedError

    def changes(self) -> dict[str, Any]:
        """Model fields to write. Of a partial form only those whose values are there."""
        raise NotImplementedError

    def perform(self, *, now: datetime) -> Outcome:
        """Do what the pressed button says."""
        if not self.is_valid() or not self.keep(self.changes(), now=now):
            return STAY
        if self.partial:
            return Outcome(Go.LEAVE, str(_("The draft is saved. Nothing runs until it is finished.")))
        return Outcome(Go.NEXT)

    def keep(self, changes: dict[str, Any], *, now: datetime, going_on: bool | None = None) -> bool:
        """Write ``changes``; false, with ``conflict`` set, when somebody else saved in between."""
        if not self.partial if going_on is None else going_on:
            following = drafts.ORDER[min(drafts.ORDER.index(self.slug) + 1, len(drafts.ORDER) - 1)]
            changes = {**changes, "reached": drafts.further(self.draft.reached, following)}
        if drafts.save(self.draft, self.shown_revision(), changes, now=now):
            return True
        self.conflict = self.draft.updated_at
        return False

    def shown_revision(self) -> int:
        """The revision the sender saw; without one it cannot be the current one."""
        revision = self.cleaned_data.get("revision")
        return -1 if revision is None else int(revision)

    def fail(self, code: str, message: Message, detail: str = "") -> None:
        self.code, self.problem, self.detail = code, message, detail
