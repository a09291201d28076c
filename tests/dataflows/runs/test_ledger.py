"""After a roll back the ledger tells the truth about every day, whatever happened before."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.utils import timezone

from connectors.errors import LakeConflict
from dataflows import stores
from dataflows.models import Dataflow, DayStatus, RunStatus
from dataflows.monitoring.coverage import coverage
from dataflows.runs import ledger, lifecycle, reprocessing, rolling_back, upkeep
from dataflows.runs.rolling_back import CannotRollBack
from tests.connectors.mixpanel.fault_server import Answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events

THIRD = SECOND + timedelta(days=1)
BROKEN = b'{"event":"Purchase","properties":{"time":"yesterday"}}\n'


@pytest.fixture(autouse=True)
def ada(transactional_db: None) -> User:
    return User.objects.create_user("ada")


def table(bench: Bench):
    return stores.lake().open(bench.flow.dataset.table)


def snapshots(bench: Bench) -> list[int]:
    """Oldest first."""
    return [info.id for info in reversed(table(bench).snapshots())]


def back(bench: Bench, to: int, seen: int | None = None) -> int:
    seen = snapshots(bench)[-1] if seen is None else seen
    by = User.objects.get(username="ada")
    return rolling_back.roll_back(bench.flow.dataset, table(bench), to, seen=seen, by=by)


def facts(bench: Bench, flow: Dataflow | None = None) -> dict[date, tuple]:
    return {
        row.day: (row.status, row.received, row.loaded, row.rejected, row.window_id)
        for row in (flow or bench.flow).days.all()
    }


def assert_the_ledger_fits_the_lake(bench: Bench) -> None:
    held = table(bench).days(str(bench.flow.pk))
    assert held == {row.day: row.loaded for row in bench.flow.days.order_by("day") if row.loaded}


def load(bench: Bench, *days: tuple[date, bytes | Answer]) -> None:
    """One run a day."""
    for day, answer in days:
        bench.export(answer)
        bench.run(day)


class TestADay:
    def test_that_was_replaced_has_its_old_counts_again(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30) + BROKEN))
        before, rows = facts(bench), bench.rows()
        load(bench, (FIRST, events(FIRST, 40)))
        back(bench, snapshots(bench)[0])
        assert (facts(bench), bench.rows()) == (before, rows)
        day = bench.flow.days.get()
        assert (day.rejected_key, day.published_at) == (day.window.days[0]["rejected_key"], day.window.finished_at)

    def test_that_came_later_is_missing(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (SECOND, events(SECOND, 20)))
        back(bench, snapshots(bench)[0])
        assert facts(bench)[SECOND] == (DayStatus.MISSING, 0, 0, 0, None)
        assert_the_ledger_fits_the_lake(bench)
        shown = coverage(bench.flow, timezone.now(), every_month=True)
        statuses = {cell.day: cell.status for month in shown.months for cell in month.cells if cell}
        assert (statuses[FIRST], statuses[SECOND]) == (DayStatus.LOADED, DayStatus.MISSING)

    def test_that_is_missing_is_read_by_the_next_scheduled_run(self, bench: Bench):
        Dataflow.objects.filter(pk=bench.flow.pk).update(lookback_days=1)
        bench.flow.refresh_from_db()
        load(bench, *((day, events(day, 30)) for day in (FIRST, SECOND, THIRD)))
        back(bench, snapshots(bench)[0])
        now = timezone.now().replace(year=2026, month=9, day=4)
        assert lifecycle.due_days(bench.flow, now) == (SECOND, THIRD)

    def test_that_is_missing_can_be_promoted_again_from_the_landing_zone(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (SECOND, events(SECOND, 20)))
        back(bench, snapshots(bench)[0])
        run = reprocessing.reprocess(bench.flow, [SECOND], now=timezone.now())
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert facts(bench)[SECOND][:3] == (DayStatus.LOADED, 20, 20)
        assert len(bench.mixpanel.requests) == 2

    def test_that_was_replaced_is_promoted_again_from_its_newest_answer(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (FIRST, events(FIRST, 40)))
        back(bench, snapshots(bench)[0])
        bench.finish(reprocessing.reprocess(bench.flow, [FIRST], now=timezone.now()))
        assert len(bench.rows()) == 40

    def test_without_events_is_told_from_one_that_was_not_read(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (SECOND, Answer(body=b"")), (THIRD, events(THIRD, 5)))
        load(bench, (SECOND, events(SECOND, 7)))
        back(bench, snapshots(bench)[1])
        assert facts(bench)[SECOND][:3] == (DayStatus.LOADED, 0, 0)
        assert facts(bench)[THIRD][:3] == (DayStatus.LOADED, 5, 5)

    def test_of_another_dataflow_goes_back_as_well(self, bench: Bench):
        other = Dataflow.objects.get(pk=bench.flow.pk)
        other.pk, other.uuid, other.name = None, uuid4(), "Other"
        other.save()
        load(bench, (FIRST, events(FIRST, 30)))
        first, flow = facts(bench), bench.flow
        bench.flow = other
        load(bench, (FIRST, events(FIRST, 8)))
        bench.flow = flow
        back(bench, snapshots(bench)[0])
        assert facts(bench) == first
        assert facts(bench, other) == {FIRST: (DayStatus.MISSING, 0, 0, 0, None)}

    def test_goes_by_what_is_there_after_a_roll_back_and_new_work(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)))
        first = facts(bench)
        load(bench, (FIRST, events(FIRST, 40)))
        back(bench, snapshots(bench)[0])
        load(bench, (SECOND, events(SECOND, 9)), (SECOND, events(SECOND, 11)))
        back(bench, snapshots(bench)[3])
        assert facts(bench)[FIRST] == first[FIRST]
        assert facts(bench)[SECOND][:3] == (DayStatus.LOADED, 9, 9)

    def test_that_stays_the_same_keeps_the_news_of_a_re_read_that_failed(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (SECOND, events(SECOND, 20)), (FIRST, events(FIRST, 3) + BROKEN * 9))
        assert facts(bench)[FIRST][0] == DayStatus.FAILED
        back(bench, snapshots(bench)[0])
        day = bench.flow.days.get(day=FIRST)
        assert (day.status, day.loaded, day.error_code) == (DayStatus.FAILED, 30, "too_many_rejected")

    def test_that_stays_the_same_keeps_an_answer_that_is_held(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 100)), (SECOND, events(SECOND, 20)), (FIRST, events(FIRST, 40)))
        back(bench, snapshots(bench)[0])
        day = bench.flow.days.get(day=FIRST)
        assert (day.status, day.loaded, day.held["loaded"]) == (DayStatus.HELD, 100, 40)

    def test_that_changes_drops_an_answer_that_was_held_against_what_is_gone(self, bench: Bench):
        load(bench, *((FIRST, events(FIRST, count)) for count in (30, 100, 40)))
        assert facts(bench)[FIRST][0] == DayStatus.HELD
        back(bench, snapshots(bench)[0])
        day = bench.flow.days.get()
        assert (day.status, day.loaded, day.held, day.held_window) == (DayStatus.LOADED, 30, {}, None)

    def test_outlives_the_snapshots_it_came_with(self, bench: Bench):
        load(bench, *((day, events(day, 10 + day.day)) for day in (FIRST, SECOND, THIRD)))
        load(bench, (FIRST, events(FIRST, 50)))
        before = facts(bench)
        table(bench).expire(older_than=timezone.now() + timedelta(minutes=1), keep=2)
        back(bench, snapshots(bench)[0])
        assert facts(bench)[FIRST][:3] == (DayStatus.LOADED, 11, 11)
        assert {day: facts(bench)[day] for day in (SECOND, THIRD)} == {day: before[day] for day in (SECOND, THIRD)}
        assert_the_ledger_fits_the_lake(bench)

    def test_whose_work_nobody_remembers_is_stale_and_still_guarded(self, bench: Bench):
        bench.export(events(FIRST, 30))
        first = bench.run()
        load(bench, (FIRST, events(FIRST, 40)))
        first.delete()
        back(bench, snapshots(bench)[0])
        assert facts(bench)[FIRST] == (DayStatus.STALE, 30, 30, 0, None)
        load(bench, (FIRST, events(FIRST, 3)))
        assert facts(bench)[FIRST][0] == DayStatus.HELD


class TestACrash:
    @pytest.fixture
    def half_done(self, bench: Bench) -> dict[date, tuple]:
        """The lake was rolled back and the ledger was not; what it should say."""
        load(bench, (FIRST, events(FIRST, 30)))
        right = facts(bench)
        load(bench, (FIRST, events(FIRST, 40)))
        old, seen = snapshots(bench)
        table(bench).roll_back(old, seen=seen, by="ada")
        assert facts(bench) != right
        return right

    def test_is_made_good_by_the_next_upkeep(self, bench: Bench, half_done: dict[date, tuple]):
        upkeep.sweep_lake(now=timezone.now())
        assert facts(bench) == half_done

    def test_is_made_good_by_doing_it_again(self, bench: Bench, half_done: dict[date, tuple]):
        old, seen, rolled_back = snapshots(bench)
        assert back(bench, old, seen) == rolled_back
        assert facts(bench) == half_done
        assert len(snapshots(bench)) == 3

    def test_is_left_for_later_while_a_run_goes_on(self, bench: Bench, half_done: dict[date, tuple]):
        bench.export(events(SECOND, 5))
        run = bench.start(SECOND)
        assert rolling_back.settle(bench.flow.dataset, table(bench)) == 0
        bench.finish(run)
        assert facts(bench)[FIRST] != half_done[FIRST]

    def test_leaves_nothing_to_do_where_nobody_rolled_back(self, bench: Bench):
        assert rolling_back.settle(bench.flow.dataset, table(bench)) == 0
        load(bench, (FIRST, events(FIRST, 30) + BROKEN), (SECOND, Answer(body=b"")))
        before = list(bench.flow.days.values())
        assert ledger.rebuild(bench.flow.dataset, table(bench)) == 0
        assert list(bench.flow.days.values()) == before


class TestARunThatStartsMeanwhile:
    def test_comes_before_or_after_and_the_ledger_fits_the_lake(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (FIRST, events(FIRST, 40)))
        bench.export(events(SECOND, 5))
        old, seen = snapshots(bench)
        outcome: list[str] = []
        together = threading.Barrier(2)

        def roll() -> None:
            try:
                together.wait()
                back(bench, old, seen)
                outcome.append("done")
            except (CannotRollBack, LakeConflict):
                outcome.append("refused")
            finally:
                connection.close()

        thread = threading.Thread(target=roll)
        thread.start()
        together.wait()
        assert bench.run(SECOND).status == RunStatus.SUCCEEDED
        thread.join()
        assert len(bench.rows()) == (35 if outcome == ["done"] else 45)
        assert_the_ledger_fits_the_lake(bench)

    def test_waits_for_the_ledger(self, bench: Bench, monkeypatch: pytest.MonkeyPatch):
        """Started once the lake is rolled back, it must not publish before the ledger is written."""
        load(bench, (FIRST, events(FIRST, 30)), (FIRST, events(FIRST, 40)))
        bench.export(events(SECOND, 5))
        started: list[threading.Thread] = []
        real = ledger.rebuild

        def rebuild(*arguments) -> int:
            started.append(threading.Thread(target=_run, args=(bench,)))
            started[0].start()
            started[0].join(1.0)
            return real(*arguments)

        monkeypatch.setattr(ledger, "rebuild", rebuild)
        back(bench, snapshots(bench)[0])
        started[0].join()
        assert not transaction.get_connection().in_atomic_block
        assert facts(bench)[SECOND][:3] == (DayStatus.LOADED, 5, 5)
        assert_the_ledger_fits_the_lake(bench)


def _run(bench: Bench) -> None:
    try:
        bench.run(SECOND)
    finally:
        connection.close()


class TestTheEffect:
    def test_tells_rows_and_days_before_and_after(self, bench: Bench):
        load(bench, (FIRST, events(FIRST, 30)), (FIRST, events(FIRST, 40)), (SECOND, events(SECOND, 5)))
        found = rolling_back.effect(table(bench), snapshots(bench)[0], snapshots(bench)[-1])
        assert (found.rows_before, found.rows_after, found.days_before, found.days_after) == (45, 30, 2, 1)
        assert [(each.day, each.before, each.after) for each in found.changes] == [(FIRST, 40, 30), (SECOND, 5, 0)]

    def test_names_a_day_whose_rows_are_others_though_as_many(self, bench: Bench):
        load(bench, (FIRST, event(FIRST, 1)), (FIRST, event(FIRST, 2)))
        found = rolling_back.effect(table(bench), *snapshots(bench))
        assert [(each.before, each.after) for each in found.changes] == [(1, 1)]
