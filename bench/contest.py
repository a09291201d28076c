"""One contestant against the server, once: in processes of its own, which say when they are ready."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DATA = ROOT / "build" / "bench"
ENGINES = {"engine": "engine", "calculated": "engine"}
"""The contests of the engine: ``calculated`` is its fifteen fields and ten calculated ones."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


def contest(name: str, url: str, folder: Path, *, workers: int = 1, history: Mapping[str, int] = {}) -> dict[str, Any]:
    """One contestant once; with several workers the clock runs until the last has ended.

    ``history``: how many ``days`` and ``snapshots`` the installation has behind it.
    """
    days = [path.stem for path in sorted(folder.glob("*.gz"))]
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": place,
            "MIXPANEL_EXTRA_HOSTS": url,
            "EXPORTS_PER_SECOND": "1000",
            "EXPORTS_PER_HOUR": "10000",
        }
        if name in ENGINES:
            environment["BENCH_RUN"] = _prepare(name, url, days, history, environment)
        command = [sys.executable, "-m", "bench.contestants", ENGINES.get(name, name), url, *days]
        running = [_start(command, environment) for _ in range(workers)]
        for process in running:
            _say(process, "go")
        return _together([json.loads(_hear(process)) for process in running])


def _prepare(name: str, url: str, days: list[str], history: Mapping[str, int], environment: dict[str, str]) -> str:
    behind = [str(history.get(name, 0)) for name in ("days", "snapshots")]
    command = [sys.executable, "-m", "bench.installation", name, url, days[0], days[-1], *behind]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stdout.split()[-1]


def _start(command: list[str], environment: dict[str, str]) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    if _hear(process) != "ready":
        raise SystemExit(f"{command} did not start")
    return process


def _say(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def _hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _together(told: list[dict[str, Any]]) -> dict[str, Any]:
    events = max(each["events"] for each in told)
    seconds = max(each["seconds"] for each in told)
    return {
        "events": events,
        "seconds": seconds,
        "events_per_second": events / seconds,
        "cpu_per_event": sum(each["cpu"] for each in told) / events * 1e6,
        "peak": max(each["peak"] for each in told),
    }


def told(name: str, found: Mapping[str, Any]) -> str:
    """One line about a contest."""
    return (
        f"{name:<24} {found['events_per_second']:>10,.0f} events/s  {found['cpu_per_event']:6.2f} us CPU/event  "
        f"{found['peak'] / 1e6:6.0f} MB  {found['seconds']:6.2f} s"
    )
