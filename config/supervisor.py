"""One command, several processes: starts them, restarts what dies, stops all in order, leaves no orphan."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

PR_SET_PDEATHSIG = 1
STOP_SECONDS = 20.0
LONGEST_PAUSE = 30.0
LOG_BYTES_KEPT = 5_000_000


class CannotServe(Exception):
    """One sentence that says why the processes cannot be started."""


@dataclass
class Service:
    """A process to keep alive; its output goes to ``log``."""

    name: str
    command: Sequence[str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    not_before: float = 0.0
    started: float = 0.0

    def start(self, environment: Mapping[str, str]) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists() and self.log.stat().st_size > LOG_BYTES_KEPT:
            self.log.replace(self.log.with_suffix(".log.1"))
        with self.log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                env=dict(environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone, which then stops in order
                preexec_fn=_die_with_parent,  # no threads run in the supervisor when it starts processes
            )
        self.started = time.monotonic()

    def died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def stop(self, patience: float) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(patience)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Supervisor:
    """``services`` start in the given order and stop in the reverse one."""

    services: list[Service]
    environment: Mapping[str, str]
    say: Callable[[str], None] = print
    stopping: bool = field(default=False, init=False)

    def __enter__(self) -> Supervisor:
        signal.signal(signal.SIGTERM, self._interrupt)
        signal.signal(signal.SIGINT, self._interrupt)
        for service in self.services:
            service.start(self.environment)
        return self

    def __exit__(self, *_: object) -> None:
        self.stopping = True
        for service in reversed(self.services):
            service.stop(STOP_SECONDS)

    def add(self, service: Service) -> None:
        """Start one more; it is stopped first."""
        self.services.append(service)
        service.start(self.environment)

    def check(self) -> None:
        """Restart what died, with a growing pause. Raises KeyboardInterrupt when asked to stop."""
        if self.stopping:
            raise KeyboardInterrupt
        for service in self.services:
            if service.died():
                self._revive(service)

    def serve(self) -> None:
        """Keep everything alive until Ctrl-C or SIGTERM."""
        try:
            while True:
                self.check()
                time.sleep(0.3)
        except KeyboardInterrupt:
            self.say("Stopping …")

    def _revive(self, service: Service) -> None:
        now = time.monotonic()
        if service.not_before == 0.0:
            service.deaths = 1 if now - service.started > 60 else service.deaths + 1
            pause = min(LONGEST_PAUSE, 0.5 * 2 ** (service.deaths - 1))
            service.not_before = now + pause
            code = service.process.returncode if service.process else None
            self.say(f"{service.name} ended with code {code}; it starts again in {pause:.1f} s (see {service.log}).")
        if now >= service.not_before:
            service.not_before = 0.0
            service.start(self.environment)

    def _interrupt(self, signum: int, frame: FrameType | None) -> None:
        self.stopping = True


def require_free(host: str, port: int, purpose: str, variable: str) -> None:
    """Raises CannotServe when the port is taken."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CannotServe(
                f"Port {port} for the {purpose} cannot be used ({error.strerror}). "
                f"Stop what uses it or choose another with {variable}=NUMBER."
            ) from error


def await_port(host: str, port: int, *, seconds: float, check: Callable[[], None]) -> None:
    """Wait until something answers on the port. Raises CannotServe after ``seconds``."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        check()
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            probe.settimeout(0.5)
            if probe.connect_ex((host, port)) == 0:
                return
        time.sleep(0.1)
    raise CannotServe(f"Nothing answers on port {port} after {seconds:.0f} seconds; see the logs folder.")


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]
