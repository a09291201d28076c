"""How it grows: memory with the size of a day and of a run, time with events and with history, cost of odd records.

Each comparison is interleaved in rounds; the last line is one JSON object.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable
from typing import Any

from bench import contest, data
from bench.machine import machine

HISTORY = {"days": 1_000, "snapshots": 500}


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench-scale")
    parser.add_argument("--events", type=int, default=10_000_000, help="of the large runs")
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    tenth = chosen.events // 10
    small, large = _run(tenth // 3, 1), _run(tenth // 3 * 10, 1)
    plain, mixed = _run(tenth, 6), _run(tenth, 6, mixed=10)
    found = {
        "one_large_day_mb": _peak("one large day", chosen.events, 1),
        "thirty_days_mb": _peak("thirty days", chosen.events, 30),
        "ten_times_the_events": _times(chosen.rounds, ("a tenth", small), ("whole", large)),
        "with_history": _times(chosen.rounds, ("fresh", plain), ("with history", _run(tenth, 6, history=HISTORY))),
        "mixed_types": _times(chosen.rounds, ("plain", plain), ("mixed", mixed)),
    }
    print(f"\n{machine()}")
    print(json.dumps(found))


def _run(events: int, days: int, *, mixed: int = 0, **options: Any) -> Callable[[], dict[str, Any]]:
    folder = data.make(contest.DATA, events, days, mixed)[0].parent

    def run() -> dict[str, Any]:
        with contest.served(folder) as url:
            return contest.contest("engine", url, folder, **options)

    return run


def _peak(name: str, events: int, days: int) -> int:
    found = _run(events, days)()
    print(contest.told(name, found), flush=True)
    return round(found["peak"] / 1e6)


def _times(rounds: int, one: tuple[str, Callable[[], Any]], other: tuple[str, Callable[[], Any]]) -> float:
    """How many times as long the other takes."""
    seconds: list[list[float]] = []
    for _ in range(rounds):
        seconds.append([])
        for name, run in (one, other):
            found = run()
            print(contest.told(name, found), flush=True)
            seconds[-1].append(found["seconds"])
    ratio = statistics.median(after / before for before, after in seconds)
    print(f"  {other[0]} / {one[0]}: {ratio:.2f}", flush=True)
    return round(ratio, 2)


if __name__ == "__main__":
    main()
