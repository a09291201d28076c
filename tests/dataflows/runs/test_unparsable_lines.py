"""Lines that nobody can read have no day of their own; they belong to the day whose request they came in.

Its account holds however often the day is promoted again, with others or alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import permutations
from pathlib import Path

import pytest
from django.utils import timezone

from dataflows import stores
from dataflows.models import DayStatus, Run, RunStatus
from dataflows.runs import rejects, reprocessing
from tests.dataflows.runs.conftest import FIRST, Bench, event, events

DAYS = [FIRST + timedelta(days=number) for number in range(3)]
UNPARSABLE = (b"terminated early\n", b'{"event":"Purch\xff\n', b"99\n", b'{"event":"Purchase","properties":{}}\n')
FOREIGN = event(FIRST - timedelta(days=9), 1)
COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")
BODIES = {
    DAYS[0]: events(DAYS[0], 20) + UNPARSABLE[0] + event(DAYS[0], 20),
    DAYS[1]: UNPARSABLE[1] + events(DAYS[1], 30) + UNPARSABLE[2] + FOREIGN + event(DAYS[1], 3),
    DAYS[2]: events(DAYS[2], 40) + UNPARSABLE[3] + event(DAYS[2], 40),
}
EXPECTED = {DAYS[0]: (22, 21, 0, 1, 0), DAYS[1]: (34, 30, 1, 3, 0), DAYS[2]: (42, 41, 0, 1, 0)}

Account = tuple[int, ...]


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    return str(tmp_path)


def accounts(bench: Bench) -> dict[date, Account]:
    found = {day.day: tuple(getattr(day, name) for name in COUNTS) for day in bench.flow.days.all()}
    assert all(account[0] == sum(account[1:]) for account in found.values())
    return found


@pytest.fixture
def landed(bench: Bench) -> Bench:
    """The three days, loaded."""
    bench.flow.error_threshold = 50
    bench.flow.save()
    bench.holds(BODIES.__getitem__)
    assert bench.run(DAYS[0], DAYS[-1]).status == RunStatus.SUCCEEDED
    return bench


def again(bench: Bench, days: Sequence[date], **options: bool) -> Run:
    run = bench.finish(reprocessing.reprocess(bench.flow, days, now=timezone.now(), **options))
    assert run.status == RunStatus.SUCCEEDED
    return run


class TestADay:
    def test_accounts_for_them(self, landed: Bench):
        assert accounts(landed) == EXPECTED

    def test_keeps_them_all_in_its_file(self, landed: Bench):
        key = landed.flow.days.get(day=DAYS[1]).rejected_key
        kept = sorted(rejects.read(stores.landing(), [key]), key=lambda record: record["line"])
        raws = [record["raw"].encode("utf-8", "surrogateescape") + b"\n" for record in kept]
        assert raws == [UNPARSABLE[1], UNPARSABLE[2], FOREIGN]
        assert [record["line"] for record in kept] == [1, 32, 33]


class TestReprocessing:
    @pytest.mark.parametrize("chosen", [[0], [1], [2], [0, 1], [1, 2], [0, 2], [0, 1, 2]], ids=str)
    def test_any_days_leaves_all_accounts_as_they_were(self, landed: Bench, chosen: list[int]):
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

    def test_a_dry_run_of_some_counts_them_and_changes_nothing(self, landed: Bench):
        assert again(landed, DAYS[:2], dry_run=True).rejected == 4
        assert again(landed, DAYS[2:], dry_run=True).rejected == 1
        assert accounts(landed) == EXPECTED

    def test_asks_mixpanel_nothing(self, landed: Bench):
        asked = len(landed.mixpanel.requests)
        again(landed, DAYS[1:])
        assert len(landed.mixpanel.requests) == asked


def test_a_day_read_alone_later_has_the_account_of_the_new_answer(landed: Bench):
    landed.export(events(DAYS[0], 21))
    landed.run(DAYS[0])
    assert accounts(landed) == EXPECTED | {DAYS[0]: (21, 21, 0, 0, 0)}


class TestTheThreshold:
    @pytest.fixture
    def failed(self, bench: Bench) -> Bench:
        bench.holds(BODIES.__getitem__)
        assert bench.run(DAYS[0], DAYS[-1]).status == RunStatus.PARTIAL
        return bench

    def test_fails_their_day_alone(self, failed: Bench):
        statuses = {day.day: day.status for day in failed.flow.days.all()}
        assert statuses == {DAYS[0]: DayStatus.LOADED, DAYS[1]: DayStatus.FAILED, DAYS[2]: DayStatus.LOADED}

    def test_raised_afterwards_lets_it_be_promoted_again(self, failed: Bench):
        failed.flow.error_threshold = 50
        failed.flow.save()
        again(failed, DAYS[1:2])
        assert accounts(failed) == EXPECTED
        assert len(failed.rows()) == 92


def test_an_unparsable_tail_is_no_rejected_line_but_an_incomplete_answer(landed: Bench):
    landed.export(BODIES[DAYS[0]] + b"terminated early", BODIES[DAYS[0]])
    run = landed.start(DAYS[0])
    landed.advance(run)
    assert run.windows.get().error_code == "incomplete_export"
    assert accounts(landed) == EXPECTED
    assert landed.finish(run).status == RunStatus.SUCCEEDED
    assert accounts(landed) == EXPECTED
