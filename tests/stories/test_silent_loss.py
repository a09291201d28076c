"""Stories of others: "it says success, and data is missing".

Each test is named after what users of other products reported; its docstring names the report. Told elsewhere: a store
that goes away during a run (meltano/meltano#6272) in ``tests/dataflows/runs/test_stores_away.py``, an exception inside
(meltano/meltano#8579) in ``tests/dataflows/runs/test_engine.py``, every way an answer can break off in
``tests/dataflows/runs/test_endings.py``.
"""

from __future__ import annotations

import gzip
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.db import IntegrityError
from django.utils import timezone

from dataflows import stores
from dataflows.messages import message_for
from dataflows.models import Day, DayStatus, RunStatus, WindowStatus
from dataflows.runs import rejects
from dataflows.runs.cannot_start import CannotStart
from dataflows.runs.promotion import DayAccount, Unbalanced
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events


def test_a_launch_that_fails_is_recorded_as_success(bench: Bench, settings):
    """airbytehq/airbyte#85355: the launch failed, the job was recorded as succeeded."""
    settings.TRIBUTARY_KEYS = [Fernet.generate_key().decode()]
    run = bench.run()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "secret_unreadable")
    assert bench.mixpanel.requests == []


def test_the_only_attempt_dies_at_once_and_zero_bytes_are_a_success(bench: Bench, settings):
    """airbytehq/airbyte#84961: "Sync succeeded, 0 bytes" when the only attempt died early."""
    settings.WINDOW_ATTEMPTS = 1
    bench.export(gzip_answer(events(FIRST, 300), cut_after=0))
    run = bench.run()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "connection_cut")
    assert not bench.flow.days.filter(status=DayStatus.LOADED).exists()


def test_a_retry_swaps_a_small_table_over_a_complete_one(bench: Bench):
    """airbytehq/airbyte#86347: a retry replaced 72,385 rows by 2,707, the job was green."""
    bench.export(events(FIRST, 720), gzip_answer(events(FIRST, 27), cut_after=300, chunked=True), events(FIRST, 27))
    bench.run()
    run = bench.run()
    assert (run.status, run.error_code) == (RunStatus.PARTIAL, "day_shrunk")
    assert len(bench.rows()) == 720
    assert bench.flow.days.get().held["loaded"] == 27


def test_records_are_said_to_be_loaded_and_the_table_is_empty(bench: Bench):
    """airbytehq/airbyte#73715: "290,430 records loaded", all final tables empty."""
    bench.export(events(FIRST, 2904))
    run = bench.run()
    assert run.loaded == len(bench.rows()) == 2904


def test_a_resumed_read_overwrites_with_nothing(bench: Bench):
    """airbytehq/airbyte#41036: a resumed refresh overwrote the table with an empty one."""
    bench.export(events(FIRST, 100), gzip_answer(events(FIRST, 100), cut_after=200), Answer(b""))
    bench.run()
    run = bench.start()
    bench.advance(run)
    run.windows.update(owner="dead", status=WindowStatus.COPYING, lease_until=timezone.now() - timedelta(seconds=1))
    assert bench.finish(run).error_code == "day_shrunk"
    assert len(bench.rows()) == 100


def test_a_timeout_is_reported_as_zero_records_read(bench: Bench):
    """airbytehq/airbyte#32914: a timeout came out as a success with 0 records."""
    bench.export(Answer(b"Timeout Error.", 400))
    run = bench.run()
    assert (run.status, run.error_code) == (RunStatus.FAILED, "export_timeout")
    assert bench.flow.days.get().status == DayStatus.FAILED


def test_nothing_comes_where_there_was_something_and_nobody_is_told(bench: Bench):
    """airbytehq/airbyte#70984: 0 records, exits without error."""
    bench.export(events(FIRST, 50), Answer(b""))
    bench.run()
    run = bench.run()
    assert run.status != RunStatus.SUCCEEDED
    assert "much smaller" in message_for(run.error_code).what
    assert len(bench.rows()) == 50


def test_counts_differ_and_the_sync_succeeds():
    """airbytehq/airbyte#33862, #30844: fail when what was read and what was written differ."""
    with pytest.raises(Unbalanced):
        DayAccount(day=FIRST, received=100, loaded=98, duplicate=1, rejected=0)


def test_counts_that_differ_cannot_even_be_written_down(bench: Bench):
    """airbytehq/airbyte#30844: naive validation of completeness."""
    with pytest.raises(IntegrityError, match="day_balances"):
        Day.objects.create(dataflow=bench.flow, day=FIRST, status=DayStatus.LOADED, received=88_701, loaded=41_008)


def test_rows_are_missing_without_any_explanation(bench: Bench):
    """airbytehq/airbyte#11158 (88,701 against 41,008), #53614, #48745, #71817, #2599, #17566."""
    odd = b'{"event":"x","properties":{}}\n' + b"broken\n" + event(SECOND, 1)
    bench.export(events(FIRST, 887) + events(FIRST, 410) + odd)
    run = bench.run()
    assert run.received == 887 + 410 + 3
    assert (run.loaded, run.duplicate, run.rejected) == (887, 410, 3)
    reasons = {error["code"]: error["count"] for error in run.windows.get().errors}
    assert reasons == {"INGEST-1555-400": 1, "INGEST-1401-400": 1, "INGEST-1502-400": 1}


