"""A whole Tributary of its own for worker tests: real processes, real broker, real database, one folder.

The test process talks to it as an operator would: by commands in a subprocess and by reading its database.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

ROOT = Path(__file__).resolve().parents[3]


@dataclass
class Installation:
    """``database`` and ``redis`` are URLs; empty ones mean the embedded default. ``options``: further settings."""

    folder: Path
    mixpanel: str
    database: str = ""
    redis: str = ""
    options: dict[str, str] = field(default_factory=dict)
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "DATA_DIR": str(self.folder),
            "DATABASE_URL": self.database,
            "REDIS_URL": self.redis,
            "MIXPANEL_EXTRA_HOSTS": self.mixpanel,
            "LEASE_SECONDS": "3",
            "TICK_SECONDS": "1",
            "RETRY_SECONDS": "1",
            "EXPORTS_PER_SECOND": "100",
            "EXPORTS_PER_HOUR": "1000",
            "PLAIN_STATIC_FILES": "1",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
        }
        return os.environ | own | self.options

    def command(self, *arguments: str) -> str:
        """Run a command of the installation to its end; its output."""
        done = subprocess.run(
            [sys.executable, *arguments], env=self.environment, cwd=ROOT, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def drive(self, action: str, *arguments: str) -> Any:
        """One action of ``tests.dataflows.runs.drive`` inside the installation."""
        return json.loads(self.command("-m", "tests.dataflows.runs.drive", action, *arguments).splitlines()[-1])

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        log = (self.folder / "processes.log").open("ab")
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "config", *arguments],
            env=self.environment,
            cwd=ROOT,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker as the product starts it: with a pool of two, or on the embedded broker alone."""
        pool = ("--concurrency", "2") if self.redis else ("--pool", "solo", "--hostname", f"{uuid.uuid4().hex}@here")
        return self.start("worker", *pool, "--loglevel", "INFO", "--without-gossip", "--without-mingle")

    def start_scheduler(self) -> subprocess.Popen[bytes]:
        return self.start("beat", "--pidfile=")

    def stop(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of the installation's database, read from outside."""
        if self.database:
            with psycopg.connect(self.database) as connection:
                return connection.execute(sql).fetchall()
        with sqlite3.connect(self.folder / "tributary.sqlite3", timeout=20) as connection:
            return connection.execute(sql).fetchall()

    def await_(self, sql: str, wanted: Callable[[list[tuple[Any, ...]]], bool], *, seconds: float = 60) -> None:
        """Ask again and again until the answer is ``wanted``."""
        give_up = time.monotonic() + seconds
        while not wanted(answer := self.ask(sql)):
            if time.monotonic() > give_up:
                raise AssertionError(f"{sql}: still {answer}\n{(self.folder / 'processes.log').read_text()[-6000:]}")
            time.sleep(0.01)


def children(process: subprocess.Popen[bytes]) -> list[int]:
    """The pool processes of a worker."""
    return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def kill(process: subprocess.Popen[bytes]) -> None:
    """kill -9 of the process alone: its children must notice by themselves."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
