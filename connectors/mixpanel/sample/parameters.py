"""Reading request parameters as Mixpanel does. All functions raise Refused with what ``refuse`` makes of a message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date

from connectors.mixpanel.sample.messages import Answer, Refused, Request

MAX_LIMIT = 100_000

Refuse = Callable[[str], Answer]


def day(request: Request, name: str, refuse: Refuse) -> date:
    """A required ``YYYY-MM-DD``."""
    value = request.query.get(name, "")
    if not value:
        raise Refused(refuse(f"Missing required parameter: {name}"))
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        raise Refused(refuse(f"Error in {name}: invalid date, expected yyyy-mm-dd"))
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise Refused(refuse(f"Error in {name}: invalid date, no such day")) from None


def days(request: Request, refuse: Refuse) -> tuple[date, date]:
    """``from_date`` and ``to_date``, both inclusive and in order."""
    first, last = day(request, "from_date", refuse), day(request, "to_date", refuse)
    if first > last:
        raise Refused(refuse("from_date cannot be later than to_date"))
    return first, last


def names(request: Request, refuse: Refuse) -> list[str] | None:
    """``event``, a JSON array of event names; None when it was not sent."""
    value = request.query.get("event")
    if value is None:
        return None
    try:
        wanted = json.loads(value)
    except ValueError:
        wanted = None
    if not isinstance(wanted, list) or not all(isinstance(name, str) for name in wanted):
        raise Refused(refuse("event must be a JSON array of event names"))
    return wanted


def number(request: Request, name: str, default: int | None, refuse: Refuse, largest: int = MAX_LIMIT) -> int | None:
    """A whole number from 1 to ``largest``."""
    value = request.query.get(name)
    if value is None:
        return default
    if not re.fullmatch(r"[0-9]{1,9}", value) or not 1 <= int(value) <= largest:
        raise Refused(refuse(f"{name} must be a number between 1 and {largest}"))
    return int(value)
