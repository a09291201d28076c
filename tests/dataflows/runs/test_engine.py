"""A run does what it promises, whatever Mixpanel answers."""

from __future__ import annotations

import socket
import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from connectors import budget
from connectors.models import ExportRequest
from dataflows import stores
from dataflows.models import DataflowStatus, DayStatus, RunStatus, Window, WindowStatus
from dataflows.runs import engine, failures, lifecycle, publishing, rejects
from dataflows.runs.cannot_start import CannotStart
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events


def counts(item) -> tuple[int, int, int, int]:
    return item.received, item.loaded, item.duplicate, item.rejected


class TestACompleteRun:
    def test_loads_every_record_of_every_day(self, bench: Bench):
        bench.export(events(SECOND, 40), events(FIRST, 30))
        run = bench.run(FIRST, SECOND)
        assert run.status == RunStatus.SUCCEEDED
        assert counts(run) == (70, 70, 0, 0)
        assert [row["_day"] for row in bench.rows()] == [FIRST] * 30 + [SECOND] * 40
        assert bench.rows()[0]["_tributary"]["city"] == "Łódź"

    def test_writes_the_ledger_of_its_days(self, bench: Bench):
        bench.export(events(FIRST, 30))
        run = bench.run()
        day = bench.flow.days.get(day=FIRST)
        assert (day.status, counts(day), day.window.run) == (DayStatus.LOADED, (30, 30, 0, 0), run)

    def test_asks_for_each_day_once(self, bench: Bench):
        bench.export(events(SECOND, 1), events(FIRST, 1))
        bench.run(FIRST, SECOND)
        asked = [(request.query["from_date"], request.query["to_date"]) for request in bench.mixpanel.requests]
        assert asked == [("2026-09-02", "2026-09-02"), ("2026-09-01", "2026-09-01")]

    def test_enters_every_request_into_the_log(self, bench: Bench):
        bench.export(events(FIRST, 5))
        run = bench.run()
        entry = ExportRequest.objects.get(reference=run.windows.get().reference)
        assert (entry.status, entry.first_day, entry.account) == (200, FIRST, bench.flow.account)
        assert entry.size > 0

    def test_done_twice_changes_nothing(self, bench: Bench):
        bench.export(events(FIRST, 30))
        bench.run()
        before = bench.rows()
        again = bench.run()
        assert again.status == RunStatus.SUCCEEDED
        assert bench.rows() == before

    def test_replaces_a_day_that_has_grown(self, bench: Bench):
        bench.export(events(FIRST, 30), events(FIRST, 31))
        bench.run()
        bench.run()
        assert len(bench.rows()) == 31
        assert counts(bench.flow.days.get()) == (31, 31, 0, 0)

    def test_packs_days_it_knows_to_be_small_into_one_request(self, bench: Bench):
        bench.export(events(SECOND, 4), events(FIRST, 3), events(FIRST, 3) + events(SECOND, 4))
        bench.run(FIRST, SECOND)
        again = bench.run(FIRST, SECOND)
        assert again.windows.count() == 1
        assert len(bench.rows()) == 7


