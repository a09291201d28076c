"""What a program asks of a new run: which days, whether Mixpanel or the landing zone is read, whether only to try."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from ninja import Field

from connectors.roles import User
from dataflows import scheduling
from dataflows.api import errors
from dataflows.api.answers import Open
from dataflows.api.sent import Sent
from dataflows.models import Dataflow, Run, Trigger
from dataflows.runs import backfilling, lifecycle, reprocessing

MOST_DAYS = 3660
INSTANT = timedelta(microseconds=1)
LATEST = 32_503_680_000  # the year 3000


class RunParams(Open):
    """Epoch seconds. The days that the window touches are read; without a window, those that are due.

    Days begin at midnight UTC, in legacy projects at midnight of the project's zone. Beyond AEP: ``kind`` backfill
    reads the days that are missing or failed, within the window or of the whole history, and makes way for scheduled
    runs; ``kind`` reprocess promotes raw answers that were kept with the mapping of now, within the window or all
    days with rejected records, and with ``dryRun`` it only tells what would become of them.
    """

    windowStartTime: int | str | None = None
    windowEndTime: int | str | None = None
    kind: Literal["onDemand", "backfill", "reprocess"] = "onDemand"
    dryRun: bool = False


class RunBody(Sent):
    flowId: str = Field(max_length=100)
    params: RunParams | None = None


def start(flow: Dataflow, params: RunParams, *, by: User, now: datetime) -> Run:
    """Raises ApiError, CannotStart."""
    if params.dryRun and params.kind != "reprocess":
        raise errors.bad_value("params.dryRun", "Only a reprocess can be tried.", "Send kind: reprocess, or leave it.")
    days = _days(flow, params.model_dump(), now)
    match params.kind:
        case "backfill":
            first, last = backfilling.range_of(flow, now)
            wanted = days or scheduling.days_between(first, last)
            return backfilling.start_backfill(flow, backfilling.unsettled(flow, wanted), by=by, now=now)
        case "reprocess":
            troubled = reprocessing.troubled(reprocessing.kept(flow))
            chosen = days or troubled.values_list("day", flat=True)
            return reprocessing.reprocess(flow, chosen, dry_run=params.dryRun, by=by, now=now)
    return lifecycle.start(flow, trigger=Trigger.USER, days=days, by=by, now=now)


def _days(flow: Dataflow, params: Mapping[str, Any], now: datetime) -> list[date] | None:
    """The days from the one in which the window starts to the one in which it ends; ``None`` without a window."""
    start, end = _moment(params, "windowStartTime"), _moment(params, "windowEndTime")
    if start is None and end is None:
        return None
    if start and end and start > end:
        raise errors.bad_value("params.windowEndTime", "The window ends before it starts.")
    zone, newest = ZoneInfo(flow.day_zone), scheduling.last_day(now, flow.timezone or "UTC", include_today=True)
    # The end is no part of the window: one that ends at midnight ends with the day before.
    until = end - INSTANT if end and end != start else end or now
    first, last = (start or until).astimezone(zone).date(), min(newest, until.astimezone(zone).date())
    if first > last:
        words = f"The window begins on {first}; Mixpanel has no later day than {newest} yet."
        raise errors.bad_value("params.windowStartTime", words)
    if (last - first).days >= MOST_DAYS:
        raise errors.bad_value("params.windowStartTime", f"The window has more than {MOST_DAYS} days.")
    return scheduling.days_between(first, last)


def _moment(params: Mapping[str, Any], name: str) -> datetime | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise errors.bad_value(f"params.{name}", f"“{text[:40]}” is no time.", "Write epoch seconds.")
    if len(text) > 12 or int(text) > LATEST:
        raise errors.bad_value(f"params.{name}", f"“{text[:40]}” is no time.", "Write epoch seconds, not milliseconds.")
    return datetime.fromtimestamp(int(text), UTC)
