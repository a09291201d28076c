"""The events of the benchmark: whole days of the sample shop, as gzip bodies on disk, made once and kept."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import requests

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from connectors.mixpanel.sample.limits import Limits
from connectors.mixpanel.sample.server import SampleServer

TODAY = date(2026, 9, 20)
PLENTY = Limits(hourly=100_000, per_second=0, concurrent=100)


def days(count: int) -> list[date]:
    """Newest last; all of them older than the sample's late events."""
    last = TODAY - timedelta(days=6)
    return [last - timedelta(days=number) for number in reversed(range(count))]


def make(folder: Path, events: int, count: int) -> list[Path]:
    """A ``YYYY-MM-DD.gz`` for each of ``count`` days, about ``events`` records in all."""
    paths = [folder / f"{events}-{count}" / f"{day}.gz" for day in days(count)]
    if all(path.exists() for path in paths):
        return paths
    paths[0].parent.mkdir(parents=True, exist_ok=True)
    with SampleServer(today=TODAY, events_per_day=events // count, export_limits=PLENTY) as server:
        for day, path in zip(days(count), paths, strict=True):
            _save(server.url, day, path)
    return paths


def _save(url: str, day: date, path: Path) -> None:
    parameters = {"project_id": UTC_PROJECT_ID, "from_date": str(day), "to_date": str(day)}
    answer = requests.get(
        f"{url}/api/2.0/export", params=parameters, auth=(USERNAME, SECRET), stream=True, timeout=(10, 600)
    )
    answer.raise_for_status()
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        for chunk in answer.raw.stream(1 << 20, decode_content=False):
            file.write(chunk)
    part.replace(path)
