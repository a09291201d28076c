"""Interleaved rounds of all contestants, medians and ratios; the last line is one JSON object."""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import data

ROOT = Path(__file__).resolve().parent.parent


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


def contest(name: str, url: str, folder: Path, workers: int = 1) -> dict[str, Any]:
    """One contestant once; with several workers the clock runs until the last has ended."""
    days = [path.stem for path in sorted(folder.glob("*.gz"))]
    with tempfile.TemporaryDirectory() as place:
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATA_DIR": place,
            "MIXPANEL_EXTRA_HOSTS": url,
            "EXPORTS_PER_SECOND": "1000",
            "EXPORTS_PER_HOUR": "10000",
            "BENCH_FOLDER": str(folder),
        }
        if name == "engine":
            environment["BENCH_RUN"] = _prepare(url, days, environment)
        command = [sys.executable, "-m", "bench.contestants", name, url, *days]
        running = [_start(command, environment) for _ in range(workers)]
        for process in running:
            _say(process, "go")
        return _together([json.loads(_hear(process)) for process in running])


def _prepare(url: str, days: list[str], environment: dict[str, str]) -> str:
    command = [sys.executable, "-m", "bench.installation", url, days[0], days[-1]]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
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
        "events_per_second": events / seconds,
        "cpu_per_event": sum(each["cpu"] for each in told) / events * 1e6,
        "peak": max(each["peak"] for each in told),
        "events": events,
    }


CONTESTS = {
    "gunzip": ("gunzip", 1),
    "script": ("script", 1),
    "one_worker": ("engine", 1),
    "two_workers": ("engine", 2),
}
RATIOS = {
    "one_worker/gunzip": ("one_worker", "gunzip"),
    "one_worker/script": ("one_worker", "script"),
    "two_workers/gunzip": ("two_workers", "gunzip"),
    "two_workers/script": ("two_workers", "script"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    folder = data.make(ROOT / "build" / "bench", chosen.events, chosen.days)[0].parent
    rounds: list[dict[str, dict[str, Any]]] = []
    with served(folder) as url:
        for number in range(chosen.rounds):
            rounds.append({name: contest(kind, url, folder, workers) for name, (kind, workers) in CONTESTS.items()})
            _print_round(number + 1, rounds[-1])
    _print_summary(rounds, folder)


def _print_round(number: int, found: dict[str, dict[str, Any]]) -> None:
    for name, told in found.items():
        print(
            f"round {number}  {name:<12} {told['events_per_second']:>10,.0f} events/s  "
            f"{told['cpu_per_event']:6.2f} us CPU/event  {told['peak'] / 1e6:6.0f} MB",
            flush=True,
        )


def _print_summary(rounds: list[dict[str, dict[str, Any]]], folder: Path) -> None:
    speed = {name: statistics.median(each[name]["events_per_second"] for each in rounds) for name in CONTESTS}
    ratios = {
        label: statistics.median(each[over]["events_per_second"] / each[under]["events_per_second"] for each in rounds)
        for label, (over, under) in RATIOS.items()
    }
    events = rounds[0]["one_worker"]["events"]
    packed = sum(path.stat().st_size for path in folder.glob("*.gz"))
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    print(f"{events:,} events, {packed / 1e6:,.0f} MB gzip; medians of {len(rounds)} interleaved rounds")
    for label, ratio in ratios.items():
        print(f"  {label:<20} {ratio:.2f}")
    told = {name: round(value) for name, value in speed.items()}
    peak = max(each[name]["peak"] for each in rounds for name in ("one_worker", "two_workers"))
    rounded = {label: round(ratio, 3) for label, ratio in ratios.items()}
    print(json.dumps({**told, "peak_rss_mb": round(peak / 1e6), "ratios": rounded}))


if __name__ == "__main__":
    main()
