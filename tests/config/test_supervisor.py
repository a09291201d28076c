"""One command, several processes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from config.supervisor import CannotServe, Service, Supervisor, await_port, require_free

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]


def alive(pid: int) -> bool:
    try:
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False


def await_true(condition, seconds: float = 10) -> None:
    give_up = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.05)


@pytest.fixture
def handlers():
    kept = [(number, signal.getsignal(number)) for number in (signal.SIGINT, signal.SIGTERM)]
    yield
    for number, handler in kept:
        signal.signal(number, handler)


@pytest.mark.usefixtures("handlers")
class TestSupervisor:
    def test_starts_again_what_was_killed(self, tmp_path):
        said = []
        service = Service("sleeper", SLEEP, tmp_path / "log")
        with Supervisor([service], os.environ, said.append) as supervisor:
            first = service.process.pid
            os.kill(first, signal.SIGKILL)
            await_true(lambda: supervisor.check() or service.process.pid != first)
        assert "sleeper ended with code -9" in said[0]

    def test_waits_longer_each_time_a_service_dies_at_once(self, tmp_path):
        said = []
        service = Service("broken", [sys.executable, "-c", "raise SystemExit(3)"], tmp_path / "log")
        with Supervisor([service], os.environ, said.append) as supervisor:
            await_true(lambda: supervisor.check() or len(said) >= 2)
        assert "again in 0.5 s" in said[0]
        assert "again in 1.0 s" in said[1]

    def test_stops_in_the_reverse_order_and_kills_what_does_not_listen(self, tmp_path, monkeypatch):
        monkeypatch.setattr("config.supervisor.STOP_SECONDS", 0.5)
        deaf = [
            sys.executable,
            "-c",
            "import signal,time; signal.signal(15, signal.SIG_IGN); print(1, flush=True); time.sleep(60)",
        ]
        services = [Service("deaf", deaf, tmp_path / "deaf"), Service("sleeper", SLEEP, tmp_path / "log")]
        with Supervisor(services, os.environ):
            await_true(lambda: (tmp_path / "deaf").exists() and (tmp_path / "deaf").read_text() == "1\n")
        assert [service.process.returncode for service in services] == [-9, -15]

    def test_leaves_no_orphan_when_it_is_killed(self, tmp_path):
        script = (
            "import os, sys; from pathlib import Path; from config.supervisor import *\n"
            f"s = Service('sleeper', {SLEEP!r}, Path({str(tmp_path / 'log')!r}))\n"
            "with Supervisor([s], os.environ) as supervisor:\n"
            "    print(s.process.pid, flush=True); supervisor.serve()\n"
        )
        supervisor = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        child = int(supervisor.stdout.readline())
        assert alive(child)
        supervisor.kill()
        supervisor.wait()
        supervisor.stdout.close()
        await_true(lambda: not alive(child))


class TestPorts:
    def test_a_busy_port_is_one_clear_sentence(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            with pytest.raises(CannotServe, match=f"Port {port} for the web server cannot be used .* PORT=NUMBER"):
                require_free("127.0.0.1", port, "web server", "PORT")

    def test_silence_is_reported_after_a_while(self):
        with socket.socket() as unused:
            unused.bind(("127.0.0.1", 0))
            with pytest.raises(CannotServe, match="Nothing answers"):
                await_port("127.0.0.1", unused.getsockname()[1], seconds=0.3, check=lambda: None)
