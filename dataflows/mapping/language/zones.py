"""Time zones by the ways in which texts name them: IANA ids, offsets, and the abbreviations that have one meaning."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, timedelta, timezone, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d{2}))?", re.ASCII)
# Java's short ids; a summer name is that offset all year round, for whoever writes PDT means PDT.
ABBREVIATIONS: Mapping[str, int] = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 60, "BST": 60, "CET": 60, "CEST": 120, "EET": 120, "EEST": 180,
    "MSK": 180, "IST": 330, "JST": 540, "KST": 540, "EST": -300, "EDT": -240, "CST": -360, "CDT": -300, "MST": -420,
    "MDT": -360, "PST": -480, "PDT": -420, "AKST": -540, "AKDT": -480, "HST": -600, "AEST": 600, "AEDT": 660,
}  # fmt: skip
FARTHEST = timedelta(hours=18)


@lru_cache(maxsize=1024)
def zone(name: str) -> tzinfo | None:
    """The zone of a name, ``None`` if nobody knows it."""
    name = name.strip()
    if name.upper() in ABBREVIATIONS:
        minutes = ABBREVIATIONS[name.upper()]
        return timezone(timedelta(minutes=minutes)) if minutes else UTC
    found = OFFSET.fullmatch(name)
    if found:
        return _offset(found)
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def _offset(found: re.Match[str]) -> tzinfo | None:
    size = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    if size > FARTHEST or int(found[3] or 0) > 59:
        return None
    return timezone(-size if found[1] == "-" else size) if size else UTC
