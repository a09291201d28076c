"""The rejected records of a run as one download."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

from dataflows import stores
from dataflows.models import Run
from dataflows.monitoring.diagnostics import rejected_files
from dataflows.runs import rejects


def kept_files(run: Run) -> list[tuple[date, str]]:
    """The run's files of rejected records that are still there. Raises LandingUnavailable."""
    storage = stores.landing()
    return [(day, key) for day, key in rejected_files(run) if storage.exists(key)]


def lines(files: list[tuple[date, str]]) -> Iterator[bytes]:
    """JSON lines, the day in front of what ``dataflows.runs.rejects`` keeps of a record."""
    storage = stores.landing()
    for day, key in files:
        for record in rejects.read(storage, [key]):
            yield json.dumps({"day": day.isoformat(), **record}).encode() + b"\n"