class TestAnIncompleteAnswer:
    @pytest.mark.parametrize(
        "answer",
        [
            gzip_answer(events(FIRST, 30) + b"terminated early\n"),
            gzip_answer(events(FIRST, 30) + b'{"event":"Purchase","properties":{"Item Name":terminated early'),
            gzip_answer(events(FIRST, 30)[:-20]),
            gzip_answer(b"terminated early"),
            gzip_answer(events(FIRST, 300), cut_after=200, chunked=True),
            gzip_answer(events(FIRST, 300), cut_after=200, reset=True),
            Answer(status=503, body=b"<html>upstream connect error</html>"),
            Answer(status=400, body=b"Timeout Error."),
        ],
        ids=["marker", "glued marker", "cut record", "only marker", "chunked cut", "reset", "503", "timeout as 400"],
    )
    def test_publishes_nothing_and_is_asked_for_again(self, bench: Bench, answer: Answer):
        bench.export(answer, events(FIRST, 30))
        run = bench.advance(bench.start())
        assert run.status == RunStatus.RUNNING
        assert bench.rows() == []
        assert run.windows.get().not_before > timezone.now()
        bench.hurry(run)
        assert bench.advance(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 30

    def test_ends_the_run_after_the_last_attempt_with_the_reason(self, bench: Bench):
        bench.export(gzip_answer(events(FIRST, 3) + b"terminated early"))
        run = bench.run()
        window = run.windows.get()
        assert (run.status, run.error_code) == (RunStatus.FAILED, "incomplete_export")
        assert window.attempts == 6
        assert bench.flow.days.get().status == DayStatus.FAILED
        assert bench.rows() == []

    def test_leaves_the_days_that_are_loaded_as_they_are(self, bench: Bench):
        bench.export(events(FIRST, 30), gzip_answer(events(FIRST, 3) + b"terminated early"))
        bench.run()
        run = bench.run()
        assert run.status == RunStatus.FAILED
        assert len(bench.rows()) == 30
        day = bench.flow.days.get()
        assert (day.status, day.loaded) == (DayStatus.FAILED, 30)

    def test_an_empty_answer_is_believed_the_second_time(self, bench: Bench):
        bench.export(Answer(body=b""))
        run = bench.run()
        assert run.status == RunStatus.SUCCEEDED
        assert len(bench.mixpanel.requests) == 2
        assert counts(bench.flow.days.get()) == (0, 0, 0, 0)

    def test_an_empty_answer_followed_by_events_loads_them(self, bench: Bench):
        bench.export(Answer(body=b""), events(FIRST, 4))
        assert counts(bench.run()) == (4, 4, 0, 0)


class TestARefusal:
    def test_of_the_credentials_fails_the_run_and_pauses_the_dataflow(self, bench: Bench):
        bench.export(Answer(status=400, body=b"Unable to authenticate request"))
        run = bench.run(FIRST, SECOND)
        assert (run.status, run.error_code) == (RunStatus.FAILED, "bad_credentials")
        bench.flow.refresh_from_db()
        assert (bench.flow.status, bench.flow.status_reason) == (DataflowStatus.DISABLED, "bad_credentials")
        assert len(bench.mixpanel.requests) == 1

    def test_for_the_rate_limit_waits_as_long_as_asked_and_is_no_attempt(self, bench: Bench):
        bench.export(Answer(status=429, headers={"Retry-After": "600"}, body=b'{"error":"too many"}'), events(FIRST, 2))
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (window.status, window.attempts, window.error_code) == (WindowStatus.WAITING, 0, "rate_limited")
        assert timedelta(seconds=590) < window.not_before - timezone.now() <= timedelta(seconds=600)

    def test_for_the_rate_limit_closes_the_budget_for_everybody(self, bench: Bench):
        bench.export(Answer(status=429, headers={"Retry-After": "600"}, body=b'{"error":"too many"}'), events(FIRST, 2))
        run = bench.advance(bench.start())
        # The window's own wait is over, the project's is not.
        run.windows.update(not_before=None)
        bench.advance(run)
        assert run.windows.get().error_code == "budget_empty"
        assert len(bench.mixpanel.requests) == 1

    def test_by_our_own_ledger_sends_nothing(self, bench: Bench, settings):
        settings.EXPORTS_PER_HOUR = 1
        bench.export(events(SECOND, 1))
        run = bench.advance(bench.start(FIRST, SECOND))
        assert run.status == RunStatus.RUNNING
        assert len(bench.mixpanel.requests) == 1
        assert run.windows.open().get().error_code == "budget_empty"


class TestRecordsThatDoNotFit:
    def test_are_kept_with_their_raw_text_and_reason(self, bench: Bench):
        broken = b'{"event":"Purchase","properties":{"time":"yesterday","distinct_id":"u"}}\n'
        bench.export(events(FIRST, 99) + broken + event(FIRST, 100))
        run = bench.run()
        assert counts(run) == (101, 100, 0, 1)
        key = run.windows.get().days[0]["rejected_key"]
        (record,) = rejects.read(stores.landing(), [key])
        assert record["raw"] == broken.decode().rstrip("\n")
        assert record["line"] == 100

    def test_broken_in_the_middle_are_rejected_not_a_broken_answer(self, bench: Bench):
        bench.export(events(FIRST, 50) + b'{"event":"Purch\xff\n' + events(SECOND, 0) + event(FIRST, 60))
        assert counts(bench.run()) == (52, 51, 0, 1)

    def test_beyond_the_threshold_fail_their_day_only(self, bench: Bench):
        bad = b'{"event":"x","properties":{"time":null}}\n' * 10
        bench.export(events(SECOND, 10) + bad, events(FIRST, 10))
        run = bench.run(FIRST, SECOND)
        assert run.status == RunStatus.PARTIAL
        assert {row["_day"] for row in bench.rows()} == {FIRST}
        assert bench.flow.days.get(day=SECOND).error_code == "too_many_rejected"

    def test_are_not_tolerated_without_partial_ingestion(self, bench: Bench):
        bench.flow.partial_ingestion = False
        bench.flow.save()
        bench.export(events(FIRST, 1000) + b'{"event":"x","properties":{}}\n')
        run = bench.run()
        assert (run.status, run.error_code) == (RunStatus.FAILED, "too_many_rejected")
        assert bench.rows() == []

    def test_of_another_day_are_rejected(self, bench: Bench):
        bench.export(events(FIRST, 100) + event(SECOND, 1))
        run = bench.run()
        assert counts(run) == (101, 100, 0, 1)
        assert run.windows.get().errors[0]["code"] == "INGEST-1502-400"


class TestDuplicates:
    def test_the_latest_processed_copy_stays(self, bench: Bench):
        body = event(FIRST, 1, city="old", mp_processing_time_ms=1000) + event(
            FIRST, 1, city="new", mp_processing_time_ms=3000
        )
        bench.export(body + event(FIRST, 1, city="middle", mp_processing_time_ms=2000))
        assert counts(bench.run()) == (3, 1, 2, 0)
        assert bench.rows()[0]["_tributary"]["city"] == "new"

    def test_ties_keep_the_same_copy_in_any_order(self, bench: Bench):
        copies = [event(FIRST, 1, city=city) for city in ("a", "b", "c")]
        bench.export(b"".join(copies), b"".join(reversed(copies)))
        bench.run()
        first = bench.rows()
        bench.run()
        assert bench.rows() == first

    def test_without_an_insert_id_only_identical_lines_are_one(self, bench: Bench):
        same = event(FIRST, 1, **{"$insert_id": None})
        other = event(FIRST, 1, **{"$insert_id": None, "city": "Gdańsk"})
        bench.export(same + other + same)
        assert counts(bench.run()) == (3, 2, 1, 0)

    def test_a_whole_answer_sent_twice_is_loaded_once(self, bench: Bench):
        bench.export(events(FIRST, 500) * 2)
        assert counts(bench.run()) == (1000, 500, 500, 0)


class TestCancelling:
    def test_a_queued_run_is_cancelled_at_once(self, bench: Bench):
        run = bench.start()
        assert lifecycle.cancel(run, now=timezone.now())
        assert bench.advance(run).status == RunStatus.CANCELLED
        assert bench.mixpanel.requests == []

    def test_a_run_that_is_copying_stops_within_seconds(self, bench: Bench, settings):
        settings.LEASE_SECONDS = 3
        bench.export(gzip_answer(events(FIRST, 3000), cut_after=500, stall=4))
        run = bench.start()
        worker = in_thread(lambda: engine.advance(run.pk, clock=timezone.now))
        wait_for(lambda: run.windows.get().status == WindowStatus.COPYING)
        run.refresh_from_db()
        lifecycle.cancel(run, now=timezone.now())
        worker.join()
        assert bench.advance(run).status == RunStatus.CANCELLED
        assert bench.rows() == []

    def test_a_finished_run_is_not_cancelled(self, bench: Bench):
        bench.export(events(FIRST, 1))
        run = bench.run()
        assert not lifecycle.cancel(run, now=timezone.now())
        assert run.status == RunStatus.SUCCEEDED


class TestLeases:
    def test_a_window_that_is_held_is_left_alone(self, bench: Bench):
        run = bench.start()
        run.windows.update(owner="somebody", lease_until=timezone.now() + timedelta(minutes=1))
        bench.advance(run)
        assert bench.mixpanel.requests == []

    def test_a_window_of_a_dead_worker_is_taken_over(self, bench: Bench):
        bench.export(events(FIRST, 3))
        run = bench.start()
        run.windows.update(owner="dead", lease_until=timezone.now() - timedelta(seconds=1), status=WindowStatus.COPYING)
        assert bench.advance(run).status == RunStatus.SUCCEEDED
        assert run.windows.get().attempts == 1

    def test_a_dead_worker_leaves_no_open_request_and_no_scratch(self, bench: Bench, settings):
        bench.export(events(FIRST, 3))
        run = bench.start()
        left = settings.SCRATCH_DIR / f"window-{socket.gethostname()}-{2**22 + 1}-x"
        left.mkdir(parents=True)
        window = run.windows.get()
        entry = budget.reserve(bench.flow.account, "42", "run", reference=window.reference)
        run.windows.update(owner="dead", lease_until=timezone.now() - timedelta(seconds=1), status=WindowStatus.COPYING)
        bench.advance(run)
        entry.refresh_from_db()
        assert (entry.code, entry.ended_at is None) == ("worker_lost", False)
        assert list(settings.SCRATCH_DIR.iterdir()) == []

    def test_a_window_that_kills_every_worker_ends(self, bench: Bench):
        run = bench.start()
        gone = {"owner": "dead", "lease_until": timezone.now() - timedelta(seconds=1), "attempts": 5}
        run.windows.update(status=WindowStatus.PROMOTING, **gone)
        assert bench.finish(run).error_code == "worker_lost"

    def test_a_worker_that_lost_its_lease_publishes_nothing(self, bench: Bench):
        bench.export(events(FIRST, 3))
        run = bench.start()
        real = publishing.token

        def stolen(window: Window) -> str:
            Window.objects.filter(pk=window.pk).update(owner="the other")
            return real(window)

        publishing.token = stolen
        try:
            engine.advance(run.pk, clock=timezone.now)
        finally:
            publishing.token = real
        assert bench.rows() == []
        assert run.windows.get().owner == "the other"

    def test_two_workers_at_once_load_everything_once(self, bench: Bench):
        # Whichever day an answer was meant for, its records are loaded or rejected as foreign, and none twice.
        days = [FIRST + timedelta(days=number) for number in range(4)]
        bench.flow.error_threshold = 100
        bench.flow.save()
        bench.export(*(events(day, 200) for day in reversed(days)))
        run = bench.start(days[0], days[-1])
        workers = [in_thread(lambda: bench.advance(type(run).objects.get(pk=run.pk))) for _ in range(2)]
        for worker in workers:
            worker.join()
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.mixpanel.requests) == 4
        assert run.received == 800
        ids = [row["_id"] for row in bench.rows()]
        assert len(ids) == len(set(ids)) == run.loaded

    def test_a_crash_between_commit_and_ledger_is_made_good(self, bench: Bench):
        bench.export(events(FIRST, 25))
        run = bench.start()
        before = stores.lake().open(bench.flow.dataset.table)
        real = publishing._finish_window
        publishing._finish_window = lambda *_: (_ for _ in ()).throw(SystemExit("killed"))
        try:
            with pytest.raises(SystemExit):
                engine.advance(run.pk, clock=timezone.now)
        finally:
            publishing._finish_window = real
        assert len(bench.rows()) == 25
        snapshots = len(before.snapshots())
        run.windows.update(lease_until=timezone.now() - timedelta(seconds=1))
        assert bench.advance(run).status == RunStatus.SUCCEEDED
        assert len(before.snapshots()) == snapshots
        assert len(bench.rows()) == 25


