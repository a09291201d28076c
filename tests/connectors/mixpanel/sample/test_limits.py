"""Rate limits: the rolling windows, and what a client reads when it hits one."""

from __future__ import annotations

import base64
import socket

import pytest

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, SECRET, USERNAME, UTC_PROJECT_ID
from connectors.mixpanel.sample.limits import EXPORT_LIMITS, QUERY_LIMITS, Limits, RateLimiter
from tests.connectors.mixpanel.sample.conftest import PLENTY, asker, running

DAY = {"project_id": LEGACY_PROJECT_ID, "from_date": "2026-03-18", "to_date": "2026-03-18", "limit": 1}


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_the_documented_limits_are_the_default() -> None:
    assert Limits(60, 3, 100) == EXPORT_LIMITS
    assert (QUERY_LIMITS.hourly, QUERY_LIMITS.concurrent) == (60, 5)


class TestRollingWindows:
    def limiter(self, clock: Clock, limits: Limits, times: int, pause: float) -> RateLimiter:
        """A limiter through which some requests have passed, one every ``pause`` seconds."""
        limiter = RateLimiter(limits, clock)
        for _ in range(times):
            assert limiter.enter("1") is None
            limiter.leave("1")
            clock.now += pause
        return limiter

    def test_the_sixty_first_request_of_an_hour_waits_for_the_first_to_leave(self, clock) -> None:
        limiter = self.limiter(clock, EXPORT_LIMITS, 60, 10)
        refusal = limiter.enter("1")
        assert refusal is not None
        assert (refusal.retry_after, "(61/60 queries running in the last hour)" in refusal.rule) == (3000, True)
        clock.now += 2999
        assert limiter.enter("1") is not None
        clock.now += 1
        assert limiter.enter("1") is None

    def test_the_fourth_request_of_a_second_waits_a_second(self, clock) -> None:
        limiter = self.limiter(clock, EXPORT_LIMITS, 3, 0.1)
        refusal = limiter.enter("1")
        assert refusal is not None
        assert (refusal.retry_after, "(4/3 queries running in the last second)" in refusal.rule) == (1, True)
        clock.now += 1
        assert limiter.enter("1") is None

    def test_a_refused_request_is_not_counted(self, clock) -> None:
        limiter = self.limiter(clock, Limits(2, 0, 100), 2, 0)
        assert all(limiter.enter("1") is not None for _ in range(5))
        clock.now += 3600
        assert limiter.enter("1") is None

    def test_projects_do_not_share(self, clock) -> None:
        limiter = self.limiter(clock, Limits(1, 0, 100), 1, 0)
        assert limiter.enter("1") is not None
        assert limiter.enter("2") is None

    def test_running_requests_are_limited_until_they_leave(self, clock) -> None:
        limiter = RateLimiter(Limits(60, 0, 1), clock)
        assert limiter.enter("1") is None
        refusal = limiter.enter("1")
        assert refusal is not None
        assert refusal.concurrency
        limiter.leave("1")
        assert limiter.enter("1") is None

    def test_the_headers_say_what_is_left(self, clock) -> None:
        headers = self.limiter(clock, EXPORT_LIMITS, 2, 60).headers("1")
        assert headers["RateLimit"] == '"project";r=58;t=3480, "project-concurrency";r=100'
        assert headers["RateLimit-Policy"].startswith('"project";q=60;w=3600, "project-concurrency";q=100')


class TestAnswers:
    def test_a_429_names_the_limit_and_when_to_come_back(self, session) -> None:
        with running(export_limits=Limits(hourly=2, per_second=0, concurrent=100)) as server:
            ask = asker(server, session)
            answers = [ask("/api/2.0/export", **DAY) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert "(3/2 queries running in the last hour)" in answers[2].json()["error"]
        assert 3590 < int(answers[2].headers["Retry-After"]) <= 3600
        assert answers[2].headers["RateLimit"].startswith('"project";r=0;')
        assert answers[0].headers["RateLimit"].startswith('"project";r=1;')

    def test_three_a_second_is_the_default(self, session) -> None:
        with running(export_limits=EXPORT_LIMITS) as server:
            ask = asker(server, session)
            ask("/api/2.0/export", **DAY)  # makes the shop's people, which takes longer than the requests themselves
            statuses = [ask("/api/2.0/export", **DAY).status_code for _ in range(12)]
        assert 429 in statuses
        assert statuses[0] == 200

    def test_refused_credentials_and_parameters_cost_nothing(self, session) -> None:
        with running(export_limits=Limits(hourly=1, per_second=0, concurrent=100)) as server:
            ask = asker(server, session)
            assert ask("/api/2.0/export", (USERNAME, "wrong"), **DAY).status_code == 400
            assert ask("/api/2.0/export", **(DAY | {"to_date": "2027-01-01"})).status_code == 400
            assert ask("/api/2.0/export", **DAY).status_code == 200

    def test_export_query_and_projects_have_budgets_of_their_own(self, session) -> None:
        one = Limits(hourly=1, per_second=0, concurrent=5)
        with running(export_limits=one, query_limits=one) as server:
            ask = asker(server, session)
            names = {"project_id": LEGACY_PROJECT_ID, "type": "general"}
            assert ask("/api/2.0/export", **DAY).status_code == 200
            assert ask("/api/query/events/names", **names).status_code == 200
            assert ask("/api/2.0/export", **(DAY | {"project_id": UTC_PROJECT_ID})).status_code == 200
            assert ask("/api/query/events/names", **names).status_code == 429
            assert ask("/api/app/me").status_code == 200

    def test_too_many_at_once_is_told_in_the_words_of_export(self, session) -> None:
        with running(events_per_day=6000, export_limits=Limits(60, 0, 1)) as server:
            ask = asker(server, session)
            reader = slow_reader(server.url)
            answer = ask("/api/2.0/export", **DAY)
            reader.close()
        assert answer.status_code == 429
        assert answer.json() == {"error": "too many export requests in progress for this project"}
        assert answer.headers["Retry-After"] == "60"

    def test_a_client_that_hangs_up_frees_its_place(self, session) -> None:
        with running(events_per_day=6000, export_limits=Limits(60, 0, 1)) as server:
            slow_reader(server.url).close()
            ask = asker(server, session)
            assert 200 in (ask("/api/2.0/export", **DAY).status_code for _ in range(200))
            assert server.served["lines"] == 0

    def test_reset_gives_a_fresh_hour(self, session) -> None:
        with running(export_limits=Limits(1, 0, 100), query_limits=PLENTY) as server:
            ask = asker(server, session)
            ask("/api/2.0/export", **DAY)
            assert ask("/api/2.0/export", **DAY).status_code == 429
            session.post(f"{server.url}/sample/reset", timeout=10)
            assert ask("/api/2.0/export", **DAY).status_code == 200


def slow_reader(url: str) -> socket.socket:
    """A client that asks for many plain megabytes and stops reading after the first bytes."""
    token = base64.b64encode(f"{USERNAME}:{SECRET}".encode()).decode()
    query = f"project_id={LEGACY_PROJECT_ID}&from_date=2026-03-16&to_date=2026-03-18"
    host, port = url.removeprefix("http://").split(":")
    reader = socket.create_connection((host, int(port)), timeout=10)
    reader.sendall(f"GET /api/2.0/export?{query} HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {token}\r\n\r\n".encode())
    assert reader.recv(12) == b"HTTP/1.1 200"
    return reader
