"""An answer that does not arrive whole is asked for again in smaller pieces."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dataflows.models import RunStatus, Window
from dataflows.runs import failures
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, Bench, events

LAST = FIRST + timedelta(days=3)


@pytest.fixture
def asked(bench: Bench) -> list[tuple[str, str]]:
    """First and last day of every request, in order."""
    return []


def only_short_answers(bench: Bench, longest: int, asked: list[tuple[str, str]]) -> None:
    def answer(query: dict[str, str]) -> Answer:
        first, last = date.fromisoformat(query["from_date"]), date.fromisoformat(query["to_date"])
        asked.append((query["from_date"], query["to_date"]))
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        body = b"".join(events(day, 5) for day in days)
        return gzip_answer(body, cut_after=60) if len(days) > longest else gzip_answer(body)

    bench.mixpanel.answer_with("/api/2.0/export", answer)


def one_window(bench: Bench):
    run = bench.start(FIRST, LAST)
    run.windows.all().delete()
    Window.objects.create(run=run, first_day=FIRST, last_day=LAST)
    return run


def test_windows_are_halved_after_the_second_failure(bench: Bench, asked):
    only_short_answers(bench, 2, asked)
    run = bench.finish(one_window(bench))
    assert (run.status, run.loaded) == (RunStatus.SUCCEEDED, 20)
    whole = (str(FIRST), str(LAST))
    half = FIRST + timedelta(days=1)
    assert asked[: failures.HALVED_AFTER + 1] == [whole] * failures.HALVED_AFTER + [
        (str(half + timedelta(days=1)), str(LAST))
    ]
    assert asked[-1] == (str(FIRST), str(half))


def test_down_to_single_days_and_no_further(bench: Bench, asked):
    only_short_answers(bench, 1, asked)
    run = bench.finish(one_window(bench))
    assert (run.status, run.loaded) == (RunStatus.SUCCEEDED, 20)
    assert {window.first_day == window.last_day for window in run.windows.all()} == {True}


def test_a_day_that_never_arrives_fails_alone(bench: Bench, asked):
    def answer(query: dict[str, str]) -> Answer:
        first, last = date.fromisoformat(query["from_date"]), date.fromisoformat(query["to_date"])
        days = [first + timedelta(days=number) for number in range((last - first).days + 1)]
        body = b"".join(events(day, 5) for day in days)
        return gzip_answer(body, cut_after=60) if FIRST in days else gzip_answer(body)

    bench.mixpanel.answer_with("/api/2.0/export", answer)
    run = bench.finish(one_window(bench))
    assert (run.status, run.loaded) == (RunStatus.PARTIAL, 15)
    failed = run.windows.get(status="failed")
    assert (failed.first_day, failed.last_day) == (FIRST, FIRST)
