"""The page that plans a backfill, and the buttons that pause it and let it go on."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dataflows.models import DayStatus, PauseReason, Run, RunStatus, Trigger
from tests.dataflows.factories import make_day, make_flow, make_run, make_window

pytestmark = pytest.mark.django_db


@pytest.fixture
def flow():
    """Wants a week, of which two days are loaded and one has failed."""
    today = timezone.now().date()
    flow = make_flow(history_from=today - timedelta(days=7), start_at=timezone.now())
    for ago, status in ((1, DayStatus.LOADED), (2, DayStatus.LOADED), (3, DayStatus.FAILED)):
        make_day(flow, today - timedelta(days=ago), status=status, received=1000, loaded=1000)
    return flow


def url(flow):
    return reverse("dataflows:dataflow_backfill", args=[flow.pk])


def day(ago):
    return (timezone.now().date() - timedelta(days=ago)).isoformat()


class TestThePlan:
    def test_chooses_missing_and_failed_days_of_the_whole_range_by_itself(self, browse, analyst, flow):
        answer = browse(analyst).get(url(flow))
        assert [found.isoformat() for found in answer.context["plan"].days] == [day(ago) for ago in (7, 6, 5, 4, 3)]
        for words in ("Start the backfill", "Export requests", "about 5,000", "10 of each hour are kept"):
            assert words in answer.content.decode()

    def test_reads_loaded_days_again_when_told_to(self, browse, analyst, flow):
        answer = browse(analyst).get(url(flow), {"first_day": day(2), "last_day": day(1), "which": "every"})
        assert len(answer.context["plan"].days) == 2

    def test_says_when_there_is_nothing_to_read(self, browse, analyst, flow):
        html = browse(analyst).get(url(flow), {"first_day": day(2), "last_day": day(1)}).content.decode()
        assert "Nothing to read" in html
        assert "Start the backfill" not in html

    @pytest.mark.parametrize(
        ("first", "last", "words"),
        [(1, 3, "lies before the first"), (1, -2, "no later day"), (9000, 1, "before 2011")],
    )
    def test_names_a_day_that_makes_no_sense(self, browse, analyst, flow, first, last, words):
        html = browse(analyst).get(url(flow), {"first_day": day(first), "last_day": day(last)}).content.decode()
        assert words in html
        assert "Start the backfill" not in html

    def test_is_for_analysts(self, browse, viewer, flow):
        assert browse(viewer).get(url(flow)).status_code == 403


class TestStarting:
    def test_queues_a_run_over_what_was_shown(self, browse, analyst, flow):
        answer = browse(analyst).post(url(flow), {"first_day": day(4), "last_day": day(2), "which": "missing"})
        run = Run.objects.get()
        assert answer["Location"] == run.get_absolute_url()
        assert (run.trigger, run.requested_by, run.day_count) == (Trigger.BACKFILL, analyst, 2)

    def test_a_second_one_is_refused_with_a_link_to_the_first(self, browse, analyst, flow):
        first = make_run(flow, trigger=Trigger.BACKFILL, status=RunStatus.RUNNING)
        html = browse(analyst).post(url(flow), {"first_day": day(4), "last_day": day(4)}).content.decode()
        assert "not finished" in html
        assert first.get_absolute_url() in html
        assert Run.objects.count() == 1


class TestTheButtons:
    @pytest.fixture
    def run(self, flow):
        run = make_run(flow, trigger=Trigger.BACKFILL, status=RunStatus.RUNNING)
        make_window(run, status="waiting")
        return run

    def press(self, client, name, run):
        html = client.post(reverse(f"dataflows:{name}", args=[run.pk]), follow=True).content.decode()
        run.refresh_from_db()
        return html

    def test_pause_and_resume(self, browse, analyst, run):
        client = browse(analyst)
        assert "Pause" in client.get(run.get_absolute_url()).content.decode()
        html = self.press(client, "run_pause", run)
        assert (run.status, run.pause_reason) == (RunStatus.PAUSED, PauseReason.USER)
        assert "Paused by a person" in html
        assert "Resume" in html
        self.press(client, "run_resume", run)
        assert run.status == RunStatus.QUEUED

    def test_say_that_a_backfill_makes_way(self, browse, viewer, run):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.PAUSED, pause_reason=PauseReason.SCHEDULE)
        assert "Makes way" in browse(viewer).get(run.get_absolute_url()).content.decode()

    def test_resume_behind_another_run_says_so(self, browse, analyst, run):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.PAUSED, pause_reason=PauseReason.USER)
        make_run(run.dataflow, status=RunStatus.RUNNING)
        assert "follows by itself" in self.press(browse(analyst), "run_resume", run)

    def test_come_too_late_for_an_ended_backfill(self, browse, analyst, run):
        Run.objects.filter(pk=run.pk).update(status=RunStatus.SUCCEEDED)
        assert "had ended before" in self.press(browse(analyst), "run_pause", run)
        assert "not paused any more" in self.press(browse(analyst), "run_resume", run)

    def test_are_for_analysts(self, browse, viewer, run):
        for name in ("run_pause", "run_resume"):
            assert browse(viewer).post(reverse(f"dataflows:{name}", args=[run.pk])).status_code == 403

    def test_there_is_no_pause_for_other_runs(self, browse, analyst, flow):
        run = make_run(flow, status=RunStatus.RUNNING)
        assert browse(analyst).post(reverse("dataflows:run_pause", args=[run.pk])).status_code == 404
