"""The sample's projects: their zone, what their stored time means, which days they hold."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, UTC_PROJECT_ID

HISTORY_DAYS = 90
DAYS_BEFORE_CLOCK_CHANGE = 3
HOUR_MS = 3_600_000


@dataclass(frozen=True)
class Hour:
    """One true hour of an export day.

    ``start_ms`` is a UTC instant, ``offset_ms`` is what the project adds to an instant to get the stored time
    (0 in a UTC project), ``local_hour`` and ``report_day`` are read on a clock in the project's zone.
    """

    start_ms: int
    offset_ms: int
    local_hour: int
    report_day: date


@dataclass(frozen=True)
class SampleProject:
    """``legacy`` projects store local wall clock as epoch and cut days locally, the others do both in UTC.

    Reports (event counts) are in ``timezone`` in both. Source: Mixpanel help, "Manage projects, time zone".
    """

    id: str
    name: str
    timezone: str
    legacy: bool
    countries: tuple[str, ...]

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def today(self, now: datetime) -> date:
        """The day that export days are compared with."""
        return now.astimezone(self.zone if self.legacy else UTC).date()

    def hours(self, day: date) -> tuple[Hour, ...]:
        """The true hours of an export day: 23 or 25 of them when a legacy project's clock changes."""
        return _hours(self, day)

    def first_day(self, today: date) -> date:
        """Start of the history: 90 days ago, or the latest clock change with three days before it."""
        return _first_day(self, today)

    def days(self, today: date) -> list[date]:
        """Every day that holds events, oldest first; the last one is yesterday."""
        first = self.first_day(today)
        return [first + timedelta(days=n) for n in range((today - first).days)]


@lru_cache(maxsize=1024)
def _hours(project: SampleProject, day: date) -> tuple[Hour, ...]:
    cut = project.zone if project.legacy else UTC
    start, end = (int(datetime.combine(d, time(), cut).timestamp()) for d in (day, day + timedelta(days=1)))
    return tuple(_hour(project, second) for second in range(start, end, 3600))


def _hour(project: SampleProject, second: int) -> Hour:
    local = datetime.fromtimestamp(second, project.zone)
    offset = local.utcoffset() if project.legacy else None
    return Hour(second * 1000, int((offset or timedelta()).total_seconds()) * 1000, local.hour, local.date())


@lru_cache(maxsize=64)
def _first_day(project: SampleProject, today: date) -> date:
    earliest = today - timedelta(days=HISTORY_DAYS)
    change = _latest_clock_change(project, today) if project.legacy else None
    return min(earliest, change - timedelta(days=DAYS_BEFORE_CLOCK_CHANGE)) if change else earliest


def _latest_clock_change(project: SampleProject, today: date) -> date | None:
    past = (today - timedelta(days=n) for n in range(1, 400))
    return next((day for day in past if len(_hours(project, day)) != 24), None)


PROJECTS = {
    project.id: project
    for project in (
        SampleProject(
            LEGACY_PROJECT_ID,
            "Harbour Shop (US, legacy time)",
            "America/Los_Angeles",
            legacy=True,
            countries=("US", "US", "US", "US", "CA", "MX", "BR", "JP"),
        ),
        SampleProject(
            UTC_PROJECT_ID,
            "Harbour Shop (UTC)",
            "Europe/Berlin",
            legacy=False,
            countries=("DE", "DE", "DE", "AT", "CH", "PL", "FR", "JP"),
        ),
    )
}
"""The projects that the sample's service account can read, by id."""
