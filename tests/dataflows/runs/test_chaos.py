"""Everything that can die dies while a run works: afterwards the dataset equals that of a quiet run, value by value."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from dataflows.scheduling import days_between
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, event, events
from tests.dataflows.runs.installation import Installation, children, kill
from tests.services import postgres, redis

pytestmark = [pytest.mark.worker, pytest.mark.services, pytest.mark.xdist_group("workers")]

DAYS = days_between(FIRST, FIRST + timedelta(days=9))
KILLS = 20
FILES, SERVERS = "SQLite and files", "PostgreSQL and Redis"
QUICK = {"LEASE_SECONDS": "2", "TICK_SECONDS": "1", "WINDOW_ATTEMPTS": "100", "RETRY_SECONDS": "1"}
ENDED = "SELECT status FROM dataflows_run WHERE id = {} AND status IN ('succeeded', 'partial', 'failed', 'cancelled')"


@dataclass
class Stage:
    """An installation with two dataflows over the same events, ``restart`` for what it stands on, and its dice."""

    place: Installation
    mixpanel: FaultServer
    restart: dict[str, Callable[[], None]]
    dice: random.Random
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def run_quietly(self) -> None:
        self.workers = [self.place.start_worker() for _ in range(1 if self.place.redis else 2)]
        self.place.start_scheduler()
        quiet = self.place.drive("start", "1", str(DAYS[0]), str(DAYS[-1]))
        self.place.await_(ENDED.format(quiet), bool, seconds=120)

    def kill_one(self) -> None:
        """kill -9 of a process that works: of a pool, or a whole worker, which its supervisor starts again."""
        worker = self.dice.choice(self.workers)
        if self.place.redis:
            with suppress(ProcessLookupError, IndexError):
                os.kill(self.dice.choice(children(worker)), signal.SIGKILL)
            return
        kill(worker)
        self.workers[self.workers.index(worker)] = self.place.start_worker()

    def start(self) -> int:
        return int(self.place.drive("start", "2", str(DAYS[0]), str(DAYS[-1])))

    def has_ended(self, run: int) -> bool:
        return bool(self.place.ask(ENDED.format(run)))

    def expect_the_same(self, run: int) -> None:
        self.place.await_(ENDED.format(run), bool, seconds=180)
        assert self.place.drive("report", str(run))["status"] == "succeeded"
        quiet, stormy = self.place.drive("content", "1"), self.place.drive("content", "2")
        assert quiet[0] > 0
        assert stormy == quiet


def a_day(day: date) -> bytes:
    """A thousand events, copies of some, one that is rejected."""
    copies = b"".join(event(day, number, mp_processing_time_ms=number) for number in range(0, 1000, 100))
    return events(day, 1000) + copies + b'{"event":"Purchase","properties":{"time":"yesterday"}}\n'


def answered(query: dict[str, str], silence: float = 0.3) -> Answer:
    """Silence before the answer, so that workers can be met while they copy."""
    asked = days_between(date.fromisoformat(query["from_date"]), date.fromisoformat(query["to_date"]))
    end = b'{"event":"Purchase","properties":{"time":"yesterday"}}\n'
    whole = b"".join(map(a_day, asked)).removesuffix(end) + event(asked[-1], 1001)
    return gzip_answer(whole, stall=silence)


@pytest.fixture(params=[FILES, SERVERS])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Stage]:
    with FaultServer() as mixpanel:
        mixpanel.answer_with("/api/2.0/export", answered)
        if request.param == FILES:
            yield from _prepared(Installation(tmp_path, mixpanel.url, options=QUICK), mixpanel, {})
            return
        with postgres(tmp_path) as database, redis(tmp_path) as broker:
            place = Installation(tmp_path, mixpanel.url, database.url, broker.url, options=QUICK)
            yield from _prepared(place, mixpanel, {"database": database.restart, "broker": broker.restart})


def _prepared(place: Installation, mixpanel: FaultServer, restart: dict[str, Callable[[], None]]) -> Iterator[Stage]:
    place.command("manage.py", "migrate", "--verbosity", "0")
    place.drive("setup", "Quiet", "Stormy")
    try:
        yield Stage(place, mixpanel, restart, random.Random(20))
    finally:
        place.stop()


def test_twenty_killed_pool_processes_lose_and_double_nothing(stage: Stage):
    stage.run_quietly()
    stage.mixpanel.answer_with("/api/2.0/export", partial(answered, silence=1.5))
    run = stage.start()
    for _kill in range(KILLS):
        if stage.has_ended(run):
            run = stage.start()  # the same days again: every kill has work to interrupt
        time.sleep(stage.dice.uniform(0.1, 0.6 if stage.place.redis else 2))
        stage.kill_one()
    stage.expect_the_same(run)


def test_doubled_and_lost_messages_change_nothing(stage: Stage):
    stage.run_quietly()
    run = stage.start()
    stage.place.command("-m", "celery", "-A", "config", "purge", "--force")
    stage.place.drive("ring", str(run), "30")
    stage.expect_the_same(run)
    assert stage.place.drive("report", str(run))["attempts"] == 0


@pytest.mark.parametrize("stage", [SERVERS], indirect=True)
@pytest.mark.parametrize("what", ["broker", "database"])
def test_a_restart_of_what_it_stands_on_is_survived(stage: Stage, what: str):
    stage.run_quietly()
    run = stage.start()
    for _restart in range(2):
        time.sleep(stage.dice.uniform(0.5, 1.5))
        stage.restart[what]()
    stage.expect_the_same(run)
