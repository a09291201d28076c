"""Forms of dataset pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from connectors.form_layout import PageForm


class DeleteForm(PageForm, forms.Form):
    """Whoever deletes data writes its name: a click on the wrong page is no reason for it to go."""

    name = forms.CharField(
        label=_("Name of the dataset"),
        max_length=255,
        help_text=_("Write it as it stands above."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": _("Write the name of the dataset to delete it.")},
    )

    def __init__(self, *args: Any, wanted: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.wanted = wanted

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.wanted.strip():
            raise forms.ValidationError(_("This is not the name of this dataset."))
        return name
