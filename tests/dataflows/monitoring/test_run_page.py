"""The page of a run in every state a run can be in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from connectors.models import RateBudget
from dataflows.models import DayStatus, Heartbeat, RunStatus, WindowStatus
from dataflows.monitoring.progress import live
from tests.dataflows.factories import counts, day_account, make_day, make_flow, make_request, make_run, make_window

pytestmark = pytest.mark.django_db
FIRST, SECOND, THIRD = date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 3)
TRACE = "Traceback (most recent call last):\n  File dedupe.py\nZeroDivisionError: division by zero"
HTMX = {"HX-Request": "true"}


def words(html: str) -> str:
    return " ".join(html.split())


def page(browse, user, run, **options):
    return words(browse(user).get(run.get_absolute_url(), **options).content.decode())


class TestAQueuedRun:
    def test_waits_for_a_worker(self, browse, viewer):
        run = make_run(status=RunStatus.QUEUED)
        make_window(run, status=WindowStatus.WAITING)
        html = page(browse, viewer, run)
        assert "Waiting for a worker." in html
        assert "no estimate while it waits" in html
        assert "last seen" not in html

    def test_says_when_no_worker_was_ever_seen(self, browse, viewer):
        run = make_run(status=RunStatus.QUEUED, created=timezone.now() - timedelta(minutes=10))
        make_window(run, status=WindowStatus.WAITING)
        html = page(browse, viewer, run)
        assert "No worker has ever been seen." in html
        assert reverse("dataflows:status") in html

    def test_says_when_a_worker_was_last_seen(self, browse, viewer):
        run = make_run(status=RunStatus.QUEUED, created=timezone.now() - timedelta(minutes=10))
        make_window(run, status=WindowStatus.WAITING)
        Heartbeat.beat("worker:host:1", now=timezone.now() - timedelta(minutes=9))
        assert "A worker was last seen" in page(browse, viewer, run)


class TestARunningRun:
    def running(self, **window):
        run = make_run(status=RunStatus.RUNNING)
        make_window(
            run, FIRST, events_done=9000, bytes_done=5_000_000, days=[day_account(FIRST, loaded=9000)], **counts(9000)
        )
        held = {"status": WindowStatus.COPYING, "lease_until": timezone.now() + timedelta(minutes=1)}
        make_window(run, SECOND, THIRD, **{**held, **window})
        return run

    def test_shows_how_far_it_is_and_how_long_it_may_take(self, browse, viewer):
        html = page(browse, viewer, self.running())
        assert "1 of 2 ended" in html
        assert "1 of 3" in html
        assert "about 3 min" in html
        assert "9,000" in html
        assert "per second" in html

    def test_makes_no_estimate_before_the_first_window_has_ended(self, browse, viewer):
        run = make_run(status=RunStatus.RUNNING)
        make_window(run, status=WindowStatus.COPYING, lease_until=timezone.now() + timedelta(minutes=1))
        assert "no estimate yet" in page(browse, viewer, run)

    def test_polls_a_fragment_of_itself(self, browse, viewer):
        run = self.running()
        assert f'hx-get="{run.get_absolute_url()}" hx-trigger="every 3s"' in page(browse, viewer, run)
        answer = browse(viewer).get(run.get_absolute_url(), headers=HTMX)
        assert answer.status_code == 200
        assert "<html" not in answer.content.decode()
        assert "1 of 2 ended" in words(answer.content.decode())

    def test_can_be_refreshed_by_hand(self, browse, viewer):
        run = self.running()
        assert f'<a class="btn btn-outline-secondary" href="{run.get_absolute_url()}">Refresh</a>' in page(
            browse, viewer, run
        )

    def test_names_the_rate_limit_it_waits_for(self, browse, viewer):
        until = timezone.now() + timedelta(minutes=12)
        waiting = {
            "status": WindowStatus.WAITING,
            "lease_until": None,
            "not_before": until,
            "error_code": "budget_empty",
        }
        run = self.running(**waiting)
        for window in run.windows.all():
            make_request(window)
        html = page(browse, viewer, run)
        assert "Waiting for Mixpanel’s rate limit, resumes <time" in html
        assert f"{until:%Y-%m-%d %H:%M:%S}" in html
        assert "(2 of 60 requests used this hour)" in html

    def test_names_the_error_after_which_it_tries_again(self, browse, viewer):
        later = {
            "status": WindowStatus.WAITING,
            "lease_until": None,
            "not_before": timezone.now() + timedelta(minutes=3),
        }
        run = self.running(**later, error_code="service_down", error_detail="HTTP 503 <upstream>")
        html = page(browse, viewer, run)
        assert "Next attempt <time" in html
        assert "Mixpanel does not work properly right now." in html
        assert "HTTP 503 &lt;upstream&gt;" in html

    def test_explains_a_second_question_after_an_empty_answer(self, browse, viewer):
        later = {
            "status": WindowStatus.WAITING,
            "lease_until": None,
            "not_before": timezone.now() + timedelta(minutes=3),
        }
        assert "believed only the second time" in page(browse, viewer, self.running(**later))

    def test_can_be_cancelled_by_an_analyst_only(self, browse, viewer, analyst):
        run = self.running()
        address = reverse("dataflows:run_cancel", args=[run.pk])
        assert address in page(browse, analyst, run)
        assert address not in page(browse, viewer, run)
        assert browse(viewer).post(address).status_code == 403

    def test_is_cancelled(self, browse, analyst):
        run = self.running()
        answer = browse(analyst).post(reverse("dataflows:run_cancel", args=[run.pk]), follow=True)
        run.refresh_from_db()
        assert run.status == RunStatus.CANCELLING
        assert "being cancelled" in answer.content.decode()


class TestAFinishedRun:
    def test_stops_the_polling_and_reloads_the_page(self, browse, viewer):
        answer = browse(viewer).get(make_run().get_absolute_url(), headers=HTMX)
        assert answer.status_code == 286
        assert answer["HX-Refresh"] == "true"

    def test_does_not_poll(self, browse, viewer):
        assert "hx-get" not in page(browse, viewer, make_run())

    def test_spells_out_the_accounting(self, browse, viewer):
        run = make_run()
        days = [day_account(FIRST, loaded=90, duplicate=6, rejected=4)]
        make_window(run, days=days, snapshot_id=8_123_456_789_012_345_678, **counts(90, 6, 4))
        html = page(browse, viewer, run)
        assert "<b>100</b> received" in html
        assert '<span class="key-duplicate"><b>6</b> duplicate</span>' in html
        assert "Balances" in html
        assert "8123456789012345678" in html
        assert html.count("<rect") == 3

    def test_counts_days_above_the_threshold_as_not_loaded(self, browse, viewer):
        run = make_run(status=RunStatus.PARTIAL)
        days = [day_account(FIRST, loaded=90), day_account(SECOND, failed=True, loaded=50, rejected=50)]
        make_window(run, FIRST, SECOND, days=days, **counts(90))
        html = page(browse, viewer, run)
        assert "<b>190</b> received" in html
        assert "<b>90</b> loaded" in html
        assert "<b>50</b> not loaded" in html
        assert "1 day is above the error threshold: 50 of its 100 records were rejected" in html
        assert "not published" in html
        assert "More records were rejected than the error threshold allows" in html
        assert "too_many_rejected" in html

    def test_names_the_share_the_threshold_and_what_the_dataset_keeps(self, browse, viewer):
        run = make_run(make_flow(error_threshold=5), status=RunStatus.FAILED, error_code="too_many_rejected")
        failed = [day_account(day, failed=True, loaded=40, rejected=60) for day in (FIRST, SECOND)]
        make_window(run, FIRST, SECOND, status=WindowStatus.FAILED, days=failed)
        make_day(run.dataflow, FIRST, status=DayStatus.FAILED, **counts(loaded=1234))
        make_day(run.dataflow, SECOND, status=DayStatus.FAILED, published_at=None)
        html = page(browse, viewer, run)
        assert "<b>2026-03-01</b>: 60 of 100 records were rejected (60.0 %)" in html
        assert "The error threshold of this dataflow is 5 % of a day’s records now." in html
        assert "The dataset keeps 1 of these days as an earlier run loaded it, with 1,234 rows." in html

    def test_says_when_the_dataset_has_nothing_of_its_days(self, browse, viewer):
        run = make_run(make_flow(partial_ingestion=False), status=RunStatus.FAILED, error_code="too_many_rejected")
        make_window(run, status=WindowStatus.FAILED, days=[day_account(FIRST, failed=True, loaded=99, rejected=1)])
        html = page(browse, viewer, run)
        assert "The dataset has nothing of these days." in html
        assert "Partial ingestion is off" in html

    def test_that_found_nothing_says_so(self, browse, viewer):
        run = make_run()
        make_window(run, days=[day_account(FIRST)])
        assert "Mixpanel has no events on these days" in page(browse, viewer, run)

    def test_is_retried_over_the_same_days(self, browse, analyst):
        run = make_run(status=RunStatus.FAILED)
        make_window(run, run.first_day, run.last_day)
        answer = browse(analyst).post(reverse("dataflows:run_retry", args=[run.pk]))
        again = run.dataflow.runs.exclude(pk=run.pk).get()
        assert answer["Location"] == again.get_absolute_url()
        assert (again.first_day, again.last_day, again.requested_by) == (run.first_day, run.last_day, analyst)

    def test_is_not_retried_while_another_run_goes_on(self, browse, analyst):
        run = make_run(status=RunStatus.FAILED)
        make_window(run)
        make_run(run.dataflow, status=RunStatus.RUNNING)
        answer = browse(analyst).post(reverse("dataflows:run_retry", args=[run.pk]), follow=True)
        assert "still going on" in answer.content.decode()
        assert run.dataflow.runs.count() == 2

    def test_is_retried_by_analysts_only(self, browse, viewer):
        run = make_run(status=RunStatus.FAILED)
        address = reverse("dataflows:run_retry", args=[run.pk])
        assert address not in page(browse, viewer, run)
        assert browse(viewer).post(address).status_code == 403

    def test_cannot_be_cancelled_any_more(self, browse, analyst):
        run = make_run()
        answer = browse(analyst).post(reverse("dataflows:run_cancel", args=[run.pk]), follow=True)
        assert "had ended before" in answer.content.decode()

    @pytest.mark.parametrize("status", [RunStatus.CANCELLED, RunStatus.CANCELLING])
    def test_names_its_status(self, browse, viewer, status):
        assert str(status.label) in page(browse, viewer, make_run(status=status))


class TestAFailedRun:
    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("bad_credentials", "Mixpanel refused the credentials."),
            ("connection_cut", "The connection broke while data was arriving."),
            ("storage_full", "There is no space left."),
            ("lake_unavailable", "The lake cannot be reached."),
            ("worker_lost", "The worker that held these days died several times."),
            ("mapping_invalid", "The mapping does not fit the dataset’s schema any more."),
            ("a_code_of_a_newer_version", "The connection to the outside failed."),
        ],
    )
    def test_says_what_happened_and_what_to_do(self, browse, viewer, code, said):
        run = make_run(status=RunStatus.FAILED, error_code=code, error_detail="it said <no>")
        html = page(browse, viewer, run).replace("&#x27;", "’")
        assert said in html
        assert "What to do" in html
        assert "it said &lt;no&gt;" in html
        assert code in html

    def test_shows_the_traceback_of_a_defect_folded_away(self, browse, viewer):
        run = make_run(
            status=RunStatus.FAILED, error_code="internal", error_detail="ZeroDivisionError", error_trace=TRACE
        )
        html = page(browse, viewer, run)
        before, _, after = html.partition('<details class="trace">')
        assert "File dedupe.py" not in before
        assert "File dedupe.py" in after.partition("</details>")[0]

    def test_leads_from_refused_credentials_to_the_account(self, browse, analyst):
        run = make_run(status=RunStatus.FAILED, error_code="bad_credentials")
        assert reverse("connectors:account_edit", args=[run.dataflow.account.pk]) in page(browse, analyst, run)


class TestTheErrorSummary:
    def error(self, count=3, **changed):
        values = {"kind": "rejected", "code": "INGEST-1401-400", "field": "", "message": "not JSON", "sample": "{<b>"}
        return {**values, "count": count, **changed}

    def window(self, run, day, **changed):
        """A window whose reasons are stored as runs store them: by day, and with a sample for all its days."""
        error = self.error(**changed)
        account = day_account(day, loaded=1, rejected=error["count"] if error["kind"] == "rejected" else 0)
        counted = [{name: error[name] for name in ("code", "field", "count")}] if error["kind"] == "rejected" else []
        make_window(run, day, days=[account | {"reasons": counted}], errors=[error])

    def test_adds_up_the_reasons_of_all_windows(self, browse, viewer):
        run = make_run()
        self.window(run, FIRST, count=3)
        self.window(run, SECOND, count=4)
        self.window(run, THIRD, count=1, kind="warning", code="MAPPER-3700-400")
        html = page(browse, viewer, run)
        assert html.count(">INGEST-1401-400<") == 1
        assert '<td class="num">7</td>' in html
        assert "Warning" in html

    def test_names_adobes_code_and_what_was_ingested_all_the_same(self, browse, viewer):
        run = make_run(**counts(loaded=1000, rejected=3))
        self.window(run, FIRST, count=3)
        html = page(browse, viewer, run)
        assert ">INGEST-1212-400<" in html
        assert "3 errors were found in the data, 1,000 rows were ingested." in html

    def test_names_another_code_when_diagnostics_are_off(self, browse, viewer):
        run = make_run(make_flow(error_diagnostics=False, partial_ingestion=False), **counts(loaded=1000, rejected=3))
        self.window(run, FIRST, count=3)
        html = page(browse, viewer, run)
        assert ">INGEST-1211-400<" in html
        assert "counted, not kept" in html

    @pytest.mark.parametrize(
        ("code", "landed", "phase"),
        [
            ("bad_credentials", "", "CONNECTOR-1001-500"),
            ("too_many_rejected", "raw/1", "CONNECTOR-2001-500"),
            ("mapping_invalid", "raw/1", "CONNECTOR-2001-500"),
            ("lake_unavailable", "raw/1", "CONNECTOR-3001-500"),
            ("storage_full", "", "CONNECTOR-1001-500"),
            ("storage_full", "raw/1", "CONNECTOR-3001-500"),
            ("internal", "", "CONNECTOR-1001-500"),
            ("internal", "raw/1", "CONNECTOR-2001-500"),
        ],
    )
    def test_names_the_phase_that_failed(self, browse, viewer, code, landed, phase):
        run = make_run(status=RunStatus.FAILED, error_code=code)
        make_window(run, status=WindowStatus.FAILED, error_code=code, landed_key=landed)
        assert f">{phase}<" in page(browse, viewer, run)

    def test_escapes_the_sample(self, browse, viewer):
        run = make_run()
        self.window(run, FIRST)
        html = page(browse, viewer, run)
        assert "{<b>" not in html
        assert "{&lt;b&gt;" in html

    def test_shows_bytes_that_are_no_text(self, browse, viewer):
        run = make_run()
        self.window(run, FIRST, sample=b"caf\xe9".decode("utf-8", "surrogateescape"))
        assert "caf\\xe9" in page(browse, viewer, run)

    def test_tells_no_errors_from_not_read_yet(self, browse, viewer):
        assert "No record was rejected" in page(browse, viewer, make_run(**counts(loaded=5)))
        assert "Nothing was published" in page(browse, viewer, make_run(status=RunStatus.CANCELLED))
        assert "once the first window has been read" in page(browse, viewer, make_run(status=RunStatus.RUNNING))


class TestACancelledRun:
    def test_does_not_count_days_it_never_read(self, browse, viewer):
        run = make_run(status=RunStatus.CANCELLED)
        make_window(run, status=WindowStatus.CANCELLED)
        assert live(run, timezone.now()).progress.days_done == 0


class TestTheRequestLog:
    def test_lists_the_requests_of_this_run_only(self, browse, viewer):
        run, other = make_run(), make_run()
        make_request(make_window(run), status=429, code="rate_limited", detail="slow down", size=77_000)
        make_request(make_window(other), detail="somebody else", code="service_down")
        html = page(browse, viewer, run)
        assert "slow down" in html
        assert "429" in html
        assert "somebody else" not in html

    def test_shows_a_request_that_has_no_answer_yet(self, browse, viewer):
        run = make_run(status=RunStatus.RUNNING)
        make_request(make_window(run, status=WindowStatus.COPYING), ended_at=None, status=None)
        assert "no answer yet" in page(browse, viewer, run)

    def test_shows_the_newest_of_many(self, browse, viewer):
        run = make_run()
        window = make_window(run)
        for _ in range(51):
            make_request(window)
        assert "The newest 50 of 51" in page(browse, viewer, run)


class TestALongRun:
    @pytest.fixture
    def long_run(self, db):
        run = make_run(first_day=FIRST, last_day=FIRST + timedelta(days=59))
        for number in range(60):
            day = FIRST + timedelta(days=number)
            make_window(run, day, days=[day_account(day, loaded=1)], **counts(1))
        return run

    def test_turns_pages_of_windows_and_of_days_apart(self, browse, viewer, long_run):
        html = words(browse(viewer).get(f"{long_run.get_absolute_url()}?page=3&days=2").content.decode())
        assert "Page 3 of 3" in html
        assert "Page 2 of 2" in html
        assert "?page=3&amp;days=1" in html

    def test_asks_the_database_no_more_than_a_short_one(self, browse, viewer, long_run):
        short = make_run()
        make_window(short)
        browser = browse(viewer)
        with CaptureQueriesContext(connection) as few:
            browser.get(short.get_absolute_url())
        with CaptureQueriesContext(connection) as many:
            browser.get(long_run.get_absolute_url())
        assert len(many) == len(few)


class TestPeople:
    def test_without_a_role_are_turned_away(self, browse, stranger):
        assert browse(stranger).get(make_run().get_absolute_url()).status_code == 403

    def test_get_404_for_a_run_that_is_not_there(self, browse, viewer):
        assert browse(viewer).get("/runs/99999999999999999999/").status_code == 404


def test_a_budget_that_was_never_used_reads_zero(browse, viewer):
    """A limit can be hit by other tools: then Tributary itself has used nothing."""
    flow = make_flow()
    run = make_run(flow, status=RunStatus.RUNNING)
    make_window(
        run, status=WindowStatus.WAITING, not_before=timezone.now() + timedelta(minutes=1), error_code="rate_limited"
    )
    assert not RateBudget.objects.exists()
    assert "(0 of 60 requests used this hour)" in page(browse, viewer, run)
