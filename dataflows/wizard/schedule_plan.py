"""What a schedule will do: when it is due, what the first run reads, what that costs of the rate budget."""

from __future__ import annotations

from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext as _

from dataflows.models import Dataflow
from dataflows.runs import lifecycle, planner
from dataflows.scheduling import Schedule, days_between

SHOWN = 5
BY_DISTANCE = {"minute", "hour"}


@dataclass(frozen=True)
class Reading:
    """Days of one run, both ends inclusive, and the export requests they cost."""

    first: date
    last: date
    days: int
    requests: int

    @property
    def share(self) -> float:
        """Percent of what a Mixpanel project allows in an hour."""
        return 100 * self.requests / settings.EXPORTS_PER_HOUR


@dataclass(frozen=True)
class Plan:
    """``due`` holds the next due times as (in the schedule's zone, in UTC).

    A reading is ``None`` when there is nothing to read.
    """

    due: list[tuple[str, str]]
    daylight: str
    first_run: Reading | None
    later_runs: Reading | None
    per_hour: int


def plan(draft: Dataflow, changes: dict[str, Any], now: datetime) -> Plan:
    """The plan of ``draft`` as it would be with ``changes``. The schedule must have been checked."""
    flow = copy(draft)
    for name, value in changes.items():
        setattr(flow, name, value)
    flow.start_at = flow.start_at or now
    due = flow.schedule.upcoming(min(now, flow.start_at) - timedelta(microseconds=1), SHOWN)
    return Plan(
        due=[(_shown(moment, flow.schedule_zone), _shown(moment, "UTC")) for moment in due],
        daylight=daylight(flow.schedule, now),
        first_run=_reading(lifecycle.due_days(flow, due[0])) if due else None,
        later_runs=_later(flow, due),
        per_hour=settings.EXPORTS_PER_HOUR,
    )


def _shown(moment: datetime, zone: str) -> str:
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%a %Y-%m-%d %H:%M} {local.tzname()}"


def _reading(days: tuple[date, date] | None) -> Reading | None:
    if days is None:
        return None
    every = days_between(*days)
    return Reading(days[0], days[1], len(every), len(planner.windows_for(every, {})))


def _later(flow: Dataflow, due: list[datetime]) -> Reading | None:
    """A later run reads its look-back again."""
    if len(due) < 2:
        return None
    last = due[1].date()
    return _reading((last - timedelta(days=flow.lookback_days - 1), last))


def daylight(schedule: Schedule, now: datetime) -> str:
    """One sentence on what daylight saving does to the schedule."""
    change = next(_clock_changes(schedule.zone, now), None)
    if change is None:
        return _("Clocks in %(zone)s never change, so daylight saving does not touch this schedule.") % {
            "zone": schedule.zone
        }
    if schedule.frequency == "once":
        return ""
    words = (
        _("Runs keep their distance; when clocks in %(zone)s change, next on %(day)s, the hour they show moves.")
        if schedule.frequency in BY_DISTANCE
        else _(
            "Runs keep their hour in %(zone)s when clocks change there, next on %(day)s. An hour that is left out "
            "becomes the next one there is; an hour that comes twice is used once."
        )
    )
    return words % {"zone": schedule.zone, "day": change.isoformat()}


def _clock_changes(zone: str, now: datetime) -> Iterator[date]:
    """The days of the next year at whose end the offset differs from that at their start."""
    tz = ZoneInfo(zone)
    midnights = [
        datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC) + timedelta(days=n) for n in range(368)
    ]
    offsets = [midnight.astimezone(tz).utcoffset() for midnight in midnights]
    return (day.date() for day, before, after in zip(midnights, offsets, offsets[1:], strict=False) if before != after)
