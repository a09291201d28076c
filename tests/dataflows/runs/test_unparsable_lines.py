"""Lines that nobody can read have no day of their own; the accounts of the days they came with must hold anyway.

They count for the first day of the answer they came in, whichever days of it are promoted again, in whatever order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.utils import timezone

from dataflows import stores
from dataflows.models import DayStatus, Run, RunStatus, Trigger
from dataflows.runs import lifecycle, rejects, reprocessing
from tests.dataflows.runs.conftest import FIRST, Bench, event, events

DAYS = [FIRST + timedelta(days=number) for number in range(3)]
UNPARSABLE = (b"terminated early\n", b'{"event":"Purch\xff\n', b"99\n", b'{"event":"Purchase","properties":{}}\n')
FOREIGN = event(FIRST - timedelta(days=9), 1)
COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")

Account = tuple[int, ...]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return str(tmp_path)


def body(last: bytes = b"") -> bytes:
    """Three days in one answer: unparsable lines between and inside them, a foreign one, and a copy in the second."""
    lines = [events(DAYS[0], 20), UNPARSABLE[0], events(DAYS[1], 30), UNPARSABLE[1], UNPARSABLE[2], FOREIGN]
    return b"".join([*lines, event(DAYS[1], 3), events(DAYS[2], 40), UNPARSABLE[3], event(DAYS[2], 40), last])


def accounts(bench: Bench) -> dict[date, Account]:
    found = {day.day: tuple(getattr(day, name) for name in COUNTS) for day in bench.flow.days.all()}
    assert all(account[0] == sum(account[1:]) for account in found.values())
    return found


EXPECTED = {DAYS[0]: (25, 20, 0, 5, 0), DAYS[1]: (31, 30, 1, 0, 0), DAYS[2]: (41, 41, 0, 0, 0)}


@pytest.fixture
def landed(bench: Bench) -> Bench:
    """The three days, loaded from one answer."""
    bench.flow.error_threshold = 50
    bench.flow.save()
    small = [events(day, 1) for day in reversed(DAYS)]
    bench.export(*small, body())
    bench.run(DAYS[0], DAYS[-1])
    run = bench.run(DAYS[0], DAYS[-1])
    assert (run.status, run.windows.count()) == (RunStatus.SUCCEEDED, 1)
    return bench


def again(bench: Bench, days: Sequence[date], **options: bool) -> Run:
    run = bench.finish(reprocessing.reprocess(bench.flow, days, now=timezone.now(), **options))
    assert run.status == RunStatus.SUCCEEDED
    return run


class TestAnAnswerOfSeveralDays:
    def test_accounts_for_them_on_its_first_day(self, landed: Bench):
        assert accounts(landed) == EXPECTED

    def test_keeps_them_all_in_the_file_of_that_day(self, landed: Bench):
        keys = {day.day: day.rejected_key for day in landed.flow.days.all()}
        assert keys[DAYS[1]] == keys[DAYS[2]] == ""
        kept = sorted(rejects.read(stores.landing(), [keys[DAYS[0]]]), key=lambda record: record["line"])
        raws = [record["raw"].encode("utf-8", "surrogateescape") + b"\n" for record in kept]
        assert raws == [UNPARSABLE[0], UNPARSABLE[1], UNPARSABLE[2], FOREIGN, UNPARSABLE[3]]
        assert [record["line"] for record in kept] == [21, 52, 53, 54, 96]


class TestReprocessing:
    @pytest.mark.parametrize("chosen", [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]], ids=str)
    def test_any_days_of_it_leaves_all_accounts_as_they_were(self, landed: Bench, chosen: list[int]):
        rows = landed.rows()
        run = again(landed, [DAYS[number] for number in chosen])
        assert accounts(landed) == EXPECTED
        assert landed.rows() == rows
        wanted = [EXPECTED[DAYS[number]] for number in chosen]
        assert tuple(getattr(run, name) for name in COUNTS) == tuple(map(sum, zip(*wanted, strict=True)))

    @pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
    def test_day_by_day_in_any_order_ends_where_it_began(self, landed: Bench, order: tuple[int, ...]):
        rows = landed.rows()
        for number in order:
            again(landed, [DAYS[number]])
        assert accounts(landed) == EXPECTED
        assert landed.rows() == rows

    def test_again_and_again_is_stable(self, landed: Bench):
        for _ in range(3):
            again(landed, DAYS[:2])
            assert accounts(landed) == EXPECTED

    def test_the_first_day_keeps_their_text(self, landed: Bench):
        again(landed, DAYS[:1])
        key = landed.flow.days.get(day=DAYS[0]).rejected_key
        assert len(list(rejects.read(stores.landing(), [key]))) == 5

    def test_another_day_writes_none_of_them(self, landed: Bench):
        run = again(landed, DAYS[1:2])
        assert run.windows.get().errors == []
        assert landed.flow.days.get(day=DAYS[1]).rejected_key == ""
        assert landed.flow.days.get(day=DAYS[0]).rejected_key != ""

    def test_a_dry_run_of_some_counts_them_once_and_changes_nothing(self, landed: Bench):
        assert again(landed, DAYS[:2], dry_run=True).rejected == 5
        assert again(landed, DAYS[1:], dry_run=True).rejected == 0
        assert accounts(landed) == EXPECTED

    def test_asks_mixpanel_nothing(self, landed: Bench):
        asked = len(landed.mixpanel.requests)
        again(landed, DAYS[1:])
        assert len(landed.mixpanel.requests) == asked


class TestAfterTheFirstDayWasReadAlone:
    """Then the ledger's first day comes from another answer, and the old lines belong to no day any more."""

    def test_its_account_is_that_of_the_new_answer(self, landed: Bench):
        landed.export(events(DAYS[0], 21))
        landed.run(DAYS[0])
        assert accounts(landed)[DAYS[0]] == (21, 21, 0, 0, 0)

    def test_the_other_days_stay_as_they_were(self, landed: Bench):
        landed.export(events(DAYS[0], 21))
        landed.run(DAYS[0])
        again(landed, DAYS[1:])
        assert accounts(landed) == EXPECTED | {DAYS[0]: (21, 21, 0, 0, 0)}

    def test_all_days_from_their_two_answers_balance(self, landed: Bench):
        landed.export(events(DAYS[0], 21) + UNPARSABLE[0] + event(DAYS[0], 50))
        landed.run(DAYS[0])
        run = again(landed, DAYS)
        assert run.windows.count() == 2
        assert accounts(landed) == EXPECTED | {DAYS[0]: (23, 22, 0, 1, 0)}


