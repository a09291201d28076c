"""When a dataflow is due: pure date arithmetic, no clock, no database.

Daylight saving: schedules in days, weeks and cron keep the wall-clock time of their zone. A time that does
not exist on a spring night moves forward to the first one that does; a time that happens twice on an
autumn night is used once, the first time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

MINIMUM = {"minute": 15, "hour": 1, "day": 1, "week": 1}
STEP = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
}


class ScheduleInvalid(ValueError):
    """``field`` names the control, the message what is wrong and what to do."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Schedule:
    """``start`` is aware; ``interval`` counts units of ``frequency`` (once, minute, hour, day, week, cron)."""

    frequency: str
    interval: int
    cron: str
    zone: str
    start: datetime

    def check(self) -> None:
        """Raises ScheduleInvalid for an interval below the minimum or an expression cron cannot read."""
        if self.frequency == "cron":
            _cron(self.cron, self.start)
        elif self.frequency != "once" and self.interval < MINIMUM[self.frequency]:
            least = MINIMUM[self.frequency]
            raise ScheduleInvalid("interval", f"The shortest interval is {least} for the frequency {self.frequency}.")

    def occurrences(self) -> Iterator[datetime]:
        """Due times in UTC, from ``start`` on, strictly increasing."""
        if self.frequency == "once":
            yield self.start.astimezone(UTC)
        elif self.frequency == "cron":
            yield from self._by_cron(self.start)
        elif self.frequency in {"minute", "hour"}:
            yield from self._by_elapsed(0)
        else:
            yield from self._by_wall_clock(0)

    def next_after(self, moment: datetime) -> datetime | None:
        """The first due time after ``moment``; ``None`` when there is no more."""
        if moment < self.start:
            return next(self.occurrences(), None)
        if self.frequency == "once":
            return None
        if self.frequency == "cron":
            return next(self._by_cron(moment), None)
        step = STEP[self.frequency] * self.interval
        skipped = max(0, (moment - self.start) // step - 1)
        rest = self._by_elapsed(skipped) if self.frequency in {"minute", "hour"} else self._by_wall_clock(skipped)
        return next(due for due in rest if due > moment)

    def upcoming(self, moment: datetime, count: int) -> list[datetime]:
        """The next ``count`` due times after ``moment`` (fewer when the schedule ends)."""
        found: list[datetime] = []
        due = self.next_after(moment)
        while due is not None and len(found) < count:
            found.append(due)
            due = self.next_after(due)
        return found

    def _by_elapsed(self, skipped: int) -> Iterator[datetime]:
        step = STEP[self.frequency] * self.interval
        due = self.start.astimezone(UTC) + skipped * step
        while True:
            yield due
            due += step

    def _by_wall_clock(self, skipped: int) -> Iterator[datetime]:
        zone = ZoneInfo(self.zone)
        wall = self.start.astimezone(zone).replace(tzinfo=None)
        step = STEP[self.frequency] * self.interval
        number = skipped
        while True:
            yield _instant(wall + number * step, zone)
            number += 1

    def _by_cron(self, moment: datetime) -> Iterator[datetime]:
        local = max(moment, self.start - timedelta(minutes=1)).astimezone(ZoneInfo(self.zone))
        for due in _cron(self.cron, local):
            yield due.astimezone(UTC)


SHORTEST_DISTANCE = STEP["minute"] * MINIMUM["minute"]
DUE_TIMES_COMPARED = 50


def closest(schedule: Schedule) -> timedelta | None:
    """The shortest distance of two due times, as far as fifty of them show; ``None`` when it is never due.

    An expression may be readable and still never be due, or be due too often for Mixpanel's rate limits.
    """
    due = schedule.upcoming(schedule.start, DUE_TIMES_COMPARED)
    if not due:
        return None
    return min((later - earlier for earlier, later in pairwise(due)), default=SHORTEST_DISTANCE)


def _cron(expression: str, after: datetime) -> CronSim:
    try:
        return CronSim(expression, after)
    except CronSimError as error:
        raise ScheduleInvalid(
            "cron",
            f"Not a cron expression ({error}). Write five fields: minute, hour, day of month, month, day of week, "
            "for example 30 6 * * 1-5.",
        ) from error


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a clock in ``zone`` shows ``wall``; in a gap, the end of the gap."""
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    shown = first.astimezone(zone).replace(tzinfo=None)
    if shown == wall:
        return first
    return _gap_end(wall, zone, first)


def _gap_end(wall: datetime, zone: ZoneInfo, inside: datetime) -> datetime:
    """The moment the clock jumps over ``wall``: found by halving the hours around it."""
    low, high = inside - timedelta(hours=3), inside + timedelta(hours=3)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        if middle.astimezone(zone).replace(tzinfo=None) < wall:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)


def days_between(first: date, last: date) -> list[date]:
    """Every day from ``first`` to ``last``, both inclusive."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def last_day(now: datetime, zone: str, *, include_today: bool) -> date:
    """The newest day that may be asked for.

    Mixpanel refuses a ``to_date`` after "today", which is UTC's or the project's by age of the project
    (airbyte issue 23662), so the earlier of the two is today; it is asked for only by schedules that run
    several times a day, because it is still going on.
    """
    today = min(now.astimezone(UTC).date(), now.astimezone(ZoneInfo(zone)).date())
    return today if include_today else today - timedelta(days=1)


def midnight(day: date, zone: str, *, after: bool = False) -> datetime:
    """The instant in UTC at which a day begins in ``zone``, or with ``after`` the one at which it ends."""
    wanted = day + timedelta(days=1) if after else day
    return _instant(datetime(wanted.year, wanted.month, wanted.day), ZoneInfo(zone))  # noqa: DTZ001 - a wall clock