def test_the_summary_is_wrong_after_a_partial_success(bench: Bench):
    """airbytehq/airbyte#17293: the totals of a partial success were those of something else."""
    bench.export(events(SECOND, 10) + b"broken\n" * 10 + event(SECOND, 10), events(FIRST, 7))
    run = bench.run(FIRST, SECOND)
    assert run.status == RunStatus.PARTIAL
    assert (run.received, run.loaded, run.rejected, run.withheld) == (28, 7, 10, 11)
    assert len(bench.rows()) == 7
    assert message_for(run.error_code).what.startswith("More records were rejected")


def test_every_request_is_forbidden_and_the_sync_is_green(bench: Bench):
    """airbytehq/airbyte#30763: every stream answered 403, the sync was green."""
    bench.export(Answer(b'{"error":"no access"}', 403))
    assert bench.run(FIRST, SECOND).status == RunStatus.FAILED
    assert set(bench.flow.days.values_list("status", flat=True)) == {DayStatus.FAILED}


def test_a_part_is_dropped_for_months_and_nothing_shows_it(bench: Bench):
    """PostHog/posthog#82900: a selected table was silently dropped for about two months."""
    last = FIRST + timedelta(days=11)
    # An identity that is no text rejects a record, and its time says on which day.
    bench.holds(lambda day: events(day, 3, **({"distinct_id": {"id": 1}} if day == SECOND else {})))
    run = bench.run(FIRST, last)
    days = {day.day: day.status for day in bench.flow.days.all()}
    assert len(days) == run.day_count == 12
    assert [day for day, status in days.items() if status != DayStatus.LOADED] == [SECOND]
    assert run.status == RunStatus.PARTIAL


def test_rows_without_a_cursor_are_skipped_and_the_job_is_completed(bench: Bench):
    """PostHog/posthog#76090: rows whose cursor is null were skipped without a word."""
    timeless = event(FIRST, 3, time=None)
    bench.export(events(FIRST, 99) + timeless + event(FIRST, 100))
    run = bench.run()
    assert (run.received, run.loaded, run.rejected) == (101, 100, 1)
    (record,) = rejects.read(stores.landing(), [bench.flow.days.get().rejected_key])
    assert record["raw"].encode() + b"\n" == timeless
    assert record["field"] == "properties.time"


def test_the_last_event_of_an_export_is_removed(bench: Bench):
    """mixpanel/mixpanel-utils#7: the final event is taken for an incomplete line and removed."""
    bench.export(events(FIRST, 10).rstrip(b"\n"))
    assert bench.run().loaded == 10
    assert {row["_tributary"]["distinct_id"] for row in bench.rows()} >= {"user-0", "user-9"}


def test_an_export_terminated_early_is_taken_for_a_whole_one(bench: Bench):
    """mixpanel/mixpanel-utils#5: "export terminated early"."""
    bench.export(gzip_answer(events(FIRST, 9) + b"export terminated early\n"), events(FIRST, 10))
    run = bench.advance(bench.start())
    assert bench.rows() == []
    assert bench.finish(run).loaded == 10


def test_a_gzip_file_without_its_end_is_taken_for_a_whole_one(bench: Bench):
    """BasedHardware/omi#7197: downloads needed an integrity test of every file."""
    whole = gzip.compress(events(FIRST, 300))
    bench.export(Answer(whole[:-8], headers={"Content-Encoding": "gzip"}), events(FIRST, 300))
    run = bench.advance(bench.start())
    assert bench.rows() == []
    assert bench.finish(run).loaded == 300


def test_a_success_has_rows_in_error_without_a_reason(bench: Bench):
    """Multiwoven/multiwoven#910: success with 10 rows in error, no reason, then skipped."""
    bad = b'{"event":"Purchase","properties":{"time":"yesterday","distinct_id":"u"}}\n'
    bench.export(events(FIRST, 200) + bad * 10 + event(FIRST, 200))
    run = bench.run()
    assert (run.status, run.rejected) == (RunStatus.SUCCEEDED, 10)
    (reason,) = run.windows.get().errors
    assert (reason["count"], reason["field"]) == (10, "properties.time")
    assert "no usable time" in reason["message"]
    assert "yesterday" in reason["sample"]
    assert len(list(rejects.read(stores.landing(), [bench.flow.days.get().rejected_key]))) == 10


def test_more_is_said_to_be_synced_than_there_is(bench: Bench):
    """MemberJunction/MJ#4455: "10,400 synced" against 3,150 real rows."""
    bench.export(events(FIRST, 3150) * 3 + events(FIRST, 950))
    run = bench.run()
    assert (run.received, run.loaded, run.duplicate) == (10_400, 3150, 7250)
    assert len(bench.rows()) == 3150


def test_a_log_can_never_fill(bench: Bench):
    """drkostas/hevy2garmin#575: "a log that can never fill is worse than no log"."""
    assert bench.run().error_code == "bad_request"
    entry = bench.flow.reads_from.requests.get()
    assert (entry.status, entry.code) == (404, "bad_request")
    assert "not scripted" in entry.detail


def test_a_source_error_erases_the_table(bench: Bench):
    """airbytehq/airbyte#13312: an error of the Mixpanel source erased the BigQuery table; #12782."""
    bench.export(events(FIRST, 30), Answer(b"error completing export request", 500))
    bench.run()
    assert bench.run().status == RunStatus.FAILED
    assert len(bench.rows()) == 30
    bench.start()
    with pytest.raises(CannotStart):
        bench.start()
