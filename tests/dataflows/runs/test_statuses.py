"""Every status the export endpoint answers with, through the whole engine.

The rows are those of the fact sheet, section 3.9. What a status and its text mean is tested in
``tests/connectors/mixpanel/test_outcomes.py``; here: who is asked to act (nobody, or a person), what is written down
where, that nothing is published, that loaded days stay as they are, and that a retry makes good.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from connectors.models import ExportRequest
from dataflows.messages import message_for
from dataflows.models import DataflowStatus, DayStatus, RunStatus, WindowStatus
from dataflows.runs.lifecycle import PAUSING
from tests.connectors.mixpanel.fault_server import Answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events

UPSTREAM = b"upstream connect error or disconnect/reset before headers"
BLOCKED = b"<html><title>Blocked by egress policy</title><p>403</html>"


@dataclass(frozen=True)
class Refusal:
    """``evidence`` must be in what a person reads beside the message of ``code``."""

    status: int
    body: bytes
    code: str
    evidence: str

    @property
    def answer(self) -> Answer:
        return Answer(self.body, self.status)

    def __str__(self) -> str:
        return f"{self.status} {self.body[:40].decode()!r}"


RETRIED = [
    Refusal(400, b"Timeout Error.", "export_timeout", "HTTP 400: Timeout Error."),
    Refusal(403, BLOCKED, "service_down", "HTTP 403: an HTML page: Blocked by egress policy"),
    Refusal(407, b"", "unreachable", "HTTP 407 without any text"),
    Refusal(408, b"", "export_timeout", "HTTP 408"),
    Refusal(500, b"error completing export request", "service_down", "HTTP 500: error completing export request"),
    Refusal(500, b"<html><title>Server Error</title></html>", "service_down", "an HTML page: Server Error"),
    Refusal(502, b"", "service_down", "HTTP 502 without any text"),
    Refusal(503, UPSTREAM, "service_down", "HTTP 503: upstream connect error"),
    Refusal(504, b"<!DOCTYPE html><html></html>", "service_down", "HTTP 504: an HTML page"),
    Refusal(204, b"", "service_down", "HTTP 204"),
    Refusal(500, b'{"error":"shard \\u0000 \\ud83d gone"}', "service_down", "HTTP 500: shard"),
]

ASKED = [
    Refusal(400, b"to_date cannot be later than today", "future_day", "to_date cannot be later than today"),
    Refusal(400, b'{"error":"Unable to authenticate request"}', "bad_credentials", "Unable to authenticate request"),
    Refusal(400, b"limit may not be greater than 100000", "bad_request", "limit may not be greater than 100000"),
    Refusal(400, b"Error in from_date: invalid date, bad year", "bad_request", "invalid date, bad year"),
    Refusal(400, b"event must be a JSON array", "bad_request", "event must be a JSON array"),
    Refusal(401, b'{"error":"Invalid credentials","status":"error"}', "bad_credentials", "HTTP 401: Invalid"),
    Refusal(401, b"Unauthorized", "bad_credentials", "HTTP 401: Unauthorized"),
    Refusal(401, b"", "bad_credentials", "HTTP 401 without any text"),
    Refusal(402, b'{"error":"Your plan does not allow API calls."}', "plan_forbids", "Your plan does not allow"),
    Refusal(403, b'{"error":"no access","status":"error"}', "no_project_access", "HTTP 403: no access"),
    Refusal(403, b'{"error":"Date range exceeds 365 days into the past"}', "history_gate", "exceeds 365 days"),
    Refusal(404, b"Not Found", "bad_request", "HTTP 404: Not Found"),
    Refusal(404, b'{"error":"Project 42 not found"}', "unknown_project", "Project 42 not found"),
    Refusal(413, b'{"code":413,"error":"request exceeds max limit"}', "bad_request", "request exceeds max limit"),
]

retried = pytest.mark.parametrize("refusal", RETRIED, ids=str)
asked = pytest.mark.parametrize("refusal", ASKED, ids=str)


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What is tested here does not depend on the kind of store, so a folder is enough."""
    return str(tmp_path)


def logged(refusal: Refusal) -> ExportRequest:
    """The entry of the newest request, which must hold what the window holds."""
    entry = ExportRequest.objects.latest("pk")
    assert (entry.status, entry.code) == (refusal.status, refusal.code)
    assert refusal.evidence in entry.detail
    assert entry.ended_at is not None
    return entry


class TestARefusalThatPasses:
    @retried
    def test_waits_asks_again_and_loads_everything(self, bench: Bench, refusal: Refusal):
        bench.export(refusal.answer, events(FIRST, 30))
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (run.status, window.status, window.attempts) == (RunStatus.RUNNING, WindowStatus.WAITING, 1)
        assert window.error_code == refusal.code
        assert refusal.evidence in window.error_detail
        assert window.not_before > timezone.now()
        assert bench.rows() == []
        logged(refusal)
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert (run.received, run.loaded, len(bench.rows())) == (30, 30, 30)

    @retried
    def test_for_ever_fails_the_run_leaves_loaded_days_and_the_schedule_alone(self, bench: Bench, refusal: Refusal):
        bench.export(events(FIRST, 30), refusal.answer)
        bench.run()
        run = bench.run()
        assert (run.status, run.error_code) == (RunStatus.FAILED, refusal.code)
        day = bench.flow.days.get()
        assert (day.status, day.error_code, day.loaded) == (DayStatus.FAILED, refusal.code, 30)
        assert len(bench.rows()) == 30
        bench.flow.refresh_from_db()
        assert bench.flow.status == DataflowStatus.ENABLED


