"""A refusal fails the windows its reason holds for, and no others."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors import budget
from connectors.models import ExportRequest
from dataflows.models import Run, RunStatus, WindowStatus
from dataflows.runs import engine, lifecycle
from dataflows.runs.promotion import Unbalanced
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events

THIRD = SECOND + timedelta(days=1)
FUTURE = Answer(b"to_date cannot be later than today", status=400)
GATED = Answer(b'{"error":"Date range exceeds 365 days into the past"}', status=403)


def refuse(bench: Bench, refused: set[str], answer: Answer) -> Run:
    """A run over three days, each asked for alone, some of them refused."""

    def answered(query: dict[str, str]) -> Answer:
        day = query["from_date"]
        return answer if day in refused else gzip_answer(events(FIRST.fromisoformat(day), 5))

    bench.mixpanel.answer_with("/api/2.0/export", answered)
    return bench.finish(bench.start(FIRST, THIRD))


def fates(run: Run) -> list[str]:
    """From the first day to the last."""
    return list(run.windows.order_by("first_day").values_list("status", flat=True))


def test_a_day_that_has_not_begun_fails_alone(bench: Bench):
    run = refuse(bench, {str(THIRD)}, FUTURE)
    assert (run.status, run.error_code) == (RunStatus.PARTIAL, "future_day")
    assert fates(run) == [WindowStatus.PUBLISHED, WindowStatus.PUBLISHED, WindowStatus.FAILED]


def test_a_day_too_old_fails_those_before_it_without_asking_for_them(bench: Bench):
    run = refuse(bench, {str(FIRST), str(SECOND)}, GATED)
    assert (run.status, run.error_code) == (RunStatus.PARTIAL, "history_gate")
    assert fates(run) == [WindowStatus.FAILED, WindowStatus.FAILED, WindowStatus.PUBLISHED]
    assert len(bench.mixpanel.requests) == 2


def test_a_day_too_old_does_not_fail_a_newer_one_that_waits_for_its_retry(bench: Bench):
    run = bench.start(FIRST, SECOND)
    run.windows.filter(first_day=SECOND).update(not_before=timezone.now() + timedelta(minutes=5))
    bench.export(GATED)
    bench.advance(run)
    assert fates(run) == [WindowStatus.FAILED, WindowStatus.WAITING]
    assert run.status == RunStatus.RUNNING


@pytest.mark.parametrize(("defect", "code"), [(Unbalanced("one too few"), "unbalanced"), (KeyError("x"), "internal")])
def test_a_defect_fails_the_run_with_its_own_code_and_its_traceback(bench: Bench, defect, code):
    bench.export(events(FIRST, 5))
    run = bench.start()
    _advance_with(run, defect)
    run.refresh_from_db()
    assert (run.status, run.error_code) == (RunStatus.FAILED, code)
    assert type(defect).__name__ in run.error_trace


def _advance_with(run: Run, defect: Exception) -> None:
    """The clock is the one door through which a test can make the engine itself fail."""
    readings = 0

    def clock():
        nonlocal readings
        readings += 1
        if readings == 3:
            raise defect
        return timezone.now()

    engine.advance(run.pk, clock=clock)
    lifecycle.settle(Run.objects.get(pk=run.pk), now=timezone.now())


def test_a_cancelled_run_ends_the_request_of_a_worker_that_died(bench: Bench):
    run = bench.start()
    Run.objects.filter(pk=run.pk).update(status=RunStatus.RUNNING, started_at=timezone.now())
    window = run.windows.get()
    run.windows.update(status=WindowStatus.COPYING, owner="dead", lease_until=timezone.now() - timedelta(minutes=1))
    budget.reserve(bench.flow.reads_from, bench.flow.project_id, "run", reference=window.reference)
    run.refresh_from_db()
    lifecycle.cancel(run, now=timezone.now())
    entry = ExportRequest.objects.get()
    assert (entry.ended_at is not None, entry.code) == (True, "worker_lost")
