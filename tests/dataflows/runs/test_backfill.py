"""Backfills: days of the past that step aside for scheduled runs, pause, go on and are cancelled."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors.models import ExportRequest
from dataflows.models import Day, DayStatus, PauseReason, Run, RunStatus, Trigger, Window
from dataflows.runs import backfilling, clockwork, engine, lifecycle, pausing, reading_plan
from dataflows.runs.cannot_start import CannotStart
from dataflows.scheduling import days_between
from tests.dataflows.runs.conftest import FIRST, Bench, events

pytestmark = pytest.mark.django_db(transaction=True)

LAST = FIRST + timedelta(days=4)
DAYS = days_between(FIRST, LAST)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """Every day of the range has ten events in Mixpanel."""
    bench.holds(lambda day: events(day, 10))
    return bench


def begin(bench: Bench, days=DAYS) -> Run:
    return backfilling.start_backfill(bench.flow, days, by=None, now=timezone.now())


def step(run: Run) -> engine.Next:
    return engine.advance(run.pk, clock=timezone.now)


def fresh(run: Run) -> Run:
    run.refresh_from_db()
    return run


class TestABackfill:
    def test_reads_chosen_days_and_no_others(self, bench):
        run = bench.finish(begin(bench, [FIRST, LAST]))
        assert run.status == RunStatus.SUCCEEDED
        assert {row["_day"] for row in bench.rows()} == {FIRST, LAST}
        assert (run.day_count, run.has_gaps) == (2, True)

    def test_reads_the_newest_days_first(self, bench):
        run = begin(bench)
        step(run)
        assert run.windows.get(status="published").first_day == LAST

    def test_needs_a_day_to_read(self, bench):
        with pytest.raises(CannotStart, match="no day to read"):
            begin(bench, [])

    def test_is_alone(self, bench):
        begin(bench)
        with pytest.raises(CannotStart, match="not finished"):
            begin(bench)

    def test_of_missing_and_failed_days_leaves_out_loaded_and_held_ones(self, bench):
        for number, status in enumerate((DayStatus.LOADED, DayStatus.HELD, DayStatus.FAILED, DayStatus.STALE)):
            Day.objects.create(dataflow=bench.flow, day=DAYS[number], status=status)
        assert backfilling.unsettled(bench.flow, DAYS) == DAYS[2:]


class TestAScheduledRun:
    def test_makes_the_backfill_step_aside_and_go_on_afterwards(self, bench):
        backfill = begin(bench)
        step(backfill)
        other = bench.start(LAST, LAST)
        assert (fresh(backfill).status, backfill.pause_reason) == (RunStatus.PAUSED, PauseReason.SCHEDULE)
        assert clockwork.resume_aside() == []
        assert bench.finish(other).status == RunStatus.SUCCEEDED
        assert clockwork.resume_aside() == [backfill]
        assert bench.finish(fresh(backfill)).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 50

    def test_waits_until_the_backfill_has_ended_the_window_it_holds(self, bench):
        backfill = begin(bench)
        step(backfill)
        held = backfill.windows.open().first()
        Window.objects.filter(pk=held.pk).update(owner="somebody", lease_until=timezone.now() + timedelta(minutes=1))
        other = bench.start(LAST, LAST)
        assert step(other) is engine.Next.LATER
        assert not other.windows.exclude(status="waiting").exists()
        Window.objects.filter(pk=held.pk).update(lease_until=None)
        assert bench.finish(other).status == RunStatus.SUCCEEDED

    def test_is_not_overtaken_by_a_new_backfill(self, bench):
        other = bench.start(LAST, LAST)
        backfill = begin(bench)
        assert (backfill.status, backfill.pause_reason) == (RunStatus.PAUSED, PauseReason.SCHEDULE)
        bench.finish(other)
        assert clockwork.resume_aside() == [backfill]

    def test_that_cannot_start_leaves_the_backfill_as_it_was(self, bench):
        backfill = begin(bench)
        with pytest.raises(CannotStart):
            lifecycle.start(bench.flow, trigger=Trigger.USER, days=[], now=timezone.now())
        assert fresh(backfill).status == RunStatus.QUEUED


class TestAPause:
    def test_begins_no_more_windows_until_it_is_resumed(self, bench):
        run = begin(bench)
        step(run)
        assert pausing.pause(fresh(run))
        asked = len(bench.mixpanel.requests)
        assert step(run) is engine.Next.LATER
        assert (run.pk, 1) not in clockwork.waiting(now=timezone.now() + timedelta(hours=1))
        assert len(bench.mixpanel.requests) == asked
        assert pausing.resume(fresh(run))
        assert bench.finish(run).status == RunStatus.SUCCEEDED

    def test_lets_a_worker_finish_the_window_it_holds(self, bench):
        run = begin(bench)
        step(run)
        window = run.windows.open().first()
        Window.objects.filter(pk=window.pk).update(owner="me", lease_until=timezone.now())
        window.refresh_from_db()
        pausing.pause(fresh(run))
        assert window.renew(now=timezone.now(), lease=timedelta(seconds=9))

    def test_by_a_person_outlasts_the_run_it_stepped_aside_for(self, bench):
        backfill = begin(bench)
        other = bench.start(LAST, LAST)
        assert pausing.pause(fresh(backfill))
        bench.finish(other)
        assert clockwork.resume_aside() == []
        assert fresh(backfill).pause_reason == PauseReason.USER

    def test_that_is_resumed_behind_another_run_goes_on_by_itself(self, bench):
        backfill = begin(bench)
        pausing.pause(fresh(backfill))
        other = bench.start(LAST, LAST)
        assert pausing.resume(fresh(backfill))
        assert fresh(backfill).pause_reason == PauseReason.SCHEDULE
        bench.finish(other)
        assert clockwork.resume_aside() == [backfill]

    def test_can_be_cancelled(self, bench):
        run = begin(bench)
        step(run)
        pausing.pause(fresh(run))
        assert lifecycle.cancel(fresh(run), now=timezone.now())
        assert fresh(run).status == RunStatus.CANCELLED
        assert len(bench.rows()) == 10

    def test_can_be_cancelled_while_another_run_goes_on(self, bench):
        backfill = begin(bench)
        bench.start(LAST, LAST)
        assert lifecycle.cancel(fresh(backfill), now=timezone.now())
        assert fresh(backfill).status == RunStatus.CANCELLED

    def test_of_an_ended_run_is_refused(self, bench):
        run = bench.finish(begin(bench))
        assert not pausing.pause(run)
        assert not pausing.resume(run)


class TestThePlan:
    def test_counts_requests_and_says_when_it_will_be_done(self, bench):
        now = timezone.now()
        plan = reading_plan.plan(bench.flow, DAYS, reserved=10, now=now)
        assert plan.forecast.requests == len(plan.windows) == 5
        assert plan.forecast.finish > now

    def test_waits_for_what_is_kept_for_scheduled_runs(self, bench, settings):
        settings.EXPORTS_PER_HOUR = 4  # of which half is the reserve at most
        plan = reading_plan.plan(bench.flow, DAYS, reserved=10, now=timezone.now())
        assert plan.forecast.waits
        assert plan.forecast.duration > timedelta(hours=2)

    def test_knows_what_others_have_used(self, bench, settings):
        bench.run(FIRST, FIRST)
        settings.EXPORTS_PER_HOUR = ExportRequest.objects.count()
        plan = reading_plan.plan(bench.flow, DAYS[:1], now=timezone.now())
        assert plan.budget.left == 0
        assert timedelta(minutes=59) < plan.forecast.duration < timedelta(minutes=62)

    def test_learns_from_earlier_windows(self, bench):
        bench.run(FIRST, FIRST + timedelta(days=1))
        assert reading_plan.plan(bench.flow, DAYS, now=timezone.now()).forecast.events == 50
        assert reading_plan.pace_of(bench.flow).answer_seconds < 15
