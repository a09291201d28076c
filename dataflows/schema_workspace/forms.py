"""Forms of the schema workspace: the schema itself, one field, a file."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from connectors.form_layout import PageForm
from dataflows.schemas.components import classes, field_groups
from dataflows.schemas.exchange import MOST_BYTES
from dataflows.schemas.names import OWN_NAME
from dataflows.schemas.reading import LONGEST_NAME
from dataflows.schemas.xdm import EXPERIENCE_EVENT

NAMESPACES = ("MixpanelDistinctId", "Email", "Phone", "ECID", "CRMID")
UNCHECKED = _("Kept in the schema for those who read it; loading does not check it.")
KINDS = (
    ("string", _("String")),
    ("double", _("Double")),
    ("long", _("Long")),
    ("integer", _("Integer")),
    ("short", _("Short")),
    ("byte", _("Byte")),
    ("boolean", _("Boolean")),
    ("date", _("Date")),
    ("date-time", _("DateTime")),
    ("map", _("Map of strings")),
)


class WordsForm(PageForm, forms.Form):
    """Title and description. ``version`` is the one the form was shown with."""

    title = forms.CharField(
        label=_("Title"), max_length=255, error_messages={"required": _("Give the schema a title.")}
    )
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class SchemaForm(WordsForm):
    """A new schema: its class and field groups too."""

    class_id = forms.ChoiceField(label=_("Class"), widget=forms.RadioSelect, initial=EXPERIENCE_EVENT)
    groups = forms.MultipleChoiceField(label=_("Field groups"), required=False, widget=forms.CheckboxSelectMultiple)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["class_id"].choices = [  # type: ignore[attr-defined]
            (each.id, f"{each.title}: {each.description}") for each in classes().values()
        ]
        self.fields["groups"].choices = _group_choices()  # type: ignore[attr-defined]


class EditForm(WordsForm):
    """Title, description, and field groups to add; those that are there cannot be taken away."""

    groups = forms.MultipleChoiceField(
        label=_("Field groups to add"), required=False, widget=forms.CheckboxSelectMultiple
    )
    note = forms.CharField(
        label=_("Note for the history"), max_length=255, required=False, help_text=_("Why this change is made.")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, offered: list[str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [choice for choice in _group_choices() if choice[0] in offered]
        self.fields["groups"].choices = choices  # type: ignore[attr-defined]
        if not choices:
            del self.fields["groups"]


class FieldForm(PageForm, forms.Form):
    """One field. ``parents`` are the objects it may lie in; without them place and name are fixed.

    ``typed`` is False where the type cannot be chosen: objects, and fields of a class or field group.
    """

    parent = forms.ChoiceField(label=_("Inside"))
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        help_text=_("Letters, digits, - and _, as in planType. It becomes the name of the column."),
        error_messages={"required": _("Give the field a name.")},
    )
    title = forms.CharField(label=_("Display name"), max_length=255, required=False)
    description = forms.CharField(
        label=_("Description"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    kind = forms.ChoiceField(label=_("Type"), choices=KINDS)
    array = forms.BooleanField(label=_("Array of this type"), required=False)
    required = forms.BooleanField(
        label=_("Required"),
        required=False,
        help_text=_("A record without it is rejected; a field in an object only if the object has another value."),
    )
    namespace = forms.CharField(
        label=_("Identity namespace"),
        max_length=64,
        required=False,
        help_text=_("Filled in, the field says who the record is about. For strings only."),
        widget=forms.TextInput(attrs={"list": "namespaces", "autocomplete": "off"}),
    )
    primary = forms.BooleanField(label=_("Primary identity"), required=False)
    enum = forms.CharField(
        label=_("Allowed values"),
        required=False,
        max_length=20_000,
        help_text=_("One a line; empty means any. For strings only."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    pattern = forms.CharField(label=_("Pattern"), max_length=500, required=False, help_text=UNCHECKED)
    minLength = forms.IntegerField(
        label=_("Least length"), min_value=0, max_value=1_000_000, required=False, help_text=UNCHECKED
    )
    maxLength = forms.IntegerField(
        label=_("Greatest length"), min_value=0, max_value=1_000_000, required=False, help_text=UNCHECKED
    )
    minimum = forms.FloatField(label=_("Least value"), required=False, help_text=UNCHECKED)
    maximum = forms.FloatField(label=_("Greatest value"), required=False, help_text=UNCHECKED)
    note = forms.CharField(label=_("Note for the history"), max_length=255, required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    # Fields that limit values have JSON Schema's own names.
    TEXT_LIMITS = ("pattern", "minLength", "maxLength")
    NUMBER_LIMITS = ("minimum", "maximum")

    def __init__(
        self, *args: Any, parents: list[tuple[str, str]] | None = None, typed: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        if parents is None:
            del self.fields["parent"], self.fields["name"]
        else:
            self.fields["parent"].choices = parents  # type: ignore[attr-defined]
        if not typed:
            for name in ("kind", "array", "enum", *self.TEXT_LIMITS, *self.NUMBER_LIMITS):
                del self.fields[name]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if not OWN_NAME.fullmatch(name):
            raise forms.ValidationError(_("A name has letters, digits, - and _, and starts with a letter or digit."))
        return name

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        kind = found.get("kind", "string")
        textual = [*self.TEXT_LIMITS, "enum"]
        for names, fitting, words in (
            (textual, kind == "string", _("Only a string can have this.")),
            (self.NUMBER_LIMITS, kind == "double", _("Only a double can have this; an integer's type limits it.")),
        ):
            for name in names:
                if name in self.fields and found.get(name) not in ("", None) and not fitting:
                    self.add_error(name, words)
        if found.get("namespace") and (kind != "string" or found.get("array")):
            self.add_error("namespace", _("Only a string can be an identity."))
        if found.get("primary") and not found.get("namespace"):
            self.add_error("namespace", _("Name the namespace of the primary identity."))
        return found

    @property
    def limits(self) -> dict[str, Any]:
        """Everything that limits values, by JSON Schema's names; "" or None for what is not limited."""
        names = (*self.TEXT_LIMITS, *self.NUMBER_LIMITS)
        found = {name: self.cleaned_data[name] for name in names if name in self.fields}
        if "enum" in self.fields:
            lines = self.cleaned_data.get("enum", "").splitlines()
            found["enum"] = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
        return found


