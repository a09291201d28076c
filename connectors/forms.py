"""The account form, and the filter of each list."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors import accounts
from connectors.errors import ConnectorError
from connectors.form_layout import PageForm
from connectors.messages import Message, message_for
from connectors.models import Account, AuthKind
from connectors.regions import region_choices, region_label
from connectors.registry import CATALOG
from connectors.states import AccountState

LONGEST_SECRET = 512


class AccountForm(PageForm, forms.Form):
    """``account`` is what is edited, ``None`` for a new one. ``save`` connects for real.

    The secret travels only towards the server: the field is empty whenever the form is shown.
    """

    name = forms.CharField(
        label=_("Account name"), max_length=255, help_text=_("A name your colleagues will recognise.")
    )
    auth_kind = forms.ChoiceField(
        label=_("Authentication"), choices=AuthKind.choices, initial=AuthKind.SERVICE_ACCOUNT, widget=forms.RadioSelect
    )
    username = forms.CharField(
        label=_("Username"),
        max_length=255,
        required=False,
        help_text=_("Of the service account, such as name.1a2b3c.mp-service-account. A project secret has none."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "none"}),
    )
    secret = forms.CharField(
        label=_("Secret"), max_length=LONGEST_SECRET, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    region = forms.ChoiceField(
        label=_("Region"), required=False, help_text=_("Where the project's data is stored. It cannot be moved.")
    )
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, account: Account | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account
        self.failure: ConnectorError | None = None
        self.fields["region"].choices = region_choices()  # type: ignore[attr-defined]
        if account is not None:
            self.fields["secret"].required = False
            self.fields["secret"].help_text = _("Leave empty to keep the stored secret.")
            self._offer_stored_region(account.region)

    def _offer_stored_region(self, region: str) -> None:
        """A host that is no longer allowed must still be shown as what is stored; connecting to it is refused."""
        choices = self.fields["region"].choices  # type: ignore[attr-defined]
        if region not in dict(choices):
            self.fields["region"].choices = [*choices, (region, region_label(region))]  # type: ignore[attr-defined]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        others = Account.objects.exclude(pk=self.account.pk) if self.account else Account.objects.all()
        if others.filter(name=name).exists():
            raise forms.ValidationError(_("Another account has this name."))
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("auth_kind") == AuthKind.SERVICE_ACCOUNT and not data.get("username") and "username" in data:
            self.add_error("username", _("A service account has a username."))
        if not self.errors and self.account and not data["secret"]:
            self._clean_kept_secret(self.account, data)
        return data

    def _clean_kept_secret(self, account: Account, data: dict[str, Any]) -> None:
        if not accounts.keeps_secret(account, auth_kind=data["auth_kind"], region=data["region"]):
            words = _("Enter the secret again: a stored secret is not sent to a place it was not entered for.")
            self.add_error("secret", words)

    def save(self, *, by: Any) -> Account | None:
        """Connect or update; ``None`` when it did not work, with the reason at the form or in ``failure``."""
        values = self.cleaned_data
        try:
            if self.account is None:
                return accounts.connect(**values, by=by)
            return accounts.update(self.account, **values)
        except accounts.NameTaken:
            self.add_error("name", _("Another account has this name."))
        except ConnectorError as error:
            self.failure = error
        return None

    @property
    def failure_message(self) -> Message | None:
        return message_for(self.failure.code) if self.failure else None


def initial_of(account: Account) -> dict[str, Any]:
    """The stored values, without the secret."""
    return {name: getattr(account, name) for name in ("name", "auth_kind", "username", "region", "description")}


class ListFilter(forms.Form):
    """GET parameters of a list; what cannot be understood filters nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        for field in self.fields.values():
            select = isinstance(field.widget, forms.Select)
            field.widget.attrs["class"] = "form-select" if select else "form-control"

    @property
    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data.get(name, "") for name in self.fields} if self.is_valid() else {}


class AccountFilter(ListFilter):
    q = forms.CharField(label=_("Search"), max_length=255, required=False, widget=forms.TextInput({"type": "search"}))
    state = forms.ChoiceField(
        label=_("State"), choices=[("", _("All states")), *AccountState.choices], required=False, widget=forms.Select
    )


class CatalogFilter(ListFilter):
    q = forms.CharField(label=_("Search"), max_length=255, required=False, widget=forms.TextInput({"type": "search"}))
    category = forms.ChoiceField(label=_("Category"), required=False, widget=forms.Select)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["category"].choices = [("", _("All categories")), *categories()]  # type: ignore[attr-defined]


def categories() -> Sequence[tuple[str, str]]:
    return [(name, name) for name in sorted({card.category for card in CATALOG})]


class CheckForm(PageForm, forms.Form):
    """Which project a connection test tries an export of."""

    project_id = forms.RegexField(
        r"^[0-9]*$",
        label=_("Project id (optional)"),
        max_length=32,
        required=False,
        help_text=_("With a project, the test also reads a few of its events: one or two export requests."),
        error_messages={"invalid": _("A project id is a number.")},
        widget=forms.TextInput(attrs={"inputmode": "numeric", "list": "known-projects", "autocomplete": "off"}),
    )
