"""Step 1: which account."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors.models import Account
from dataflows.models import Dataflow
from dataflows.wizard.forms.step import StepForm

FORGOTTEN = {
    "project_id": "",
    "project_name": "",
    "timezone": "",
    "time_semantic": "",
    "time_evidence": "",
    "sample": [],
}
"""What was found out with one account says nothing about another."""


class AccountForm(StepForm):
    slug = "account"
    account = forms.ModelChoiceField(
        Account.objects.none(),
        label=_("Account"),
        widget=forms.RadioSelect,
        empty_label=None,
        error_messages={
            "required": _("Choose an account."),
            "invalid_choice": _("This account does not exist any more. Choose another one."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["account"].queryset = Account.objects.visible_to(self.user)  # type: ignore[attr-defined]

    @classmethod
    def stored(cls, draft: Dataflow) -> dict[str, Any]:
        return {"account": draft.account_id}

    @staticmethod
    def is_complete(draft: Dataflow) -> bool:
        return draft.account_id is not None

    @property
    def accounts(self) -> Sequence[Account]:
        return list(Account.objects.visible_to(self.user))

    @property
    def chosen(self) -> int | None:
        """The pk to mark: what was sent, else what is stored, else the only account there is."""
        value = self["account"].value()
        if value and str(value).isdecimal():
            return int(value)
        return self.accounts[0].pk if len(self.accounts) == 1 else None

    def changes(self) -> dict[str, Any]:
        account = self.cleaned_data.get("account")
        if account is None or account.pk == self.draft.account_id:
            return {}
        return {"account": account, **FORGOTTEN}
