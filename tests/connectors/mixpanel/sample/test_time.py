"""What the stored time means, on ordinary days and on the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime
from statistics import mode

import pytest

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, UTC_PROJECT_ID
from connectors.mixpanel.sample.projects import PROJECTS
from tests.connectors.mixpanel.sample.conftest import asker, running
from tests.connectors.mixpanel.sample.records import Record, has_time, lateness, raw_time, records

LEGACY, MODERN = PROJECTS[LEGACY_PROJECT_ID], PROJECTS[UTC_PROJECT_ID]
SPRING, AUTUMN = date(2026, 3, 8), date(2025, 11, 2)


def day_of(session, project_id: str, day: date, today: date, volume: int = 1500, **params: object) -> list[Record]:
    with running(today=today, events_per_day=volume) as server:
        wanted = {"project_id": project_id, "from_date": day, "to_date": day} | params
        return records(asker(server, session)("/api/2.0/export", **wanted).content)


def usual_quarter_hour(found: list[Record]) -> int:
    return mode(round(seconds / 900) * 900 for seconds in lateness(found))


@pytest.mark.parametrize("project_id", [LEGACY_PROJECT_ID, UTC_PROJECT_ID])
@pytest.mark.parametrize(
    ("day", "today"),
    [
        (SPRING, date(2026, 3, 20)),
        (date(2026, 3, 29), date(2026, 4, 10)),
        (AUTUMN, date(2025, 11, 10)),
        (date(2026, 1, 31), date(2026, 3, 20)),
    ],
)
def test_the_stored_time_read_as_utc_falls_on_the_requested_day(session, project_id, day, today) -> None:
    found = day_of(session, project_id, day, today)
    assert len(found) > 1000
    assert {raw_time(record).date() for record in found if has_time(record)} == {day}


class TestLegacyProject:
    def test_stored_time_is_behind_the_receipt_by_the_offset_of_the_season(self, session) -> None:
        winter = day_of(session, LEGACY_PROJECT_ID, date(2026, 3, 5), date(2026, 3, 20))
        summer = day_of(session, LEGACY_PROJECT_ID, date(2026, 3, 12), date(2026, 3, 20))
        assert (usual_quarter_hour(winter), usual_quarter_hour(summer)) == (8 * 3600, 7 * 3600)

    def test_the_spring_night_has_no_second_hour(self, session) -> None:
        found = day_of(session, LEGACY_PROJECT_ID, SPRING, date(2026, 3, 20), volume=8000)
        hours = {raw_time(record).hour for record in found if has_time(record)}
        assert set(range(24)) - hours == {2}

    def test_the_autumn_night_has_its_second_hour_twice(self, session) -> None:
        found = day_of(session, LEGACY_PROJECT_ID, AUTUMN, date(2025, 11, 10), volume=8000)
        one_o_clock = [r for r in found if has_time(r) and raw_time(r).hour == 1]
        offsets = {round(seconds / 3600) for seconds in lateness(one_o_clock) if seconds < 9 * 3600}
        assert offsets == {7, 8}

    def test_the_history_reaches_behind_the_latest_clock_change(self) -> None:
        assert LEGACY.first_day(date(2026, 3, 20)) == date(2025, 12, 20)
        assert LEGACY.first_day(date(2026, 9, 1)) == date(2026, 3, 5)

    def test_its_day_begins_at_midnight_in_los_angeles(self) -> None:
        assert LEGACY.today(datetime(2026, 3, 20, 6, 59, tzinfo=UTC)) == date(2026, 3, 19)
        assert LEGACY.today(datetime(2026, 3, 20, 7, 0, tzinfo=UTC)) == date(2026, 3, 20)


class TestUtcProject:
    def test_stored_time_is_the_true_instant(self, session) -> None:
        assert usual_quarter_hour(day_of(session, UTC_PROJECT_ID, date(2026, 3, 12), date(2026, 3, 20))) == 0

    def test_it_holds_ninety_days_up_to_yesterday(self) -> None:
        days = MODERN.days(date(2026, 9, 1))
        assert (days[0], days[-1], len(days)) == (date(2026, 6, 3), date(2026, 8, 31), 90)

    def test_its_day_begins_at_midnight_utc(self) -> None:
        assert MODERN.today(datetime(2026, 3, 19, 23, 59, tzinfo=UTC)) == date(2026, 3, 19)


def test_milliseconds_refine_the_same_events(session) -> None:
    day, today = date(2026, 3, 12), date(2026, 3, 20)
    seconds = day_of(session, UTC_PROJECT_ID, day, today)
    fine = day_of(session, UTC_PROJECT_ID, day, today, time_in_ms="true")
    times = [
        (a["properties"]["time"], b["properties"]["time"]) for a, b in zip(seconds, fine, strict=True) if has_time(a)
    ]
    assert all(coarse == exact // 1000 for coarse, exact in times)
    assert len({exact % 1000 for _, exact in times}) > 100
