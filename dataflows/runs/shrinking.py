"""The shrink guard: good data is never wiped by accident.

A re-read that is much smaller than what is published may be right (deleted users) or wrong (retention cut it
off, an outage, a plan change: Mixpanel deletes events on a rolling basis, data retention policy page). Only a
person can tell, so such a day is held.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

from dataflows.models import Dataflow, Window
from dataflows.runs.promotion import DayAccount

# Below half of what is published a day is held; tiny days come and go.
SMALLEST_SHARE = 0.5
SMALLEST_DAY = 20


def held(window: Window, accounts: Iterable[DayAccount]) -> frozenset[date]:
    """The days that a person must decide about before they are replaced."""
    if window.run.accepts_shrinking:
        return frozenset()
    published = published_rows(window.run.dataflow, window.first_day, window.last_day)
    return frozenset(account.day for account in accounts if shrinks(account.loaded, published.get(account.day, 0)))


def shrinks(now: int, before: int) -> bool:
    return before >= SMALLEST_DAY and now < before * SMALLEST_SHARE


def published_rows(flow: Dataflow, first: date, last: date) -> Mapping[date, int]:
    days = flow.days.filter(day__range=(first, last)).exclude(published_at=None)
    return dict(days.values_list("day", "loaded"))
