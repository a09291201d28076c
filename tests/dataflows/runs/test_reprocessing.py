"""Days are promoted again from the landing zone, with the mapping as it is now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dataflows import stores
from dataflows.models import DayStatus, RunStatus
from dataflows.runs import reprocessing
from dataflows.runs.cannot_start import CannotStart
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events

BROKEN = b'{"event":"Purchase","properties":{"time":"yesterday"}}\n'


def again(bench: Bench, *days, **options):
    run = reprocessing.reprocess(bench.flow, days or [FIRST], now=timezone.now(), **options)
    return bench.finish(run)


class TestReprocess:
    def test_uses_the_mapping_as_it_is_now_and_asks_mixpanel_nothing(self, bench: Bench):
        bench.export(events(FIRST, 30))
        bench.run()
        bench.flow.mapping = [row for row in bench.flow.mapping if row["destination"] != "_tributary.city"]
        bench.flow.save()
        run = again(bench)
        assert run.status == RunStatus.SUCCEEDED
        assert {row["_tributary"]["city"] for row in bench.rows()} == {None}
        assert len(bench.mixpanel.requests) == 1

    def test_changes_only_the_days_that_were_chosen(self, bench: Bench):
        bench.export(events(SECOND, 4), events(FIRST, 3), events(FIRST, 3) + events(SECOND, 4))
        bench.run(FIRST, SECOND)
        bench.run(FIRST, SECOND)
        bench.flow.mapping = [row for row in bench.flow.mapping if row["destination"] != "_tributary.city"]
        bench.flow.save()
        run = again(bench, SECOND)
        assert (run.first_day, run.received) == (SECOND, 4)
        cities = {(row["_day"], row["_tributary"]["city"]) for row in bench.rows()}
        assert cities == {(FIRST, "Łódź"), (SECOND, None)}
        assert len(bench.rows()) == 7

    def test_repairs_a_day_that_failed(self, bench: Bench):
        bench.export(events(FIRST, 30) + BROKEN * 10)
        bench.run()
        assert bench.flow.days.get().status == DayStatus.FAILED
        bench.flow.error_threshold = 50
        bench.flow.save()
        assert again(bench).status == RunStatus.SUCCEEDED
        assert bench.flow.days.get().status == DayStatus.LOADED
        assert len(bench.rows()) == 30

    def test_says_which_days_are_no_longer_kept(self, bench: Bench):
        bench.export(events(FIRST, 3))
        bench.run()
        stores.landing().delete(bench.flow.days.get().landed_key)
        with pytest.raises(CannotStart, match="2026-09-01"):
            again(bench)
        with pytest.raises(CannotStart, match="2026-09-04"):
            again(bench, FIRST + timedelta(days=3))

    def test_waits_for_a_run_that_goes_on(self, bench: Bench):
        bench.export(events(FIRST, 3))
        bench.run()
        bench.start(SECOND)
        with pytest.raises(CannotStart, match="still going on"):
            again(bench)


class TestADryRun:
    def test_counts_everything_and_changes_nothing(self, bench: Bench):
        bench.export(events(FIRST, 30) + BROKEN)
        bench.run()
        before, ledger = bench.rows(), list(bench.flow.days.values())
        snapshots = len(stores.lake().open(bench.flow.dataset.table).snapshots())
        bench.flow.mapping = [row for row in bench.flow.mapping if row["destination"] != "_tributary.city"]
        bench.flow.save()
        run = again(bench, dry_run=True)
        assert (run.status, run.received, run.loaded, run.rejected) == (RunStatus.SUCCEEDED, 31, 30, 1)
        assert bench.rows() == before
        assert list(bench.flow.days.values()) == ledger
        assert len(stores.lake().open(bench.flow.dataset.table).snapshots()) == snapshots
        assert bench.data_files() == 1

    def test_of_a_day_that_would_fail_leaves_the_ledger_alone(self, bench: Bench):
        bench.export(events(FIRST, 30) + BROKEN)
        bench.run()
        bench.flow.partial_ingestion = False
        bench.flow.save()
        assert again(bench, dry_run=True).status == RunStatus.FAILED
        assert bench.flow.days.get().status == DayStatus.LOADED