class ImportForm(PageForm, forms.Form):
    """An XDM file. ``title`` renames what is imported as a new schema."""

    file = forms.FileField(
        label=_("XDM schema (JSON)"),
        help_text=_("As the Schema Registry exports it, or as this page's export."),
        widget=forms.ClearableFileInput(attrs={"accept": ".json,application/json"}),
        error_messages={"required": _("Choose a file."), "empty": _("The file is empty. Choose another one.")},
    )
    title = forms.CharField(
        label=_("Title"), max_length=255, required=False, help_text=_("Empty: the title that the file has.")
    )

    def __init__(self, *args: Any, new: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if new:
            return
        del self.fields["title"]
        self.fields["version"] = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
        self.fields["note"] = forms.CharField(label=_("Note for the history"), max_length=255, required=False)

    def clean_file(self) -> bytes:
        file = self.cleaned_data["file"]
        if file.size > MOST_BYTES:
            megabytes = {"size": f"{file.size / 1024 / 1024:.1f}", "most": MOST_BYTES // 1024 // 1024}
            raise forms.ValidationError(
                _("The file has %(size)s MB, a schema has at most %(most)s. Choose another file.") % megabytes
            )
        return bytes(file.read())


def _group_choices() -> list[tuple[str, str]]:
    return [(each.id, f"{each.title}: {each.description}") for each in field_groups(settings.TENANT).values()]
