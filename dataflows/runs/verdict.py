"""What becomes of a day once it is counted: loaded, failed, or held for a person to decide.

The shrink guard: a re-read that is much smaller than what is published may be right (deleted users) or wrong
(retention cut it off, an outage, a plan change: Mixpanel deletes events on a rolling basis, data retention policy
page). Only a person can tell, so good data is never wiped by accident.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dataflows.models import DayStatus, Window
from dataflows.runs.promotion.accounts import DayAccount

# Below half of what is published a day is held; tiny days come and go.
SMALLEST_SHARE = 0.5
SMALLEST_DAY = 20


@dataclass(frozen=True)
class Judge:
    """``threshold``: percent of rejected records a day may have. ``published``: rows a day has in the dataset now."""

    threshold: Decimal
    published: Mapping[date, int]

    def __call__(self, account: DayAccount) -> DayStatus:
        if account.rejected_share() > self.threshold:
            return DayStatus.FAILED
        return DayStatus.HELD if shrinks(account.loaded, self.published.get(account.day, 0)) else DayStatus.LOADED


def judge_of(window: Window) -> Judge:
    """With the window's dataflow as it is now."""
    flow = window.run.dataflow
    threshold = flow.error_threshold if flow.partial_ingestion else Decimal(0)
    if window.run.accepts_shrinking:
        return Judge(threshold, {})
    days = flow.days.filter(day__range=(window.first_day, window.last_day)).exclude(published_at=None)
    return Judge(threshold, dict(days.values_list("day", "loaded")))


def shrinks(now: int, before: int) -> bool:
    return before >= SMALLEST_DAY and now < before * SMALLEST_SHARE