class TestTheThreshold:
    def test_fails_the_first_day_alone(self, bench: Bench):
        bench.export(*[events(day, 1) for day in reversed(DAYS)], body())
        bench.run(DAYS[0], DAYS[-1])
        run = bench.run(DAYS[0], DAYS[-1])
        assert run.status == RunStatus.PARTIAL
        statuses = {day.day: day.status for day in bench.flow.days.all()}
        assert statuses == {DAYS[0]: DayStatus.FAILED, DAYS[1]: DayStatus.LOADED, DAYS[2]: DayStatus.LOADED}
        assert accounts(bench) == EXPECTED | {DAYS[0]: (1, 1, 0, 0, 0)}

    def test_raised_afterwards_lets_it_be_promoted_again(self, bench: Bench):
        bench.export(*[events(day, 1) for day in reversed(DAYS)], body())
        bench.run(DAYS[0], DAYS[-1])
        bench.run(DAYS[0], DAYS[-1])
        bench.flow.error_threshold = 50
        bench.flow.save()
        again(bench, DAYS[:1])
        assert accounts(bench) == EXPECTED
        assert len(bench.rows()) == 91


class TestAnUnparsableTail:
    def test_of_such_an_answer_is_no_rejected_line_but_an_incomplete_answer(self, landed: Bench):
        landed.export(body(last=b"terminated early"), body())
        run = lifecycle.start(landed.flow, trigger=Trigger.USER, days=DAYS, now=timezone.now())
        landed.advance(run)
        assert run.windows.get().error_code == "incomplete_export"
        assert accounts(landed) == EXPECTED
        assert landed.finish(run).status == RunStatus.SUCCEEDED
        assert accounts(landed) == EXPECTED
