"""Texts that are dates: the formats that Adobe's Data Prep tries, in its order, after the ISO 8601 ones.

Order matters where digits alone decide: ``20201112`` is a year first, ``12112020``, which is none, a month first.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

MONTHS = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_CLOCK12 = r"(?P<h>\d{1,2}):(?P<n>\d\d):(?P<s>\d\d) (?P<half>[AaPp][Mm])"
FORMATS = tuple(
    re.compile(pattern, re.ASCII)
    for pattern in (
        r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)[T ](?P<h>\d\d):(?P<n>\d\d)(:(?P<s>\d\d)([.,](?P<f>\d{1,9}))?)?"
        r" ?(?P<z>Z|z|[+-]\d\d(:?\d\d)?)?",
        r"(?P<y>\d{4})-(?P<m>\d\d)-(?P<d>\d\d)",
        r"(?P<y>\d{4})/(?P<m>\d\d)/(?P<d>\d\d)",
        r"(?P<y>\d{4})\.(?P<m>\d\d)\.(?P<d>\d\d)",
        r"(?P<y>\d{4})-(?P<mmm>[A-Za-z]{3})-(?P<d>\d\d)",
        r"(?P<y>\d{4})(?P<m>\d\d)(?P<d>\d\d)",
        r"(?P<m>\d\d)-(?P<d>\d\d)-(?P<y>\d{4})",
        r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>\d{4})",
        r"(?P<m>\d{1,2})/(?P<d>\d\d)/(?P<y>\d{4})",
        r"(?P<d>\d\d)\.(?P<m>\d{1,2})\.(?P<y>\d{4})",
        r"(?P<m>\d{1,2})/(?P<d>\d\d)/(?P<y>\d{4}) " + _CLOCK12,
        r"(?P<d>\d\d)\.(?P<m>\d{1,2})\.(?P<y>\d{4}) " + _CLOCK12,
        r"(?P<d>\d\d)\.(?P<mmm>[A-Za-z]{3})\.(?P<y>\d{4})",
        r"(?P<d>\d\d)-(?P<mmm>[A-Za-z]{3})-(?P<y>\d{4})",
    )
)
LONGEST = 40


def read_instant(text: str) -> datetime | None:
    """The UTC instant of a text, None when no format fits. Without a zone it is UTC; a date alone is its midnight."""
    text = text.strip()
    if len(text) > LONGEST:
        return None
    for pattern in FORMATS:
        found = pattern.fullmatch(text)
        if found and (instant := _build(found.groupdict())):
            return instant
    return None


def _build(parts: dict[str, str | None]) -> datetime | None:
    try:
        month = MONTHS[parts["mmm"].lower()] if parts.get("mmm") else int(parts["m"] or 0)  # type: ignore[union-attr]
        micros = int((parts.get("f") or "0")[:6].ljust(6, "0"))
        day = datetime(int(parts["y"] or 0), month, int(parts["d"] or 0), tzinfo=UTC)
        local = day.replace(
            hour=_hour(parts), minute=_number(parts, "n"), second=_number(parts, "s"), microsecond=micros
        )
        return local - _offset(parts.get("z"))
    except (ValueError, KeyError, OverflowError):
        return None


def _number(parts: dict[str, str | None], name: str) -> int:
    return int(parts.get(name) or 0)


def _hour(parts: dict[str, str | None]) -> int:
    hour, half = _number(parts, "h"), (parts.get("half") or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("a clock with am and pm has the hours 1 to 12")
    return hour % 12 + (12 if half == "pm" else 0)


def _offset(zone: str | None) -> timedelta:
    if not zone or zone in "Zz":
        return timedelta(0)
    hours, minutes = int(zone[1:3]), int(zone[3:].lstrip(":") or 0)
    if hours > 18 or minutes > 59:
        raise ValueError("no zone is that far away")
    size = timedelta(hours=hours, minutes=minutes)
    return -size if zone[0] == "-" else size
