"""The forms of the API clients' pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors.form_layout import PageForm
from connectors.forms import ListFilter
from connectors.roles import ANALYST, ROLES, User
from dataflows.api import clients
from dataflows.api.clients import NewClient
from dataflows.models.api_client import CALLS_PER_MINUTE

MOST_CALLS = 60_000


class ClientForm(PageForm, forms.Form):
    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        help_text=_("What the program is called; whatever it makes carries this name."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(
        label=_("Role"),
        choices=[(role, role) for role in ROLES],
        initial=ANALYST,
        help_text=_("A Viewer looks, an Analyst sets up and runs, an Admin also manages people."),
    )
    calls_per_minute = forms.IntegerField(
        label=_("Calls per minute"),
        min_value=1,
        max_value=MOST_CALLS,
        initial=CALLS_PER_MINUTE,
        help_text=_("More calls are refused with 429 until the minute is over."),
    )

    def save(self, *, by: User) -> NewClient | None:
        """``None`` when the name is taken, with the reason at the form."""
        values: dict[str, Any] = self.cleaned_data
        try:
            return clients.create(**values, by=by)
        except clients.NameTaken:
            self.add_error("name", _("Another API client has this name. Choose another one."))
        return None


class ClientFilter(ListFilter):
    q = forms.CharField(label=_("Search"), max_length=120, required=False, widget=forms.TextInput({"type": "search"}))
    state = forms.ChoiceField(
        label=_("State"),
        choices=[("", _("All states")), ("ok", _("In use")), ("cancelled", _("Revoked"))],
        required=False,
        widget=forms.Select,
    )
