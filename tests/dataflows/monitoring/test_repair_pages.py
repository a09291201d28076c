"""The pages on which a person repairs what a run could not decide alone: held days, other mappings, times."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from dataflows import stores
from dataflows.models import DayStatus, Run, RunStatus, Trigger, Window, WindowStatus
from tests.dataflows.factories import counts, day_account, make_day, make_flow, make_run, make_window

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


def land(key: str) -> str:
    writer = stores.landing().create(key)
    writer.write(b"x")
    writer.commit()
    return key


@pytest.fixture
def flow():
    return make_flow(history_from=DAY)


def text(answer) -> str:
    return answer.content.decode()


class TestHeldDays:
    @pytest.fixture
    def day(self, flow):
        window = make_window(make_run(flow, status=RunStatus.PARTIAL), DAY, landed_key=land("raw/1.gz"))
        return make_day(
            flow, DAY, status=DayStatus.HELD, held=counts(loaded=40), held_window=window,
            landed_key=window.landed_key, **counts(loaded=1000),
        )  # fmt: skip

    def decide(self, client, name, day):
        url = reverse(f"dataflows:{name}", args=[day.dataflow_id, day.day])
        answer = client.post(url, follow=True)
        day.refresh_from_db()
        return text(answer)

    def test_show_both_counts_and_both_choices(self, browse, analyst, day):
        html = text(browse(analyst).get(day.dataflow.get_absolute_url()))
        for words in ("1 day waits for a decision", "1,000", "40", "−960", "Keep old", "Accept new"):
            assert words in html

    def test_keep_old_leaves_the_dataset_alone(self, browse, analyst, day):
        assert "stays as it is" in self.decide(browse(analyst), "day_keep", day)
        assert (day.status, day.loaded, day.held) == (DayStatus.LOADED, 1000, {})

    def test_accept_new_promotes_the_answer_that_is_there(self, browse, analyst, day):
        self.decide(browse(analyst), "day_accept", day)
        run = Run.objects.get(trigger=Trigger.REPROCESS)
        assert (run.accepts_shrinking, run.windows.get().landed_key) == (True, "raw/1.gz")

    def test_a_second_decision_is_told_so(self, browse, analyst, day):
        client = browse(analyst)
        self.decide(client, "day_keep", day)
        assert "decided about 2026-03-01 already" in self.decide(client, "day_keep", day)
        assert "decided about this day already" in self.decide(client, "day_accept", day)

    def test_are_seen_but_not_decided_by_viewers(self, browse, viewer, day):
        client = browse(viewer)
        assert "Keep old" not in text(client.get(day.dataflow.get_absolute_url()))
        for name in ("day_keep", "day_accept"):
            assert client.post(reverse(f"dataflows:{name}", args=[day.dataflow_id, DAY])).status_code == 403


class TestReprocess:
    @pytest.fixture
    def days(self, flow):
        rejected, failed, good = (DAY + timedelta(days=number) for number in range(3))
        make_day(flow, rejected, landed_key=land("raw/a.gz"), **counts(loaded=9, rejected=1))
        make_day(flow, failed, landed_key=land("raw/b.gz"), status=DayStatus.FAILED)
        make_day(flow, good, landed_key=land("raw/c.gz"), **counts(loaded=5))
        return [rejected, failed, good]

    def url(self, flow):
        return reverse("dataflows:dataflow_reprocess", args=[flow.pk])

    def test_says_how_many_days_are_kept(self, browse, analyst, flow, days):
        html = text(browse(analyst).get(self.url(flow)))
        assert "raw answers of 3 days are kept. Days that failed or have rejected records: 2." in html

    def test_tries_the_troubled_days_first(self, browse, analyst, flow, days):
        answer = browse(analyst).post(self.url(flow), {"which": "troubled", "dry": "1"})
        run = Run.objects.get()
        assert answer["Location"] == run.get_absolute_url()
        assert (run.dry_run, run.day_count, run.last_day) == (True, 2, days[1])

    def test_publishes_when_told_to(self, browse, analyst, flow, days):
        browse(analyst).post(self.url(flow), {"which": "every", "publish": "1"})
        assert (Run.objects.get().dry_run, Run.objects.get().day_count) == (False, 3)

    def test_stays_within_the_days_given(self, browse, analyst, flow, days):
        span = {"first_day": days[2].isoformat(), "last_day": days[2].isoformat()}
        browse(analyst).post(self.url(flow), {"which": "every", **span})
        assert Run.objects.get().first_day == days[2]

    def test_says_so_when_no_day_is_left(self, browse, analyst, flow, days):
        span = {"first_day": days[2].isoformat(), "last_day": days[2].isoformat()}
        html = text(browse(analyst).post(self.url(flow), {"which": "troubled", **span}))
        assert "None of these days" in html

    def test_offers_a_backfill_when_nothing_is_kept(self, browse, analyst, flow):
        html = text(browse(analyst).get(self.url(flow)))
        assert "No raw answer is kept" in html
        assert reverse("dataflows:dataflow_backfill", args=[flow.pk]) in html

    def test_is_for_analysts(self, browse, viewer, flow):
        assert browse(viewer).get(self.url(flow)).status_code == 403


class TestADryRun:
    @pytest.fixture
    def tried(self, flow):
        """Before: 80 loaded and 20 rejected for their price. With the new mapping: 98 and 2, another reason."""
        before = make_run(flow, created=timezone.now() - timedelta(hours=1))
        account = day_account(DAY, loaded=80, rejected=20)
        make_window(before, DAY, days=[account | {"reasons": [reason("price", 20)]}], **counts(loaded=80, rejected=20))
        make_day(flow, DAY, landed_key=land("raw/d.gz"), **counts(loaded=80, rejected=20))
        run = make_run(flow, trigger=Trigger.REPROCESS, dry_run=True, last_day=DAY, **counts(loaded=98, rejected=2))
        after = day_account(DAY, loaded=98, rejected=2) | {"reasons": [reason("size", 2)]}
        make_window(run, DAY, days=[after], **counts(loaded=98, rejected=2))
        return run

    def test_shows_what_would_change_by_reason(self, browse, viewer, tried):
        answer = browse(viewer).get(tried.get_absolute_url())
        comparison = answer.context["comparison"]
        assert [(each.before, each.after) for each in comparison.totals] == [
            (100, 100),
            (80, 98),
            (0, 0),
            (20, 2),
            (0, 0),
        ]
        assert [(each.key.field, each.before, each.after) for each in answer.context["proof"].groups] == [
            ("size", 0, 2),
            ("price", 20, 0),
        ]
        for words in ("What would change", "+18", "−20", "Nothing was published"):
            assert words in text(answer)

    def test_says_would_where_nothing_was_done(self, browse, viewer, tried):
        html = " ".join(text(browse(viewer).get(tried.get_absolute_url())).split())
        assert "Would be loaded" in html
        assert "98 rows would be ingested" in html
        assert "rows were ingested" not in html

    def test_says_which_reading_it_is_compared_with(self, browse, viewer, flow, tried):
        """A re-read after the day was loaded failed on 60: the dataset still has the day without the 20."""
        failed = make_run(flow, status=RunStatus.FAILED, created=timezone.now() - timedelta(minutes=30))
        late = timezone.now() - timedelta(minutes=20)
        Window.objects.filter(run__dataflow=flow, run__dry_run=False).update(finished_at=late - timedelta(minutes=9))
        Run.objects.filter(pk=tried.pk).update(created_at=late + timedelta(minutes=9))
        account = day_account(DAY, failed=True, loaded=40, rejected=60)
        make_window(failed, DAY, status=WindowStatus.FAILED, days=[account], finished_at=late)
        answer = browse(viewer).get(tried.get_absolute_url())
        proof = answer.context["proof"]
        assert (proof.before, proof.in_force, proof.after) == (60, 20, 2)
        assert [each.before for each in answer.context["comparison"].totals] == [100, 80, 0, 20, 0]
        html = " ".join(text(answer).split())
        assert (
            "When these days were last read, 60 of their records were rejected; with this mapping 2 would be." in html
        )
        assert "of the readings that the dataset had, 20 records were rejected" in html

    def test_is_done_for_real_by_a_button(self, browse, analyst, tried):
        browse(analyst).post(reverse("dataflows:run_publish", args=[tried.pk]))
        run = Run.objects.exclude(dry_run=True).get(trigger=Trigger.REPROCESS)
        assert (run.first_day, run.windows.get().landed_key) == (DAY, "raw/d.gz")

    def test_tells_days_that_would_become_loaded(self, browse, viewer, flow):
        make_window(
            make_run(flow, created=timezone.now() - timedelta(hours=1)), DAY, days=[day_account(DAY, failed=True)]
        )
        run = make_run(flow, dry_run=True, last_day=DAY)
        make_window(run, DAY, days=[day_account(DAY, loaded=5)])
        assert "1 day that is not loaded would be loaded" in text(browse(viewer).get(run.get_absolute_url()))

    def test_tells_when_nothing_would_change(self, browse, viewer, flow):
        for dry, hours in ((False, 1), (True, 0)):
            run = make_run(flow, dry_run=dry, last_day=DAY, created=timezone.now() - timedelta(hours=hours))
            make_window(
                run, DAY, days=[day_account(DAY, loaded=5)], finished_at=timezone.now() - timedelta(hours=hours)
            )
        assert "loaded as they are now" in text(browse(viewer).get(run.get_absolute_url()))


class TestTheMeaningOfTimes:
    @pytest.fixture
    def paused(self):
        flow = make_flow(status="disabled", status_reason="time_semantic_changed", timezone="Europe/Berlin")
        detail = "95 of 100 live events carry the wall clock."
        make_run(flow, status=RunStatus.FAILED, error_code="time_semantic_changed", error_detail=detail)
        return flow

    def url(self, flow):
        return reverse("dataflows:dataflow_times", args=[flow.pk])

    def test_is_asked_where_the_dataflow_says_why_it_paused(self, browse, analyst, paused):
        client = browse(analyst)
        for page in (paused.get_absolute_url(), paused.runs.get().get_absolute_url()):
            assert self.url(paused) in text(client.get(page))
        assert "95 of 100" in text(client.get(self.url(paused)))

    def test_is_changed_and_leads_to_the_days_loaded_before(self, browse, analyst, paused):
        answer = browse(analyst).post(self.url(paused), {"time_semantic": "legacy"})
        paused.refresh_from_db()
        assert (paused.time_semantic, paused.status, paused.time_alarm) == ("legacy", "enabled", True)
        assert answer["Location"] == reverse("dataflows:dataflow_reprocess", args=[paused.pk])

    def test_is_kept_and_not_asked_again(self, browse, analyst, paused):
        browse(analyst).post(self.url(paused), {"time_semantic": "utc"})
        paused.refresh_from_db()
        assert (paused.time_semantic, paused.status, paused.time_alarm) == ("utc", "enabled", False)
        assert "Chosen by anna" in paused.time_evidence

    def test_must_be_one_of_the_two(self, browse, analyst, paused):
        assert browse(analyst).post(self.url(paused), {"time_semantic": "lunar"}).status_code == 200
        paused.refresh_from_db()
        assert paused.status == "disabled"


def reason(field: str, count: int):
    return {"code": "INGEST-1501-400", "field": field, "count": count}
