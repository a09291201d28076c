"""How values look: statuses, numbers, sizes, durations and moments, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.template.defaultfilters import filesizeformat
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from connectors import shares

register = template.Library()

# Status → (tone, icon): never by colour alone.
LOOKS: Mapping[str, tuple[str, str]] = {
    "succeeded": ("good", "check-circle-fill"),
    "published": ("good", "check-circle-fill"),
    "loaded": ("good", "check-circle-fill"),
    "enabled": ("good", "play-circle-fill"),
    "ok": ("good", "check-circle-fill"),
    "partial": ("warn", "exclamation-triangle-fill"),
    "warning": ("warn", "exclamation-triangle-fill"),
    "notice": ("calm", "info-circle-fill"),
    "held": ("warn", "pause-circle-fill"),
    "stale": ("warn", "clock-history"),
    "failed": ("bad", "x-octagon-fill"),
    "running": ("busy", "arrow-repeat"),
    "copying": ("busy", "cloud-download"),
    "landed": ("busy", "inbox-fill"),
    "promoting": ("busy", "gear-fill"),
    "paused": ("calm", "pause-circle-fill"),
    "cancelling": ("busy", "slash-circle"),
    "queued": ("calm", "hourglass-split"),
    "waiting": ("calm", "hourglass-split"),
    "draft": ("calm", "pencil-fill"),
    "disabled": ("calm", "pause-circle"),
    "missing": ("calm", "circle"),
    "cancelled": ("calm", "slash-circle"),
    "skipped": ("calm", "dash-circle"),
}


@register.simple_tag
def status(value: str, label: object = "") -> SafeString:
    """A status as icon, word and colour: ``{% status run.status run.get_status_display %}``."""
    tone, icon = LOOKS.get(str(value), ("calm", "circle"))
    return format_html(
        '<span class="status status-{}"><i class="bi bi-{}" aria-hidden="true"></i> {}</span>',
        tone,
        icon,
        label or value,
    )


@register.filter
def number(value: Any) -> str:
    """1234567 → 1,234,567; nothing → an en dash."""
    if value is None or value == "":
        return "–"
    return number_format(value, use_l10n=True, force_grouping=True)


@register.filter
def signed(value: int) -> str:
    """A difference: +1,234, −56 or ±0."""
    return f"{'+' if value > 0 else '−' if value < 0 else '±'}{number(abs(value))}"


@register.filter
def size(value: int | None) -> str:
    """Bytes in the unit a person reads."""
    return "–" if value is None else filesizeformat(value)


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A point in time with its zone, the machine-readable form beside it."""
    if value is None:
        return "–"
    local = timezone.localtime(value)
    shown = local.strftime("%Y-%m-%d %H:%M:%S")
    zone = local.tzname() or "UTC"
    return format_html('<time datetime="{}">{} <span class="zone">{}</span></time>', value.isoformat(), shown, zone)


@register.filter
def duration(value: timedelta | float | None) -> str:
    """4 s, 3 min 20 s, 2 h 5 min."""
    if value is None:
        return "–"
    seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    if seconds < 10:
        return _("%(seconds).1f s") % {"seconds": seconds}
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return _("%(hours)d h %(minutes)d min") % {"hours": hours, "minutes": minutes}
    if minutes:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": minutes, "seconds": rest}
    return _("%(seconds)d s") % {"seconds": rest}


@register.filter
def days(count: int) -> str:
    return ngettext("%(count)s day", "%(count)s days", count) % {"count": number(count)}


@register.filter
def percent(part: float | None, whole: float | None) -> str:
    """``part|percent:whole``, with one decimal; 100 and 0 only when it is all or nothing."""
    if not whole:
        return "–"
    return f"{shares.percent(part or 0, whole)} %"


@register.filter
def get(mapping: Mapping[Any, Any], key: Any) -> Any:
    """``mapping|get:key`` for keys a template cannot spell."""
    return mapping.get(key)


@register.simple_tag(takes_context=True)
def query(context: template.RequestContext, **changes: Any) -> str:
    """The current query string with some parameters changed (``None`` removes one)."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        if value in (None, ""):
            parameters.pop(name, None)
        else:
            parameters[name] = value
    return f"?{parameters.urlencode()}"
