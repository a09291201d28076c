"""What can be asked of the list of codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dataflows.help.catalogue import GROUPS, entries


class CodeFilter(forms.Form):
    """Both fields are optional; a value that makes no sense is left out."""

    use_required_attribute = False

    q = forms.CharField(
        label=_("Code or words"), max_length=200, required=False, widget=forms.TextInput({"class": "form-control"})
    )
    group = forms.ChoiceField(label=_("Kind"), required=False, widget=forms.Select({"class": "form-select"}))

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data, auto_id="filter-%s", label_suffix="")
        used = {entry.group for entry in entries().values()}
        choices = [("", _("All")), *((key, name) for key, name in GROUPS.items() if key in used)]
        self.fields["group"].choices = choices  # type: ignore[attr-defined]
        self.is_valid()

    @property
    def words(self) -> str:
        return str(self.cleaned_data.get("q", ""))

    @property
    def kind(self) -> str:
        return str(self.cleaned_data.get("group", ""))
