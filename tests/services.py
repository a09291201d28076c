"""Real servers for tests, private to the test: a free port, a folder of their own, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

START_SECONDS = 30


class ServiceMissing(Exception):
    """A server program is not installed; the message says what to install."""


@dataclass(frozen=True)
class Server:
    """``restart`` ends it without a goodbye (kill -9) and starts it again with what it has on disk."""

    url: str
    restart: Callable[[], None]


@contextmanager
def postgres_server(tmp: Path) -> Iterator[str]:
    """The address of a ``postgres``."""
    with postgres(tmp) as server:
        yield server.url


@contextmanager
def redis_server(tmp: Path) -> Iterator[str]:
    """The address of a ``redis``."""
    with redis(tmp) as server:
        yield server.url


@contextmanager
def postgres(tmp: Path) -> Iterator[Server]:
    """A PostgreSQL server with an empty database: ``postgresql://tributary@127.0.0.1:port/tributary``.

    ``tmp`` holds its files. PostgreSQL refuses to run as root, so for root it runs as the user
    ``postgres`` in a folder of its own that this user can reach.
    """
    initdb, server = _program("initdb", "postgresql"), _program("postgres", "postgresql")
    folder = Path(tempfile.mkdtemp(prefix="tributary-pg-", dir=None if os.geteuid() == 0 else tmp))
    user = _unprivileged(folder)
    log = folder / "log"
    port = free_port()
    try:
        _run([initdb, "-D", f"{folder}/data", "-U", "tributary", "-A", "trust", "-E", "UTF8", "--locale=C"], user)
        options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", f"unix_socket_directories={folder}"]
        command = [server, "-D", f"{folder}/data", "-p", str(port), *options]
        with _running(command, signal.SIGINT, log, lambda: _is_there(port), user) as restart:
            _create_database(port)
            yield Server(f"postgresql://tributary@127.0.0.1:{port}/tributary", restart)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def redis(tmp: Path) -> Iterator[Server]:
    """A Redis server that keeps nothing on disk: ``redis://127.0.0.1:port/0``."""
    port = free_port()
    settings = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", str(tmp)]
    command = [_program("redis-server", "redis-server"), *settings]
    with _running(command, signal.SIGTERM, tmp / "redis.log", lambda: _ping(port), {}) as restart:
        yield Server(f"redis://127.0.0.1:{port}/0", restart)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _program(name: str, package: str) -> str:
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    places = [os.environ.get("PATH", os.defpath), *map(str, versions)]
    if (found := shutil.which(name, path=os.pathsep.join(places))) is None:
        raise ServiceMissing(f"{name} was not found: install the package {package} (apt-get install {package}).")
    return found


def _version(folder: Path) -> int:
    head = folder.parent.name.partition(".")[0]
    return int(head) if head.isdecimal() else 0


def _unprivileged(folder: Path) -> dict[str, Any]:
    """How to start a program that refuses root: arguments for subprocess."""
    if os.geteuid() != 0:
        return {}
    folder.chmod(0o755)
    shutil.chown(folder, "postgres", "postgres")
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _run(command: list[str], how: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", **how)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip()}")


@contextmanager
def _running(
    command: list[str], stop: signal.Signals, log: Path, ready: Callable[[], None], how: dict[str, Any]
) -> Iterator[Callable[[], None]]:
    """Yields what kills the program and starts it again."""

    def start() -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd="/", **how)
        processes.append(process)
        _wait(process, ready, log)
        return process

    def restart() -> None:
        processes[-1].kill()
        processes[-1].wait()
        start()

    processes: list[subprocess.Popen[bytes]] = []
    try:
        start()
        yield restart
    finally:
        _stop(processes[-1], stop)


def _stop(process: subprocess.Popen[bytes], stop: signal.Signals) -> None:
    process.send_signal(stop)
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], ready: Callable[[], None], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return ready()
        except (OSError, psycopg.Error) as error:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"{process.args!r} did not start: {log.read_text()[-2000:]}") from error
        time.sleep(0.05)


def _is_there(port: int) -> None:
    psycopg.connect(f"postgresql://tributary@127.0.0.1:{port}/postgres", connect_timeout=2).close()


def _create_database(port: int) -> None:
    target = f"postgresql://tributary@127.0.0.1:{port}/postgres"
    with psycopg.connect(target, autocommit=True, connect_timeout=2) as connection:
        connection.execute("CREATE DATABASE tributary")


def _ping(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(b"PING\r\n")
        if not connection.recv(64).startswith(b"+PONG"):
            raise ConnectionError("Redis is still loading")
