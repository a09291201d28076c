"""Records that tell no day belong to the day whose request they came in, however the days were asked for."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dataflows.models import Run, RunStatus
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events

THIRD = SECOND + timedelta(days=1)
DAYS = [FIRST, SECOND, THIRD]
UNDATED = {FIRST: 1, SECOND: 4, THIRD: 2}


def of_day(day: date) -> bytes:
    """Ten events, lines that were torn, and events without a time."""
    torn = b'{"event": "Purch\n' * (UNDATED[day] - 1)
    return events(day, 10) + torn + event(day, 99, time=None)


@pytest.fixture
def bench(bench: Bench) -> Bench:
    """A dataflow that puts up with them."""
    bench.flow.error_threshold = 90
    bench.flow.save()
    return bench


@pytest.fixture
def known(bench: Bench) -> Bench:
    """What was loaded before is small, so that the next days are asked for in one request."""
    bench.holds(lambda day: events(day, 3))
    bench.run(FIRST, THIRD)
    bench.holds(of_day)
    return bench


def ledger(bench: Bench) -> dict[date, tuple[int, int]]:
    rows = bench.flow.days.order_by("day").values_list("day", "received", "rejected")
    return {day: (received, rejected) for day, received, rejected in rows}


EXPECTED = {day: (10 + UNDATED[day], UNDATED[day]) for day in DAYS}


def test_an_answer_of_several_days_is_asked_for_again_day_by_day(known: Bench) -> None:
    run = known.start(FIRST, THIRD)
    assert run.windows.count() == 1
    known.finish(run)
    assert (run.status, run.windows.count()) == (RunStatus.SUCCEEDED, 3)
    assert ledger(known) == EXPECTED
    assert (run.received, run.rejected) == (37, 7)


def test_reading_again_in_other_windows_changes_nothing(known: Bench) -> None:
    for first, last in ((FIRST, THIRD), (SECOND, THIRD), (FIRST, FIRST), (FIRST, SECOND)):
        known.run(first, last)
    assert ledger(known) == EXPECTED


def test_next_time_every_day_is_asked_for_by_itself_at_once(known: Bench) -> None:
    known.run(FIRST, THIRD)
    run = known.start(FIRST, THIRD)
    assert run.windows.count() == 3
    asked = len(known.mixpanel.requests)
    known.finish(run)
    assert len(known.mixpanel.requests) - asked == 3


def test_a_record_of_a_day_that_was_not_asked_for_counts_as_undated(bench: Bench) -> None:
    bench.holds(lambda day: events(day, 3))
    bench.run(FIRST, SECOND)
    bench.holds(lambda day: events(day, 3) + (event(FIRST - timedelta(days=9), 1) if day == SECOND else b""))
    bench.run(FIRST, SECOND)
    assert ledger(bench) == {FIRST: (3, 0), SECOND: (4, 1)}


def test_answers_without_such_records_stay_one_request(known: Bench) -> None:
    known.holds(lambda day: events(day, 10))
    run: Run = known.run(FIRST, THIRD)
    assert run.windows.count() == 1
