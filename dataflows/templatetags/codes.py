"""A code as every page shows it: a tag that leads to its help page."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from dataflows.help.catalogue import entries

register = template.Library()


@register.simple_tag
def code(value: str) -> SafeString:
    """``{% code run.error_code %}``; a code that a newer release wrote has no page to lead to."""
    if value not in entries():
        return format_html('<span class="tag">{}</span>', value)
    return format_html('<a class="tag" href="{}">{}</a>', reverse("dataflows:help_code", args=[value]), value)
