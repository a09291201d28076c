"""How fast: interleaved rounds of all contestants, medians and ratios; the last line is one JSON object."""

from __future__ import annotations

import argparse
import gzip
import json
import statistics
from pathlib import Path
from typing import Any

from bench import contest, data
from bench.machine import machine

CONTESTS = {
    "gunzip": ("gunzip", 1),
    "script": ("script", 1),
    "one_worker": ("engine", 1),
    "two_workers": ("engine", 2),
    "calculated": ("calculated", 1),
}
RATIOS = {
    "one_worker/gunzip": ("one_worker", "gunzip"),
    "one_worker/script": ("one_worker", "script"),
    "two_workers/gunzip": ("two_workers", "gunzip"),
    "two_workers/script": ("two_workers", "script"),
    "calculated/one_worker": ("calculated", "one_worker"),
}
Round = dict[str, dict[str, Any]]


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--events", type=int, default=2_000_000)
    parser.add_argument("--days", type=int, default=6)
    parser.add_argument("--rounds", type=int, default=5)
    chosen = parser.parse_args()
    folder = data.make(contest.DATA, chosen.events, chosen.days)[0].parent
    rounds: list[Round] = []
    with contest.served(folder) as url:
        for number in range(chosen.rounds):
            rounds.append({})
            for name, (kind, workers) in CONTESTS.items():
                rounds[-1][name] = contest.contest(kind, url, folder, workers=workers)
                print(f"round {number + 1}  {contest.told(name, rounds[-1][name])}", flush=True)
    _print_summary(rounds, folder)


def _print_summary(rounds: list[Round], folder: Path) -> None:
    plain = _plain_size(folder)
    packed = sum(path.stat().st_size for path in folder.glob("*.gz"))
    events = rounds[0]["one_worker"]["events"]
    print(f"\n{machine()}")
    print(f"{events:,} events, {plain / 1e6:,.0f} MB, {packed / 1e6:,.0f} MB gzip; medians of {len(rounds)} rounds")
    for name in CONTESTS:
        speed, cpu, peak = (_median(rounds, name, what) for what in ("events_per_second", "cpu_per_event", "peak"))
        print(
            f"  {name:<12} {speed:>10,.0f} events/s  {speed * plain / events / 1e6:6.0f} MB/s  "
            f"{cpu:6.2f} us CPU/event  {peak / 1e6:6.0f} MB peak"
        )
    ratios = {label: _ratio(rounds, over, under) for label, (over, under) in RATIOS.items()}
    for label, ratio in ratios.items():
        print(f"  {label:<20} {ratio:.2f}")
    speeds = {name: round(_median(rounds, name, "events_per_second")) for name in CONTESTS}
    peak = max(each[name]["peak"] for each in rounds for name in ("one_worker", "two_workers"))
    rounded = {label: round(ratio, 3) for label, ratio in ratios.items()}
    print(json.dumps({**speeds, "peak_rss_mb": round(peak / 1e6), "ratios": rounded}))


def _median(rounds: list[Round], name: str, what: str) -> float:
    return statistics.median(each[name][what] for each in rounds)


def _ratio(rounds: list[Round], over: str, under: str) -> float:
    """The median of the rounds' own ratios: what drifts between rounds cancels out."""
    return statistics.median(each[over]["events_per_second"] / each[under]["events_per_second"] for each in rounds)


def _plain_size(folder: Path) -> int:
    total = 0
    for path in folder.glob("*.gz"):
        with gzip.open(path) as file:
            while piece := file.read(1 << 22):
                total += len(piece)
    return total


if __name__ == "__main__":
    main()
