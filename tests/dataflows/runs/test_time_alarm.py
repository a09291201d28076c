"""A run stops before it publishes times that do not mean what the dataflow takes them for."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from dataflows.models import DayStatus, RunStatus
from dataflows.runs import lifecycle, reprocessing
from tests.dataflows.runs.conftest import FIRST, Bench, event, events

# Berlin is two hours ahead of UTC on the first of September.
TWO_HOURS_MS = 2 * 3600 * 1000


def wall_clock(count: int) -> bytes:
    """Events of a project whose times are Berlin's wall clock: received two hours "before" they happened."""
    return b"".join(_received_earlier(number) for number in range(count))


def _received_earlier(number: int) -> bytes:
    record = json.loads(event(FIRST, number))
    record["properties"]["mp_processing_time_ms"] -= TWO_HOURS_MS
    return json.dumps(record).encode() + b"\n"


@pytest.fixture
def bench(bench: Bench) -> Bench:
    bench.flow.timezone = "Europe/Berlin"
    bench.flow.save()
    return bench


class TestWallClockTimesReadAsUtc:
    @pytest.fixture
    def run(self, bench: Bench):
        bench.export(wall_clock(120))
        return bench.run()

    def test_stop_the_run_and_pause_the_dataflow(self, bench: Bench, run):
        assert (run.status, run.error_code) == (RunStatus.FAILED, "time_semantic_changed")
        assert "wall clock of Europe/Berlin" in run.error_detail
        bench.flow.refresh_from_db()
        assert (bench.flow.status, bench.flow.status_reason) == ("disabled", "time_semantic_changed")

    def test_are_not_published(self, bench: Bench, run):
        assert bench.rows() == []

    def test_are_loaded_without_another_request_once_the_reading_is_changed(self, bench: Bench, run):
        bench.flow.refresh_from_db()
        assert lifecycle.decide_times(bench.flow, "legacy", by=None, now=timezone.now())
        bench.flow.refresh_from_db()
        assert (bench.flow.status, bench.flow.time_alarm) == ("enabled", True)
        again = bench.finish(reprocessing.reprocess(bench.flow, [FIRST], now=timezone.now()))
        assert again.status == RunStatus.SUCCEEDED
        assert len(bench.mixpanel.requests) == 1
        assert bench.flow.days.get().status == DayStatus.LOADED
        # Noon on Berlin's clocks is ten o'clock UTC.
        assert bench.rows()[0]["timestamp"].hour == 10

    def test_are_loaded_as_they_are_once_a_person_insists(self, bench: Bench, run):
        bench.flow.refresh_from_db()
        assert not lifecycle.decide_times(bench.flow, "utc", by=None, now=timezone.now())
        bench.flow.refresh_from_db()
        assert not bench.flow.time_alarm
        bench.export(wall_clock(120))
        assert bench.run().status == RunStatus.SUCCEEDED


class TestNoAlarm:
    def test_when_the_times_are_what_they_are_taken_for(self, bench: Bench):
        bench.export(events(FIRST, 120))
        assert bench.run().status == RunStatus.SUCCEEDED

    def test_when_too_few_events_tell(self, bench: Bench):
        bench.export(wall_clock(20))
        assert bench.run().status == RunStatus.SUCCEEDED

    def test_where_clocks_show_utc_all_year(self, bench: Bench):
        bench.flow.timezone, bench.flow.time_semantic = "UTC", "legacy"
        bench.flow.save()
        bench.export(events(FIRST, 120))
        assert bench.run().status == RunStatus.SUCCEEDED

    def test_when_imported_events_arrived_years_later(self, bench: Bench):
        late = int(timedelta(days=400).total_seconds() * 1000)
        bench.export(
            b"".join(event(FIRST, n, mp_processing_time_ms=late * 5 + n, **{"$import": True}) for n in range(99))
        )
        assert bench.run().status == RunStatus.SUCCEEDED
