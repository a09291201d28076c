"""``scheduleParams`` ↔ the schedule of a dataflow. Epoch seconds; numbers may arrive as texts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from dataflows.api import errors, spelling
from dataflows.api.errors import ApiError
from dataflows.api.flowservice import zones
from dataflows.api.moments import seconds
from dataflows.models import Dataflow, Frequency
from dataflows.scheduling import SHORTEST_DISTANCE, Schedule, ScheduleInvalid, closest

FIRST_DAY = date(2011, 1, 1)  # Mixpanel holds nothing older
HISTORY = timedelta(days=7)
LAST_START = 4_102_444_800  # the year 2100
LARGEST_INTERVAL = 1000
LOOKBACK, MOST_LOOKBACK = 5, 90
WHOLE = re.compile(r"-?[0-9]{1,18}")
REMEDIES = {"startTime": "Write epoch seconds, not milliseconds."}
PLACE = "scheduleParams"
KNOWN = ("startTime", "frequency", "interval", "backfill", "historyFrom", "lookbackDays", "timezone", "cron")


def is_given(flow: Dataflow) -> bool:
    """Whether somebody has said when it runs: in a request, or on the pages, where an empty start means now."""
    return not flow.is_draft or flow.start_at is not None or flow.reached == "review"


def written(flow: Dataflow) -> dict[str, Any]:
    """The schedule of a dataflow as the API tells it."""
    params: dict[str, Any] = {"frequency": flow.frequency, "backfill": flow.backfill, "timezone": flow.schedule_zone}
    params["startTime"] = seconds(flow.start_at or flow.created_at)
    params["lookbackDays"] = flow.lookback_days
    if flow.frequency == Frequency.CRON:
        params["cron"] = flow.cron
    elif flow.frequency != Frequency.ONCE:
        params["interval"] = flow.interval
    if flow.history_from:
        params["historyFrom"] = flow.history_from.isoformat()
    return params


def read(params: Mapping[str, Any], zone: str, *, now: datetime, fresh: bool) -> dict[str, Any]:
    """Model fields for ``scheduleParams`` of a project in ``zone``. Keys that are not known are left alone.

    ``fresh``: the schedule is new and needs a start. One that has passed then means: read from that day on if there is
    a backfill, start now if there is none. Raises ApiError that names the key.
    """
    spelling.check(params, KNOWN, PLACE)
    if fresh:
        need_start(params)
    frequency = _frequency(params)
    start = _start(params, now)
    fields: dict[str, Any] = {
        "frequency": frequency,
        "backfill": _boolean(params, "backfill", default=True),
        "schedule_zone": _zone(params),
        "lookback_days": _lookback(params),
        "cron": str(params.get("cron") or "") if frequency == Frequency.CRON else "",
        "interval": _interval(params, frequency),
        "start_at": start,
        "history_from": _history(params, start, zone, now),
    }
    if fresh and start < now and not fields["backfill"] and frequency != Frequency.ONCE:
        fields["start_at"] = now
    _check(fields)
    return fields


def need_start(params: Mapping[str, Any]) -> None:
    """Raises ApiError without a start time."""
    if params.get("startTime") in (None, ""):
        raise errors.bad_value(f"{PLACE}.startTime", "This is needed.", "Write epoch seconds.")


def _frequency(params: Mapping[str, Any]) -> str:
    value = params.get("frequency")
    if value not in Frequency.values:
        words = "This is needed." if value in (None, "") else f"There is no frequency {str(value)[:40]}."
        raise errors.bad_value(f"{PLACE}.frequency", words, f"Use {', '.join(Frequency.values)}.")
    return str(value)


def _number(params: Mapping[str, Any], name: str, least: int, most: int) -> int | None:
    """A whole number, or the text of one, in the bounds; ``None`` when it is left out."""
    value = params.get(name)
    if value is None or value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value)
    is_number = not isinstance(value, bool) and WHOLE.fullmatch(text) is not None
    if not is_number or not least <= int(text) <= most:
        wanted = f"a whole number from {least} to {most}"
        raise errors.bad_value(f"{PLACE}.{name}", f"{json.dumps(value)[:40]} is not {wanted}.", REMEDIES.get(name, ""))
    return int(text)


def _start(params: Mapping[str, Any], now: datetime) -> datetime:
    value = _number(params, "startTime", 0, LAST_START)
    return now if value is None else datetime.fromtimestamp(value, UTC)


def _interval(params: Mapping[str, Any], frequency: str) -> int:
    if frequency in (Frequency.ONCE, Frequency.CRON):
        if str(params.get("interval")) not in ("None", "", "0"):
            raise errors.bad_value(
                f"{PLACE}.interval", f"The frequency {frequency} takes no interval.", "Leave it out."
            )
        return 1
    value = _number(params, "interval", 1, LARGEST_INTERVAL)
    if value is None:
        raise errors.bad_value(f"{PLACE}.interval", f"This is needed, a whole number from 1 to {LARGEST_INTERVAL}.")
    return value


def _lookback(params: Mapping[str, Any]) -> int:
    value = _number(params, "lookbackDays", 1, MOST_LOOKBACK)
    return LOOKBACK if value is None else value


def _boolean(params: Mapping[str, Any], name: str, *, default: bool) -> bool:
    value = params.get(name, default)
    known = {"true": True, "false": False}.get(str(value).lower())
    if known is None:
        raise errors.bad_value(f"{PLACE}.{name}", f"“{str(value)[:40]}” is neither true nor false.")
    return known


def _zone(params: Mapping[str, Any]) -> str:
    return zones.read(params.get("timezone") or "UTC", f"{PLACE}.timezone")


def _history(params: Mapping[str, Any], start: datetime, zone: str, now: datetime) -> date:
    """The first day wanted: as named, else the day of a start that has passed, else the wizard's proposal of a week."""
    value = params.get("historyFrom")
    today = now.astimezone(ZoneInfo(zone or "UTC")).date()
    if value is None:
        began = start.astimezone(ZoneInfo(zone or "UTC")).date()
        return max(FIRST_DAY, began if began < today else today - HISTORY)
    try:
        day = date.fromisoformat(str(value))
    except ValueError as error:
        raise errors.bad_value(f"{PLACE}.historyFrom", "Write a day as 2026-03-01.") from error
    if not FIRST_DAY <= day <= today:
        raise errors.bad_value(f"{PLACE}.historyFrom", f"This is a day from {FIRST_DAY} to {today}.")
    return day


def _check(fields: Mapping[str, Any]) -> None:
    schedule = Schedule(
        fields["frequency"], fields["interval"], fields["cron"], fields["schedule_zone"], fields["start_at"]
    )
    try:
        schedule.check()
        distance = closest(schedule) if schedule.frequency == Frequency.CRON else SHORTEST_DISTANCE
    except ScheduleInvalid as error:
        raise errors.bad_value(f"{PLACE}.{error.field}", str(error)) from error
    if distance is None or distance < SHORTEST_DISTANCE:
        words = "never due" if distance is None else "due more often than every 15 minutes"
        raise errors.bad_value(f"{PLACE}.cron", f"This expression is {words}.")


def immutable_start(current: Mapping[str, Any], wanted: Mapping[str, Any], now: datetime) -> None:
    """Raises ApiError: a start that has passed cannot be changed any more."""
    before, after = current.get("startTime"), wanted.get("startTime")
    if str(before) != str(after) and isinstance(before, int) and before <= seconds(now):
        raise ApiError(
            "1455-400",
            "Change not valid",
            "The start time has passed and cannot be changed.",
            remedy="Change frequency or interval instead.",
            ours="patch_invalid",
        )