class TestARefusalThatNeedsAPerson:
    @asked
    def test_ends_the_run_after_one_request_and_says_what_to_do(self, bench: Bench, refusal: Refusal):
        bench.export(refusal.answer)
        run = bench.run()
        window = run.windows.get()
        assert (run.status, window.status) == (RunStatus.FAILED, WindowStatus.FAILED)
        assert run.error_code == window.error_code == refusal.code
        assert refusal.evidence in run.error_detail
        assert not message_for(refusal.code).todo.startswith("Nothing:")
        assert len(bench.mixpanel.requests) == 1
        logged(refusal)

    @asked
    def test_leaves_loaded_days_as_they_are(self, bench: Bench, refusal: Refusal):
        bench.export(events(FIRST, 30), refusal.answer)
        bench.run()
        bench.run()
        day = bench.flow.days.get()
        assert (day.status, day.error_code, day.loaded) == (DayStatus.FAILED, refusal.code, 30)
        assert len(bench.rows()) == 30

    @asked
    def test_pauses_the_dataflow_if_no_later_run_could_do_better(self, bench: Bench, refusal: Refusal):
        bench.export(refusal.answer)
        bench.run()
        bench.flow.refresh_from_db()
        paused = bench.flow.status == DataflowStatus.DISABLED
        assert paused == (refusal.code in PAUSING)
        assert bench.flow.status_reason == (refusal.code if paused else "")

    @asked
    def test_is_made_good_by_the_next_run(self, bench: Bench, refusal: Refusal):
        bench.export(refusal.answer, events(FIRST, 30))
        bench.run()
        run = bench.run()
        assert (run.status, run.loaded) == (RunStatus.SUCCEEDED, 30)
        day = bench.flow.days.get()
        assert (day.status, day.error_code, day.loaded) == (DayStatus.LOADED, "", 30)


class Test429:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "600"}, 600),
            ({"RateLimit": '"project";r=0;t=1800, "project-concurrency";r=3'}, 1800),
            ({"Retry-After": "86400"}, 3600),
        ],
        ids=["Retry-After", "RateLimit", "more than an hour"],
    )
    def test_waits_as_long_as_asked_and_is_no_attempt(self, bench: Bench, headers: dict[str, str], seconds: int):
        bench.export(Answer(b'{"error":"too many"}', 429, headers))
        window = bench.advance(bench.start()).windows.get()
        assert (window.status, window.attempts, window.error_code) == (WindowStatus.WAITING, 0, "rate_limited")
        assert abs(window.not_before - timezone.now() - timedelta(seconds=seconds)) < timedelta(seconds=10)

    @pytest.mark.parametrize(
        "body",
        [
            b'{"error":"too many export requests in progress for this project"}',
            b'{"error":"Query rate limit exceeded for project_id: 42. (61/60 queries running in the last hour)"}',
            b"<html><title>429 Too Many Requests</title></html>",
            b"",
        ],
    )
    def test_without_a_time_waits_by_itself_and_loads_everything(self, bench: Bench, body: bytes):
        bench.export(Answer(body, 429), events(FIRST, 30))
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (window.status, window.attempts, window.error_code) == (WindowStatus.WAITING, 0, "rate_limited")
        assert window.not_before > timezone.now()
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 30

    def test_again_and_again_never_uses_up_the_attempts(self, bench: Bench):
        bench.export(*[Answer(b"", 429)] * 10, events(FIRST, 30))
        assert bench.run().status == RunStatus.SUCCEEDED
        assert len(bench.mixpanel.requests) == 11

    def test_keeps_what_other_days_have_loaded(self, bench: Bench):
        bench.export(events(SECOND, 5), Answer(b"", 429), events(FIRST, 4))
        run = bench.advance(bench.start(FIRST, SECOND))
        assert len(bench.rows()) == 5
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 9


class TestARedirect:
    def test_to_another_host_is_refused_with_its_name_and_pauses(self, bench: Bench):
        bench.export(Answer(b"", 302, {"Location": "https://elsewhere.example/api/2.0/export"}))
        run = bench.run()
        assert (run.status, run.error_code) == (RunStatus.FAILED, "host_refused")
        assert "elsewhere.example" in run.error_detail
        bench.flow.refresh_from_db()
        assert bench.flow.status == DataflowStatus.DISABLED

    def test_to_another_path_is_not_followed(self, bench: Bench):
        bench.export(Answer(b"", 301, {"Location": "/login"}))
        assert bench.run().error_code == "bad_request"
        assert len(bench.mixpanel.requests) == 1


class TestNoSecret:
    @pytest.mark.parametrize("status", [400, 401, 403, 500])
    def test_is_written_down_when_the_other_side_echoes_it(self, bench: Bench, status: int):
        bench.export(Answer(b"Unable to authenticate request s3cret-of-the-shop", status))
        run = bench.advance(bench.start())
        entry, window = ExportRequest.objects.get(), run.windows.get()
        assert "s3cret" not in entry.detail + window.error_detail + run.error_detail
        assert "[redacted]" in entry.detail
