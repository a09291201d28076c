"""The page of all runs: what needs a person, what is going on, what is done."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dataflows.models import DataflowStatus, Run, RunStatus, Trigger
from tests.dataflows.factories import counts, make_flow, make_run

pytestmark = pytest.mark.django_db
URL = "/monitoring/"
BLOCKS = {"attention": "attention-title", "progress": "in-progress", "completed": "completed-title"}


def blocks(browse, user, query=""):
    """The numbers of the runs listed in each block."""
    html = browse(user).get(f"{URL}{query}").content.decode()
    starts = {name: html.index(BLOCKS[name]) for name in BLOCKS}
    ends = {"attention": starts["progress"], "progress": starts["completed"], "completed": len(html)}
    found = Run.objects.values_list("pk", flat=True)
    return {name: {pk for pk in found if f'id="run-{pk}"' in html[starts[name] : ends[name]]} for name in BLOCKS}


class TestBlocks:
    def test_hold_each_run_where_it_belongs(self, browse, viewer):
        done, failed = make_run(), make_run(status=RunStatus.FAILED)
        queued, running = make_run(status=RunStatus.QUEUED), make_run(status=RunStatus.RUNNING)
        assert blocks(browse, viewer) == {
            "attention": {failed.pk},
            "progress": {queued.pk, running.pk},
            "completed": {done.pk, failed.pk},
        }

    def test_drop_a_failure_once_a_later_run_of_the_dataflow_succeeded(self, browse, viewer):
        flow = make_flow()
        failed = make_run(flow, status=RunStatus.FAILED, created=timezone.now() - timedelta(hours=2))
        make_run(flow)
        found = blocks(browse, viewer)
        assert found["attention"] == set()
        assert failed.pk in found["completed"]

    def test_refresh_the_running_ones_alone(self, browse, viewer):
        running, done = make_run(status=RunStatus.RUNNING), make_run()
        html = browse(viewer).get(URL, headers={"HX-Request": "true"}).content.decode()
        assert f"run-{running.pk}" in html
        assert f"run-{done.pk}" not in html
        assert "<html" not in html

    def test_count_dataflows_that_wait_for_a_person(self, browse, viewer):
        make_run(make_flow(status=DataflowStatus.DISABLED, status_reason="bad_credentials"))
        assert "1 dataflow needs attention" in browse(viewer).get(URL).content.decode()


class TestFilters:
    @pytest.mark.parametrize(
        ("frame", "kept"), [("", 1), ("?frame=24h", 1), ("?frame=7d", 2), ("?frame=30d", 3), ("?frame=all", 4)]
    )
    def test_keep_a_time_frame(self, browse, viewer, frame, kept):
        for days in (0, 3, 20, 90):
            make_run(created=timezone.now() - timedelta(days=days, minutes=1))
        assert len(blocks(browse, viewer, frame)["completed"]) == kept

    def test_keep_failures(self, browse, viewer):
        make_run()
        bad = {make_run(status=status).pk for status in (RunStatus.FAILED, RunStatus.PARTIAL)}
        assert blocks(browse, viewer, "?failures=on")["completed"] == bad

    def test_keep_a_status_a_trigger_or_a_dataflow(self, browse, viewer):
        one = make_run(trigger=Trigger.RETRY, status=RunStatus.CANCELLED)
        make_run()
        for query in ("?status=cancelled", "?trigger=retry", f"?dataflow={one.dataflow_id}"):
            assert blocks(browse, viewer, query)["completed"] == {one.pk}

    def test_that_make_no_sense_are_left_out(self, browse, viewer):
        run = make_run()
        assert blocks(browse, viewer, "?status=x&trigger=y&dataflow=z&frame=w&page=v")["completed"] == {run.pk}

    def test_that_fit_nothing_say_so(self, browse, viewer):
        make_run()
        assert "No run fits the filters" in browse(viewer).get(f"{URL}?status=failed").content.decode()


class TestTotals:
    def test_sum_up_the_time_frame(self, browse, viewer):
        flow = make_flow()
        make_run(flow, **counts(loaded=1500, duplicate=300, rejected=200))
        make_run(flow, status=RunStatus.FAILED)
        make_run(flow, status=RunStatus.FAILED)
        make_run(created=timezone.now() - timedelta(days=3), **counts(loaded=999_999))
        html = browse(viewer).get(URL).content.decode()
        for text in ("<dd>2,000</dd>", "<dd>1,500</dd>", "<dd>200</dd>", "<dd>75.0 %</dd>", "<dd>1</dd>"):
            assert text in html

    def test_leave_out_dry_runs(self, browse, viewer):
        make_run(dry_run=True, status=RunStatus.FAILED, **counts(loaded=4711, rejected=13))
        answer = browse(viewer).get(URL)
        totals = answer.context["totals"]
        assert (totals.received, totals.loaded, totals.rejected, totals.failed_dataflows) == (0, 0, 0, 0)

    def test_count_what_came_in_and_was_not_loaded(self, browse, viewer):
        make_run(status=RunStatus.FAILED, received=300, rejected=100, withheld=200)
        make_run(**counts(loaded=100))
        html = browse(viewer).get(URL).content.decode()
        for text in ("<dd>400</dd>", "<dd>100</dd>", "<dd>200</dd>", "<dd>25.0 %</dd>", "200 not loaded"):
            assert text in html


class TestADryRun:
    def test_is_called_so_in_the_list(self, browse, viewer):
        make_run(dry_run=True, **counts(loaded=4711))
        html = browse(viewer).get(URL).content.decode()
        assert "Dry run</span>" in html
        assert "would be 4,711" in html

    def test_that_failed_needs_no_attention(self, browse, viewer):
        run = make_run(dry_run=True, status=RunStatus.FAILED)
        assert blocks(browse, viewer) == {"attention": set(), "progress": set(), "completed": {run.pk}}

    def test_does_not_hide_that_the_last_real_run_failed(self, browse, viewer):
        failed = make_run(status=RunStatus.FAILED, created=timezone.now() - timedelta(hours=1))
        make_run(failed.dataflow, dry_run=True)
        assert blocks(browse, viewer)["attention"] == {failed.pk}


class TestAnEmptyPage:
    def test_says_that_nothing_has_ever_run(self, browse, viewer):
        html = browse(viewer).get(URL).content.decode()
        assert "Nothing has run yet" in html
        assert "No run fits" not in html


class TestManyRuns:
    def test_cost_no_more_questions_than_few(self, browse, viewer):
        make_run()
        browser = browse(viewer)
        with CaptureQueriesContext(connection) as few:
            browser.get(URL)
        for _ in range(50):
            make_run()
        with CaptureQueriesContext(connection) as many:
            answer = browser.get(URL)
        assert len(many) == len(few)
        assert "Page 1 of 3" in answer.content.decode()

    def test_are_read_through_an_index(self, viewer):
        """The newest page of twenty thousand runs is read from an index, not by sorting them all."""
        from dataflows.monitoring import queries

        plan = queries.runs(viewer, {})[:25].explain()
        assert "TEMP B-TREE" not in plan.upper()


def test_people_without_a_role_are_turned_away(browse, stranger):
    assert browse(stranger).get(URL).status_code == 403
