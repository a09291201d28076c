"""Long lists to choose from, written in one go: Django's own widget renders a template for each option."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from connectors.mixpanel import timezones

Choices = Iterable[tuple[Any, Any]]


def zone_choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """Time zones by region, each with its whole name, for a closed list does not show the region."""
    return [(region, [(zone, zone) for zone, _ in zones]) for region, zones in timezones.choices()]


def options(choices: Choices, selected: str) -> SafeString:
    """``<option>`` elements; a choice whose label is a list is a group of choices."""
    return format_html_join("", "{}", ((_option(value, label, selected),) for value, label in choices))


def _option(value: Any, label: Any, selected: str) -> SafeString:
    if isinstance(label, list):
        return format_html('<optgroup label="{}">{}</optgroup>', value, options(label, selected))
    mark = " selected" if str(value) == selected else ""
    return format_html('<option value="{}"{}>{}</option>', value, mark, label)


class LongSelect(forms.Select):
    """A select of hundreds of choices. A value that is not among them, because it was typed, is shown as well."""

    def render(
        self, name: str, value: Any, attrs: Mapping[str, Any] | None = None, renderer: object = None
    ) -> SafeString:
        chosen = "" if value is None else str(value)
        listed = {str(one) for key, label in self.choices for one in _values(key, label)}
        unlisted = [(chosen, chosen)] if chosen not in listed else []
        shown = options([*unlisted, *self.choices], chosen)
        attributes = self.build_attrs(self.attrs, {**(attrs or {}), "name": name})
        return format_html("<select{}>{}</select>", flatatt(attributes), shown)


def _values(key: Any, label: Any) -> list[Any]:
    return [value for value, _ in label] if isinstance(label, list) else [key]
