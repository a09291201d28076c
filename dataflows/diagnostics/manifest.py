"""The file manifest of a run: which landed answers it read, and what it kept of them aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dataflows.models import Window


@dataclass(frozen=True)
class LandedFile:
    """``size`` in bytes as landed, compressed; ``events`` were read from it. ``key`` is its place in the zone."""

    key: str
    first_day: date
    last_day: date
    size: int
    events: int
    rejected: int


@dataclass(frozen=True)
class Totals:
    files: int
    size: int
    events: int


def landed_files(run: int) -> list[LandedFile]:
    """Newest days first. A file that several windows read stands once for each of them."""
    rows = Window.objects.filter(run=run).exclude(landed_key="").order_by("-last_day")
    names = ("landed_key", "first_day", "last_day", "landed_size", "events_done", "days")
    return [
        LandedFile(key, first, last, size, events, sum(int(day["rejected"]) for day in days))
        for key, first, last, size, events, days in rows.values_list(*names)
    ]


def totals(rows: Sequence[LandedFile]) -> Totals:
    """Files and their sizes once, however often they were read."""
    sizes = {row.key: row.size for row in rows}
    return Totals(len(sizes), sum(sizes.values()), sum(row.events for row in rows))
