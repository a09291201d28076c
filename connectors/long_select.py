"""Long lists to choose from, written in one go: Django's own widget renders a template for each option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

Choices = Iterable[tuple[Any, Any]]


def options(choices: Choices, selected: str) -> SafeString:
    """``<option>`` elements; a choice whose label is a list is a group of choices."""
    return mark_safe("".join(_option(value, label, selected) for value, label in choices))  # noqa: S308  # escaped below


def _option(value: Any, label: Any, selected: str) -> str:
    """Escaped by the standard library: Django's own functions cost a page of thousands a tenth of a second."""
    shown = escape(str(value))
    if isinstance(label, list):
        return f'<optgroup label="{shown}">{options(label, selected)}</optgroup>'
    mark = " selected" if str(value) == selected else ""
    return f'<option value="{shown}"{mark}>{escape(str(label))}</option>'


class LongSelect(forms.Select):
    """A select of hundreds of choices."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(attributes), options(self.shown(chosen), chosen))

    def shown(self, chosen: str) -> Choices:
        return self.choices


class OpenSelect(LongSelect):
    """One that also shows a value that is not among its choices, because it was typed."""

    def shown(self, chosen: str) -> Choices:
        choices = list(self.choices)
        listed = {str(one) for key, label in choices for one in _values(key, label)}
        return choices if chosen in listed else [(chosen, chosen), *choices]


def _values(key: Any, label: Any) -> list[Any]:
    return [value for value, _ in label] if isinstance(label, list) else [key]
