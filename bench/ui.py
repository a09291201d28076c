"""How long lists take on the server, with thousands of dataflows and half a million runs on PostgreSQL.

``make bench-ui`` starts a PostgreSQL of its own, fills it, asks for every list as a program and as a person, and prints
the median and the 95th percentile of each; the last line is the same as one JSON object.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.machine import machine
from tests.services import postgres

WARM_UP = 5
LIMIT_MS = 100


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-ui")
    parser.add_argument("--flows", type=int, default=2_000)
    parser.add_argument("--runs", type=int, default=500_000)
    parser.add_argument("--requests", type=int, default=60)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, postgres(Path(place)) as server:
        os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": server.url, "DATA_DIR": place}
        os.environ |= {"PLAIN_STATIC_FILES": "1", "ALLOWED_HOSTS": "testserver"}
        import django

        django.setup()
        from bench import ui_data, ui_requests

        ui_data.fill(chosen.flows, chosen.runs)
        print(f"{machine()}\n{chosen.flows:,} dataflows, {chosen.runs:,} runs, {chosen.requests} requests each")
        found = dict(_measured(ui_requests.asks(), chosen.requests))
    worst = max(p95 for _, p95 in found.values())
    print(f"slowest 95th percentile: {worst:.0f} ms (wanted: below {LIMIT_MS})")
    print(
        json.dumps(
            {"flows": chosen.flows, "runs": chosen.runs, "p95_ms": {k: round(v[1], 1) for k, v in found.items()}}
        )
    )


def _measured(asks: dict[str, Callable[[], int]], count: int) -> Iterator[tuple[str, tuple[float, float]]]:
    """By name: median and 95th percentile in milliseconds."""
    for name, ask in asks.items():
        for _ in range(WARM_UP):
            ask()
        times = sorted(_timed(name, ask) for _ in range(count))
        median, p95 = statistics.median(times), times[int(len(times) * 0.95)]
        print(f"  {name:<44} {median:7.1f} ms  {p95:7.1f} ms", flush=True)
        yield name, (median, p95)


def _timed(name: str, ask: Callable[[], int]) -> float:
    started = time.perf_counter()
    status = ask()
    took = (time.perf_counter() - started) * 1000
    if status != 200:
        raise SystemExit(f"{name} answered with {status}")
    return took


if __name__ == "__main__":
    main()