class TestStarting:
    def test_two_presses_of_the_button_start_one_run(self, bench: Bench):
        bench.start()
        with pytest.raises(CannotStart, match="still going on"):
            bench.start()
        assert bench.flow.runs.count() == 1

    def test_a_slot_starts_one_run_whoever_tries(self, bench: Bench):
        bench.flow.next_run_at = timezone.now()
        bench.flow.save()
        others = [type(bench.flow).objects.get(pk=bench.flow.pk) for _ in range(3)]
        started = [lifecycle.start_due(flow, now=timezone.now()) for flow in others]
        assert len([run for run in started if run]) == 1


class TestTheUnexpected:
    def test_fails_the_run_with_its_traceback_kept(self, bench: Bench):
        bench.export(events(FIRST, 3))
        run = bench.start()
        bench.flow.dataset.schema.document = {"title": "not a schema"}
        bench.flow.dataset.schema.save()
        run = bench.finish(run)
        assert (run.status, run.error_code) == (RunStatus.FAILED, "internal")
        assert "Traceback" in run.error_trace

    def test_a_mapping_that_no_longer_fits_pauses_the_dataflow(self, bench: Bench):
        bench.export(events(FIRST, 3))
        bench.flow.mapping = [
            *bench.flow.mapping,
            {"sourceType": "ATTRIBUTE", "source": "event", "destination": "gone"},
        ]
        bench.flow.save()
        run = bench.run()
        assert run.error_code == "mapping_invalid"
        bench.flow.refresh_from_db()
        assert bench.flow.status == DataflowStatus.DISABLED


class TestWaitBefore:
    def test_is_what_the_other_side_asked_for_an_hour_at_most(self):
        from connectors.errors import RateLimited

        assert failures.wait_before(1, RateLimited("", retry_after=90)) == timedelta(seconds=90)
        assert failures.wait_before(1, RateLimited("", retry_after=90_000)) == timedelta(hours=1)

    def test_doubles_with_jitter(self, settings):
        from connectors.errors import ServiceDown

        settings.RETRY_SECONDS = 10
        waits = [failures.wait_before(attempt, ServiceDown("")).total_seconds() for attempt in (1, 2, 3)]
        assert 8 <= waits[0] <= 12
        assert 16 <= waits[1] <= 24
        assert 32 <= waits[2] <= 48


def in_thread(work) -> threading.Thread:
    def target() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=target)
    thread.start()
    return thread


def wait_for(condition, seconds: float = 5) -> None:
    give_up = timezone.now() + timedelta(seconds=seconds)
    while not condition():
        assert timezone.now() < give_up, "waited in vain"
