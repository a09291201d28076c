"""Groups of a run and of a dataflow's days as they are now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dataflows.diagnostics.groups import Key, group_of, groups
from dataflows.diagnostics.proof import proof, repairs
from dataflows.diagnostics.readings import of_flow, of_run
from dataflows.models import Day, DayStatus, Trigger
from tests.dataflows.diagnostics.conftest import DAY, MAPPING, PRICE, read_day, reasons_in, record
from tests.dataflows.factories import make_run

pytestmark = pytest.mark.django_db
SECOND = DAY + timedelta(days=1)
TIME = ("INGEST-1555-400", "properties.time")
WARNING = ("warning", "MAPPER-3700-400", "_acme.size", "expected data type was: integer.", 5)


def prices(count: int):
    return [record(line) for line in range(1, count + 1)]


class TestARun:
    def test_groups_by_code_and_field_with_first_and_last_day(self, run):
        read_day(run, DAY, [*prices(3), record(9, reason=TIME)])
        read_day(run, SECOND, prices(4))
        found = groups(of_run(run), {})
        assert reasons_in(found) == {(*PRICE, 7): 1, (*TIME, 1): 1}
        assert [(group.first, group.last) for group in found.shown] == [(DAY, SECOND), (DAY, DAY)]
        assert (found.rejected, found.unnamed, found.is_exact) == (8, 0, True)

    def test_has_warnings_after_rejections(self, run):
        read_day(run, DAY, prices(1), notes=[WARNING])
        assert [group.key.kind for group in groups(of_run(run), {}).shown] == ["rejected", "warning"]

    def test_is_filtered_by_kind_code_field_and_day(self, run):
        read_day(run, DAY, [*prices(2), record(9, reason=TIME)], notes=[WARNING])
        read_day(run, SECOND, prices(4))
        readings = of_run(run)
        assert reasons_in(groups(readings, {"code": TIME[0]})) == {(*TIME, 1): 1}
        assert reasons_in(groups(readings, {"field": "PRICE"})) == {(*PRICE, 6): 1}
        assert reasons_in(groups(readings, {"day": SECOND})) == {(*PRICE, 4): 1}
        assert reasons_in(groups(readings, {"kind": "warning"})) == {(WARNING[1], WARNING[2], 5): 1}
        assert groups(readings, {"field": "nothing"}).total == 3

    def test_counts_what_has_no_stored_reason(self, run):
        window = read_day(run, DAY, prices(5))
        window.days[0]["reasons"][0]["count"] = 3
        window.save()
        assert groups(of_run(run), {}).unnamed == 2

    def test_counts_warnings_by_day(self, run):
        read_day(run, DAY, notes=[WARNING])
        read_day(run, SECOND, notes=[WARNING])
        readings = of_run(run)
        assert reasons_in(groups(readings, {})) == {(WARNING[1], WARNING[2], 10): 1}
        assert reasons_in(groups(readings, {"day": SECOND})) == {(WARNING[1], WARNING[2], 5): 1}

    def test_of_an_older_release_says_when_a_warning_may_belong_to_another_day(self, run):
        window = read_day(run, DAY, notes=[WARNING])
        window.days[0]["reasons"] = []
        window.days.append({**window.days[0], "day": SECOND.isoformat()})
        window.save()
        assert groups(of_run(run), {}).is_exact
        assert not groups(of_run(run), {"day": SECOND}).is_exact


class TestADataflow:
    def test_counts_each_day_as_its_newest_reading_left_it(self, flow, run):
        read_day(run, DAY, prices(3))
        read_day(run, SECOND, prices(4))
        read_day(make_run(flow), DAY, [])
        [group] = groups(of_flow(flow), {}).shown
        assert (group.count, group.first, group.first_run) == (4, SECOND, run.pk)

    def test_counts_a_failed_reading_instead_of_what_is_published(self, flow, run):
        read_day(run, DAY, prices(1))
        again = make_run(flow)
        read_day(again, DAY, prices(9), status=DayStatus.FAILED)
        [group] = groups(of_flow(flow), {}).shown
        assert (group.count, group.last_run) == (9, again.pk)

    def test_a_day_that_could_not_be_read_keeps_its_last_reading(self, flow, run):
        read_day(run, DAY, prices(2), status=DayStatus.FAILED)
        read_day(make_run(flow), DAY, prices(1))
        Day.objects.filter(dataflow=flow).update(status=DayStatus.FAILED, error_code="unreachable")
        assert [group.count for group in groups(of_flow(flow), {}).shown] == [1]

    def test_dry_runs_change_nothing(self, flow, run):
        read_day(run, DAY, prices(3), status=DayStatus.FAILED)
        read_day(make_run(flow, dry_run=True, trigger=Trigger.REPROCESS), DAY, [])
        assert [group.count for group in groups(of_flow(flow), {}).shown] == [3]

    def test_a_group_that_was_repaired_is_gone_and_its_repair_is_known(self, flow, run):
        read_day(run, DAY, prices(3), status=DayStatus.FAILED)
        again = make_run(flow, trigger=Trigger.REPROCESS, last_day=DAY)
        read_day(again, DAY, [])
        key = Key("rejected", *PRICE)
        assert group_of(of_flow(flow), key) is None
        assert [(each.run, each.change.before, each.change.after) for each in repairs(flow, key)] == [(again, 3, 0)]


class TestProof:
    def test_compares_with_the_newest_reading_even_if_that_failed(self, flow, run):
        read_day(run, DAY, [])
        read_day(make_run(flow), DAY, prices(5), status=DayStatus.FAILED)
        again = make_run(flow, trigger=Trigger.REPROCESS, mapping=MAPPING)
        read_day(again, DAY, [*prices(1), record(7, reason=TIME)])
        shown = proof(again)
        assert (shown.before, shown.after, shown.repaired) == (5, 2, 4)
        assert {(each.key.field, each.before, each.after) for each in shown.groups} == {
            (PRICE[1], 5, 1),
            (TIME[1], 0, 1),
        }
        assert [(each.day, each.before, each.after) for each in shown.days] == [(DAY, 5, 2)]
        assert len(shown.left) == 2

    def test_says_of_each_group_what_became_of_it_day_by_day(self, flow, run):
        read_day(run, DAY, prices(2))
        read_day(run, SECOND, prices(3))
        again = make_run(flow, trigger=Trigger.REPROCESS)
        read_day(again, DAY, [])
        read_day(again, SECOND, prices(1))
        [group] = proof(again).groups
        assert [(each.day, each.before, each.after) for each in group.days] == [(SECOND, 3, 1), (DAY, 2, 0)]

    def test_leaves_out_days_that_the_run_did_not_read(self, flow, run):
        read_day(run, DAY, prices(2))
        read_day(run, SECOND, prices(2))
        again = make_run(flow, trigger=Trigger.REPROCESS)
        read_day(again, SECOND, [])
        assert (proof(again).before, proof(again).after) == (2, 0)
