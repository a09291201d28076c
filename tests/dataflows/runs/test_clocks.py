"""Clocks that jump: work goes on at once, and nothing is published twice."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dataflows.models import Run, RunStatus, Window, WindowStatus
from dataflows.runs import clockwork, engine, lifecycle
from tests.dataflows.runs.conftest import FIRST, Bench, events

AHEAD = timedelta(hours=5)


@pytest.fixture
def run(bench: Bench) -> Run:
    bench.holds(lambda day: events(day, 10))
    return bench.start(FIRST)


class TestAClockThatWasSetBack:
    """What was written before the jump lies in the future."""

    def test_does_not_leave_a_dead_workers_window_alone_for_hours(self, bench: Bench, run):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=timezone.now())
        run.windows.update(status=WindowStatus.COPYING, owner="dead", lease_until=timezone.now() + AHEAD)
        assert bench.finish(run).status == RunStatus.SUCCEEDED

    def test_does_not_put_off_a_retry_for_hours(self, bench: Bench, run):
        run.windows.update(not_before=timezone.now() + AHEAD)
        assert bench.advance(run).status == RunStatus.SUCCEEDED

    def test_does_not_silence_the_bell_for_hours(self, run):
        Run.objects.filter(pk=run.pk).update(rung_at=timezone.now() + AHEAD)
        assert (run.pk, 1) in clockwork.waiting(now=timezone.now())

    def test_lets_a_cancelled_run_end(self, run):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=timezone.now())
        run.windows.update(status=WindowStatus.COPYING, owner="dead", lease_until=timezone.now() + AHEAD)
        run.refresh_from_db()
        lifecycle.cancel(run, now=timezone.now())
        run.refresh_from_db()
        assert run.status == RunStatus.CANCELLED

    def test_still_believes_a_lease_of_ordinary_length(self, bench: Bench, run, settings):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=timezone.now())
        alive = timezone.now() + timedelta(seconds=settings.LEASE_SECONDS)
        run.windows.update(status=WindowStatus.COPYING, owner="alive", lease_until=alive)
        assert engine.advance(run.pk, clock=timezone.now) is engine.Next.LATER
        assert run.windows.get().owner == "alive"


class TestAClockThatRunsAhead:
    def test_takes_a_living_workers_window_and_publishes_it_once(self, bench: Bench, run):
        """Two workers on one window, the second with a clock hours ahead: the lake sees one commit of ten rows."""
        Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=timezone.now())
        run.refresh_from_db()
        mine = Window.objects.claim_next(run, owner="first", now=timezone.now(), lease=timedelta(seconds=60))
        engine.advance(run.pk, clock=lambda: timezone.now() + AHEAD)
        assert not mine.move(WindowStatus.COPYING)
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 10

    def test_costs_a_run_nothing_when_it_happens_in_the_middle(self, bench: Bench, run):
        now = timezone.now()
        ticks = iter(range(10_000))
        assert engine.advance(run.pk, clock=lambda: now + next(ticks) * timedelta(minutes=7)) is engine.Next.NOW
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 10
