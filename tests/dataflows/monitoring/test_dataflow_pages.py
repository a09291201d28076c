"""The list of dataflows, the page of one, and what can be done to it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dataflows.models import Dataflow, DataflowStatus, Dataset, DayStatus, Run, RunStatus, Trigger
from tests.dataflows.factories import make_account, make_day, make_draft, make_flow, make_run, make_window

pytestmark = pytest.mark.django_db
LIST = "/dataflows/"
HOSTILE = "<script>alert(1)</script>"


def page(browse, user, url=LIST):
    return browse(user).get(url).content.decode()


class TestTheList:
    def test_shows_what_is_read_where_it_goes_and_how_it_went(self, browse, viewer):
        flow = make_flow(name="Orders", account=make_account(name="EU shop"))
        make_run(flow, status=RunStatus.PARTIAL)
        html = page(browse, viewer)
        for text in ("Orders", "EU shop", "Shop", str(flow.dataset), "Every day at 06:30 (UTC)", "Partial success"):
            assert text in html

    def test_says_why_an_error_paused_a_dataflow(self, browse, viewer):
        make_flow(status=DataflowStatus.DISABLED, status_reason="bad_credentials")
        assert "Mixpanel refused the credentials." in page(browse, viewer)

    def test_marks_an_account_of_the_sample(self, browse, viewer):
        make_flow(account=make_account(region="http://127.0.0.1:9"))
        assert "tag-sample" in page(browse, viewer)

    def test_leads_an_analyst_from_a_draft_back_into_the_wizard(self, browse, analyst):
        draft = make_draft()
        assert reverse("dataflows:wizard", args=[draft.pk, "project"]) in page(browse, analyst)

    def test_gives_a_viewer_no_buttons(self, browse, viewer):
        flow = make_flow()
        html = page(browse, viewer)
        assert reverse("dataflows:dataflow_run", args=[flow.pk]) not in html
        assert reverse("dataflows:wizard_new") not in html

    def test_gives_an_analyst_the_buttons(self, browse, analyst):
        flow = make_flow()
        html = page(browse, analyst)
        for name in ("dataflow_run", "dataflow_disable", "dataflow_delete"):
            assert reverse(f"dataflows:{name}", args=[flow.pk]) in html

    def test_escapes_names(self, browse, viewer):
        make_flow(name=HOSTILE, project_name=HOSTILE)
        html = page(browse, viewer)
        assert HOSTILE not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html

    def test_is_closed_to_people_without_a_role(self, browse, stranger):
        assert browse(stranger).get(LIST).status_code == 403

    def test_asks_visitors_to_log_in(self, client):
        assert client.get(LIST)["Location"].startswith("/login/")

    def test_asks_the_database_no_more_for_fifty_rows_than_for_one(self, browse, analyst):
        make_run(make_flow())
        browser = browse(analyst)
        with CaptureQueriesContext(
            connection,
        ) as one:
            browser.get(LIST)
        for _ in range(49):
            make_run(make_flow())
        with CaptureQueriesContext(connection) as fifty:
            browser.get(LIST)
        assert len(fifty) == len(one)
        assert len(fifty) <= 12

    def test_turns_pages(self, browse, viewer):
        account = make_account()
        for number in range(26):
            make_flow(name=f"Flow {number:02}", account=account)
        first, second = page(browse, viewer), page(browse, viewer, f"{LIST}?page=2")
        assert "Page 1 of 2" in first
        assert "Flow 00" not in first
        assert "Flow 00" in second

    @pytest.mark.parametrize("number", ["0", "999", "bogus"])
    def test_shows_a_page_for_any_page_number(self, browse, viewer, number):
        make_flow()
        assert browse(viewer).get(f"{LIST}?page={number}").status_code == 200


class TestFilters:
    @pytest.fixture(autouse=True)
    def flows(self, db):
        self.good = make_flow(name="Good one", project_name="Alpha")
        self.bad = make_flow(name="Bad one", project_name="Beta", status=DataflowStatus.DISABLED)
        make_run(self.good)
        make_run(self.bad, status=RunStatus.FAILED, error_code="service_down")

    def shown(self, browse, viewer, query):
        html = page(browse, viewer, f"{LIST}?{query}")
        return {name for name in ("Good one", "Bad one") if f">{name}</a>" in html}

    @pytest.mark.parametrize("query", ["q=bad", "q=beta", "status=disabled", "attention=on"])
    def test_keep_what_fits(self, browse, viewer, query):
        assert self.shown(browse, viewer, query) == {"Bad one"}

    def test_keep_the_flows_of_an_account_or_a_dataset(self, browse, viewer):
        assert self.shown(browse, viewer, f"account={self.good.account_id}") == {"Good one"}
        assert self.shown(browse, viewer, f"dataset={self.good.dataset_id}") == {"Good one"}

    @pytest.mark.parametrize(
        "query", ["status=bogus", "account=x", "account=99999999999999999999", "sort=bogus", "q=%00"]
    )
    def test_leave_out_what_makes_no_sense(self, browse, viewer, query):
        assert self.shown(browse, viewer, query) == {"Good one", "Bad one"}

    def test_need_attention_no_more_once_a_later_run_succeeded(self, browse, viewer):
        make_run(self.bad, status=RunStatus.SUCCEEDED)
        assert self.shown(browse, viewer, "attention=on") == set()

    def test_need_attention_still_while_the_next_run_is_going_on(self, browse, viewer):
        make_run(self.bad, status=RunStatus.RUNNING)
        assert self.shown(browse, viewer, "attention=on") == {"Bad one"}

    def test_sort_by_name(self, browse, viewer):
        html = page(browse, viewer, f"{LIST}?sort=name")
        assert html.index(">Bad one<") < html.index(">Good one<")

    def test_that_fit_nothing_say_so(self, browse, viewer):
        html = page(browse, viewer, f"{LIST}?q=nothing-like-it")
        assert "No dataflow fits the filters" in html
        assert "There is no dataflow yet" not in html


class TestTheEmptyList:
    def test_offers_an_analyst_the_wizard(self, browse, analyst):
        html = page(browse, analyst)
        assert "There is no dataflow yet" in html
        assert reverse("dataflows:wizard_new") in html

    def test_tells_a_viewer_whom_to_ask(self, browse, viewer):
        assert "An analyst can set one up." in page(browse, viewer)


class TestOneDataflow:
    def test_shows_its_properties_and_its_next_runs(self, browse, viewer, analyst):
        flow = make_flow(description="All of it", created_by=analyst, schedule_zone="Europe/Berlin")
        html = page(browse, viewer, flow.get_absolute_url())
        for text in (
            "All of it",
            "3187769",
            "Most events arrive",
            "anna",
            "5.00",
            "Europe/Berlin",
            str(flow.dataset.schema),
        ):
            assert text in html
        assert html.count("<li><time") == 5

    def test_announces_no_next_run_while_it_is_disabled(self, browse, viewer):
        flow = make_flow(status=DataflowStatus.DISABLED)
        assert "None while it is disabled." in page(browse, viewer, flow.get_absolute_url())

    def test_opens_although_its_schedule_cannot_be_read(self, browse, viewer):
        flow = make_flow(frequency="cron", cron="every now and then")
        assert "None: the schedule has ended." in page(browse, viewer, flow.get_absolute_url())

    def test_links_every_covered_day_to_the_run_that_loaded_it(self, browse, viewer):
        flow = make_flow()
        yesterday = timezone.now().date() - timedelta(days=1)
        run = make_run(flow, first_day=yesterday, last_day=yesterday)
        make_day(flow, yesterday, window=make_window(run), received=4321, loaded=4321)
        make_day(flow, yesterday - timedelta(days=1), status=DayStatus.FAILED, published_at=None)
        html = page(browse, viewer, flow.get_absolute_url())
        assert f'href="{run.get_absolute_url()}" title="{yesterday}: Loaded, 4,321 rows"' in html
        assert "mark-failed" in html
        assert "Missing 5" in " ".join(html.split())

    def test_lists_its_runs_and_filters_them(self, browse, viewer):
        flow = make_flow()
        good, bad = make_run(flow), make_run(flow, status=RunStatus.FAILED)
        other = make_run(make_flow())
        html = page(browse, viewer, flow.get_absolute_url())
        assert good.get_absolute_url() in html
        assert bad.get_absolute_url() in html
        assert other.get_absolute_url() not in html
        html = page(browse, viewer, f"{flow.get_absolute_url()}?status=failed")
        assert good.get_absolute_url() not in html
        assert bad.get_absolute_url() in html

    def test_tells_never_ran_from_filtered_away(self, browse, viewer):
        flow = make_flow()
        assert "It has never run." in page(browse, viewer, flow.get_absolute_url())
        make_run(flow)
        assert "no run has the status asked for" in page(browse, viewer, f"{flow.get_absolute_url()}?status=failed")

    def test_leads_a_draft_into_the_wizard(self, browse, analyst):
        draft = make_draft()
        answer = browse(analyst).get(reverse("dataflows:dataflow", args=[draft.pk]))
        assert answer["Location"] == reverse("dataflows:wizard", args=[draft.pk, "project"])

    def test_asks_the_database_no_more_for_many_runs_and_days(self, browse, viewer):
        flow = make_flow(history_from=timezone.now().date() - timedelta(days=300))
        browser = browse(viewer)
        make_run(flow)
        with CaptureQueriesContext(connection) as few:
            browser.get(flow.get_absolute_url())
        window = make_window(make_run(flow))
        for back in range(1, 60):
            make_run(flow)
            make_day(flow, timezone.now().date() - timedelta(days=back), window=window)
        with CaptureQueriesContext(connection) as many:
            browser.get(flow.get_absolute_url())
        # A second page of runs is counted, not fetched.
        assert len(many) <= len(few) + 1

    def test_is_not_found_by_a_wrong_number(self, browse, viewer):
        assert browse(viewer).get("/dataflows/424242/").status_code == 404


class TestRunNow:
    def url(self, flow):
        return reverse("dataflows:dataflow_run", args=[flow.pk])

    def test_reads_what_the_schedule_would_read(self, browse, analyst):
        flow = make_flow()
        answer = browse(analyst).post(self.url(flow))
        run = flow.runs.get()
        assert answer["Location"] == run.get_absolute_url()
        assert (run.trigger, run.requested_by) == (Trigger.USER, analyst)
        assert run.last_day == timezone.now().date() - timedelta(days=1)

    def test_reads_the_days_asked_for(self, browse, analyst):
        flow = make_flow()
        browse(analyst).post(self.url(flow), {"first_day": "2026-01-05", "last_day": "2026-01-06"})
        run = flow.runs.get()
        assert (str(run.first_day), str(run.last_day)) == ("2026-01-05", "2026-01-06")

    @pytest.mark.parametrize(
        ("days", "said"),
        [
            (("2026-01-05", ""), "Give both days, or neither."),
            (("", "2026-01-05"), "Give both days, or neither."),
            (("2026-01-06", "2026-01-05"), "The last day lies before the first."),
            (("2026-01-06", "2999-01-05"), "Mixpanel has no later day than"),
            (("2010-12-31", "2026-01-05"), "Mixpanel holds no events before 2011."),
            (("soon", "2026-01-05"), "Enter a valid date."),
        ],
    )
    def test_says_at_the_field_what_is_wrong_with_the_days(self, browse, analyst, days, said):
        flow = make_flow()
        answer = browse(analyst).post(self.url(flow), {"first_day": days[0], "last_day": days[1]})
        assert said in answer.content.decode()
        assert not flow.runs.exists()

    def test_refuses_a_second_run_at_the_same_time(self, browse, analyst):
        flow = make_flow()
        make_run(flow, status=RunStatus.RUNNING)
        answer = browse(analyst).post(self.url(flow))
        assert "still going on" in answer.content.decode()
        assert flow.runs.count() == 1

    def test_shows_the_plan_of_the_days_asked_for_before_it_starts(self, browse, analyst):
        flow = make_flow()
        answer = browse(analyst).get(self.url(flow), {"first_day": "2026-01-05", "last_day": "2026-01-07"})
        assert answer.context["plan"].forecast.requests == 3
        for words in ("Plan: 2026-01-05 to 2026-01-07", 'value="2026-01-05"', "Start the run"):
            assert words in answer.content.decode()
        assert not flow.runs.exists()

    def test_shows_the_days_it_would_read(self, browse, analyst):
        yesterday = timezone.now().date() - timedelta(days=1)
        assert str(yesterday) in page(browse, analyst, self.url(make_flow()))

    def test_does_not_run_a_draft(self, browse, analyst):
        assert browse(analyst).post(self.url(make_draft())).status_code == 404


class TestSwitching:
    def test_disables_and_enables(self, browse, analyst):
        flow = make_flow()
        made = flow.updated_at
        browse(analyst).post(reverse("dataflows:dataflow_disable", args=[flow.pk]))
        flow.refresh_from_db()
        assert flow.status == DataflowStatus.DISABLED
        assert flow.updated_at > made
        assert flow.updated_by == analyst
        answer = browse(analyst).post(reverse("dataflows:dataflow_enable", args=[flow.pk]), follow=True)
        flow.refresh_from_db()
        assert flow.status == DataflowStatus.ENABLED
        assert "is enabled" in answer.content.decode()

    def test_needs_a_post(self, browse, analyst):
        assert browse(analyst).get(reverse("dataflows:dataflow_disable", args=[make_flow().pk])).status_code == 405


class TestDeleting:
    def url(self, flow):
        return reverse("dataflows:dataflow_delete", args=[flow.pk])

    def test_asks_first_and_says_that_the_data_stay(self, browse, analyst):
        flow = make_flow()
        html = page(browse, analyst, self.url(flow))
        assert "The dataset stays, and so does all data in it:" in html
        assert str(flow.dataset) in html
        assert Dataflow.objects.filter(pk=flow.pk).exists()

    def test_removes_the_dataflow_and_keeps_the_dataset(self, browse, analyst):
        flow = make_flow()
        make_window(make_run(flow))
        browse(analyst).post(self.url(flow))
        assert not Dataflow.objects.filter(pk=flow.pk).exists()
        assert Dataset.objects.filter(pk=flow.dataset_id).exists()

    def test_is_refused_while_it_runs(self, browse, analyst):
        flow = make_flow()
        make_run(flow, status=RunStatus.RUNNING)
        assert "Cancel it first." in browse(analyst).post(self.url(flow)).content.decode()
        assert Dataflow.objects.filter(pk=flow.pk).exists()


@pytest.mark.parametrize("name", ["dataflow_run", "dataflow_enable", "dataflow_disable", "dataflow_delete"])
class TestAViewer:
    def test_may_change_nothing(self, browse, viewer, name):
        flow = make_flow(status=DataflowStatus.DISABLED)
        assert browse(viewer).post(reverse(f"dataflows:{name}", args=[flow.pk])).status_code == 403
        flow.refresh_from_db()
        assert flow.status == DataflowStatus.DISABLED
        assert not Run.objects.exists()
