"""Stories of others: days and hours that are not what they seem.

Clock changes are told in ``tests/dataflows/runs/test_local_time.py``, schedules and their zones
(airbytehq/airbyte#48883, celery/celery#6438) in ``tests/dataflows/test_scheduling.py``.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from dataflows.messages import message_for
from dataflows.models import DayStatus, RunStatus
from dataflows.runs import lifecycle
from tests.connectors.mixpanel.fault_server import Answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events

FUTURE = Answer(b"to_date cannot be later than today", 400)


@pytest.mark.parametrize(
    ("zone", "now", "newest"),
    [
        ("America/Los_Angeles", datetime(2026, 9, 10, 3, tzinfo=UTC), date(2026, 9, 8)),
        ("America/Los_Angeles", datetime(2026, 9, 10, 8, tzinfo=UTC), date(2026, 9, 9)),
        ("Asia/Tokyo", datetime(2026, 9, 9, 20, tzinfo=UTC), date(2026, 9, 8)),
        ("Asia/Tokyo", datetime(2026, 9, 10, 1, tzinfo=UTC), date(2026, 9, 9)),
    ],
)
def test_a_day_is_asked_for_that_has_not_begun_in_mixpanel(bench: Bench, zone: str, now: datetime, newest: date):
    """airbytehq/airbyte#23662: ``to_date`` later than today; data loaded, job "failed", an alarm every time."""
    bench.flow.timezone = zone
    found = lifecycle.due_days(bench.flow, now)
    assert found is not None
    assert found[1] == newest


def test_the_refusal_of_a_future_day_ends_everything_quietly(bench: Bench):
    """singer-io/tap-mixpanel#35: the connector ended quietly."""
    bench.export(events(FIRST, 30), FUTURE)
    bench.run()
    run = bench.run()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "future_day")
    assert "time zone" in message_for(run.error_code).todo
    assert bench.flow.days.get().loaded == len(bench.rows()) == 30


def test_all_events_of_an_old_project_are_shifted(bench: Bench):
    """ak--47/mpMigrate#10: projects made before 2023 export local time; singer-io/tap-mixpanel#40."""
    zone = ZoneInfo("America/Los_Angeles")
    bench.flow.time_semantic, bench.flow.timezone = "legacy", zone.key
    bench.flow.save()
    instant = datetime(2026, 9, 1, 17, tzinfo=UTC)
    wall = int(instant.astimezone(zone).replace(tzinfo=UTC).timestamp())
    bench.export(event(FIRST, 1, time=wall, mp_processing_time_ms=int(instant.timestamp() + 2) * 1000))
    bench.run()
    (row,) = bench.rows()
    assert row["timestamp"] == instant


def test_nobody_knows_in_which_zone_the_dates_are(bench: Bench):
    """mixpanel/docs-legacy#1460: even Mixpanel's staff argued; the day is what ``from_date`` selects, by raw time."""
    zone = ZoneInfo("Asia/Tokyo")
    bench.flow.time_semantic, bench.flow.timezone = "legacy", zone.key
    bench.flow.save()
    early = datetime(2026, 9, 1, 0, 30, tzinfo=UTC)
    bench.export(event(FIRST, 1, time=int(early.timestamp()), mp_processing_time_ms=None))
    run = bench.run()
    (row,) = bench.rows()
    assert (run.rejected, row["_day"]) == (0, FIRST)
    assert row["timestamp"] == early - timedelta(hours=9)


def test_days_are_shifted_and_rows_are_in_both(bench: Bench):
    """fivetran/dbt_hubspot#101, dbt-labs/dbt-core#10976: a day shifted, rows duplicated; PostHog/posthog#40344."""
    midnight = int(datetime(SECOND.year, SECOND.month, SECOND.day, tzinfo=UTC).timestamp())
    last, first = event(FIRST, 1, time=midnight - 1), event(SECOND, 2, time=midnight)
    bench.flow.error_threshold = 60
    bench.flow.save()
    # Each day's answer also holds a record of its neighbour, as when its days end at another hour than ours.
    bench.export(events(SECOND, 9) + first + last, events(FIRST, 9) + last + first)
    run = bench.run(FIRST, SECOND)
    assert (run.loaded, run.rejected) == (20, 2)
    assert len({row["_id"] for row in bench.rows()}) == len(bench.rows()) == 20
    days = {row["timestamp"]: row["_day"] for row in bench.rows()}
    assert days[datetime.fromtimestamp(midnight - 1, UTC)] == FIRST
    assert days[datetime.fromtimestamp(midnight, UTC)] == SECOND


def test_milliseconds_are_taken_for_seconds(bench: Bench):
    """PostHog's importer needed a rule: above 10,000,000,000 a time is in milliseconds."""
    instant = datetime(2026, 9, 1, 12, 0, 0, 123_000, tzinfo=UTC)
    bench.export(event(FIRST, 1, time=1_788_264_000_123) + event(FIRST, 2, time=1_788_264_000))
    bench.run()
    assert sorted(row["timestamp"] for row in bench.rows()) == [instant.replace(microsecond=0), instant]


def test_a_device_in_the_future_is_loaded_into_a_day_nobody_reads_again(bench: Bench):
    """PostHog's Mixpanel source clamps its cursor because of future-dated events."""
    ahead = event(FIRST, 5, time=int(datetime(2027, 1, 1, tzinfo=UTC).timestamp()))
    bench.export(events(FIRST, 99) + ahead)
    run = bench.run()
    assert (run.loaded, run.rejected) == (99, 1)
    assert set(bench.flow.days.values_list("day", "status")) == {(FIRST, DayStatus.LOADED)}
