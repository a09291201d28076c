"""What can be asked of a list of groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dataflows.diagnostics.readings import NOTICE, REJECTED, WARNING

KINDS = ((REJECTED, _("Rejected")), (WARNING, _("Warning")), (NOTICE, _("Notice")))


class GroupFilter(forms.Form):
    """Every field is optional; a value that makes no sense is left out."""

    use_required_attribute = False

    kind = forms.ChoiceField(label=_("Kind"), choices=[("", _("All")), *KINDS])
    code = forms.ChoiceField(label=_("Code"))
    field = forms.CharField(label=_("Field"), max_length=500)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def __init__(self, data: Mapping[str, Any], codes: Iterable[str]) -> None:
        super().__init__(data, auto_id="filter-%s", label_suffix="")
        choices = [("", _("All")), *((code, code) for code in sorted(codes))]
        self.fields["code"].choices = choices  # type: ignore[attr-defined]
        for each in self.fields.values():
            each.required = False
            look = "form-select" if isinstance(each, forms.ChoiceField) else "form-control"
            each.widget.attrs["class"] = look
        self.is_valid()

    @property
    def chosen(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}
