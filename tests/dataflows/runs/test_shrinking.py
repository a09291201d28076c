"""Good data is never wiped by accident."""

from __future__ import annotations

from django.utils import timezone

from dataflows.models import DayStatus, RunStatus
from dataflows.runs import reprocessing
from dataflows.runs.verdict import shrinks
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events


class TestADayThatShrinks:
    def test_is_held_and_the_old_data_stays(self, bench: Bench):
        bench.export(events(FIRST, 100), events(FIRST, 40))
        bench.run()
        run = bench.run()
        assert (run.status, run.error_code) == (RunStatus.PARTIAL, "day_shrunk")
        day = bench.flow.days.get()
        assert (day.status, day.loaded, day.held["loaded"]) == (DayStatus.HELD, 100, 40)
        assert len(bench.rows()) == 100

    def test_leaves_no_file_behind(self, bench: Bench):
        bench.export(events(FIRST, 100), events(FIRST, 40))
        bench.run()
        bench.run()
        assert bench.data_files() == 1

    def test_to_half_is_replaced(self, bench: Bench):
        bench.export(events(FIRST, 100), events(FIRST, 50))
        bench.run()
        assert bench.run().status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 50

    def test_to_nothing_is_held(self, bench: Bench):
        from tests.connectors.mixpanel.fault_server import Answer

        bench.export(events(FIRST, 100), Answer(body=b""))
        bench.run()
        bench.run()
        assert len(bench.rows()) == 100

    def test_does_not_hold_its_neighbours(self, bench: Bench):
        bench.export(events(SECOND, 30), events(FIRST, 100), events(FIRST, 10) + events(SECOND, 31))
        bench.run(FIRST, SECOND)
        run = bench.run(FIRST, SECOND)
        assert run.status == RunStatus.PARTIAL
        assert bench.flow.days.get(day=SECOND).loaded == 31
        assert len(bench.rows()) == 131

    def test_keeps_the_old_when_a_person_says_so(self, bench: Bench):
        bench.export(events(FIRST, 100), events(FIRST, 40))
        bench.run()
        bench.run()
        assert reprocessing.keep_old(bench.flow.days.get())
        day = bench.flow.days.get()
        assert (day.status, day.loaded, day.held) == (DayStatus.LOADED, 100, {})
        assert not reprocessing.keep_old(day)

    def test_takes_the_new_when_a_person_says_so(self, bench: Bench):
        bench.export(events(FIRST, 100), events(FIRST, 40))
        bench.run()
        bench.run()
        asked = len(bench.mixpanel.requests)
        run = reprocessing.accept_new(bench.flow.days.get(), by=None, now=timezone.now())
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 40
        day = bench.flow.days.get()
        assert (day.status, day.loaded, day.held, day.held_window) == (DayStatus.LOADED, 40, {}, None)
        assert len(bench.mixpanel.requests) == asked


class TestShrinks:
    def test_lets_tiny_days_come_and_go(self):
        assert not shrinks(0, 19)
        assert shrinks(0, 20)

    def test_is_less_than_half(self):
        assert shrinks(49, 100)
        assert not shrinks(50, 100)
