"""Real workers, killed while they work: the run finishes after the restart, counts exact."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.connectors.mixpanel.fault_server import FaultServer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, events
from tests.dataflows.runs.installation import Installation, kill
from tests.services import postgres_server, redis_server

pytestmark = [pytest.mark.worker, pytest.mark.services, pytest.mark.xdist_group("workers")]

COUNT = 60_000
FINISHED = "SELECT status FROM dataflows_run WHERE status IN ('succeeded', 'partial', 'failed', 'cancelled')"


@pytest.fixture(params=["SQLite and the filesystem broker", "PostgreSQL and Redis"])
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Installation, FaultServer]]:
    with FaultServer() as mixpanel:
        if request.param.startswith("SQLite"):
            yield from _prepared(Installation(tmp_path, mixpanel.url), mixpanel)
            return
        with postgres_server(tmp_path) as database, redis_server(tmp_path) as redis:
            yield from _prepared(Installation(tmp_path, mixpanel.url, database, redis), mixpanel)


def _prepared(place: Installation, mixpanel: FaultServer) -> Iterator[tuple[Installation, FaultServer]]:
    place.command("manage.py", "migrate", "--verbosity", "0")
    place.drive("setup", "Shop events")
    try:
        yield place, mixpanel
    finally:
        place.stop()


def window_is(status: str) -> str:
    return f"SELECT 1 FROM dataflows_window WHERE status = '{status}'"  # noqa: S608


class TestAKilledWorker:
    def test_while_copying_costs_an_attempt_and_nothing_else(self, installation):
        place, mixpanel = installation
        body = events(FIRST, 5000)
        mixpanel.answer("/api/2.0/export", gzip_answer(body, stall=20), gzip_answer(body))
        self._kill_when(place, "copying")
        self._expect(place, 5000)

    def test_while_promoting_doubles_and_loses_nothing(self, installation):
        place, mixpanel = installation
        mixpanel.answer("/api/2.0/export", gzip_answer(events(FIRST, COUNT)))
        self._kill_when(place, "promoting")
        self._expect(place, COUNT)
        assert len(mixpanel.requests) == 1

    def _kill_when(self, place: Installation, status: str) -> None:
        worker = place.start_worker()
        place.start_scheduler()
        place.drive("start", "1", str(FIRST), str(FIRST))
        place.await_(window_is(status), bool, seconds=120)
        kill(worker)
        assert not place.ask(FINISHED)
        place.start_worker()

    def _expect(self, place: Installation, count: int) -> None:
        place.await_(FINISHED, bool, seconds=180)
        told = place.drive("report", "1")
        assert told == {
            "status": "succeeded",
            "error": " ",
            "received": count,
            "loaded": count,
            "rows": count,
            "distinct": count,
            "attempts": 1,
        }


class TestTheDoorbell:
    def test_a_lost_message_delays_the_run_and_never_loses_it(self, installation):
        """Started while no worker listens and the broker forgets: the tick finds the row."""
        place, mixpanel = installation
        days = [FIRST + timedelta(days=number) for number in (2, 1, 0)]
        mixpanel.answer("/api/2.0/export", *(gzip_answer(events(day, 10)) for day in days))
        place.drive("start", "1", str(FIRST), str(FIRST + timedelta(days=2)))
        place.command("-m", "celery", "-A", "config", "purge", "--force")
        place.start_worker()
        place.start_scheduler()
        place.await_(FINISHED, bool, seconds=180)
        assert place.drive("report", "1")["received"] > 0
