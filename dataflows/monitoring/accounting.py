"""The accounting of a run: received = loaded + duplicate + rejected + filtered, as a bar and day by day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from dataflows.models import DayStatus, Run
from dataflows.runs.lifecycle import COUNTS

SHARES = ("loaded", "duplicate", "rejected", "filtered")
LABELS = {
    "received": _("Received"),
    "loaded": _("Loaded"),
    "duplicate": _("Duplicate"),
    "rejected": _("Rejected"),
    "filtered": _("Filtered"),
}
BAR_WIDTH = 1000
# A single rejected record among millions must still be seen.
THINNEST = 6


@dataclass(frozen=True)
class Share:
    """A piece of the bar, in units of a bar that is BAR_WIDTH wide."""

    name: str
    label: Any
    count: int
    x: float
    width: float


@dataclass(frozen=True)
class Accounting:
    """``counts`` by name as in COUNTS."""

    counts: Mapping[str, int]

    @property
    def received(self) -> int:
        return self.counts["received"]

    @property
    def balances(self) -> bool:
        return self.received == sum(self.counts[name] for name in SHARES)

    @property
    def shares(self) -> list[Share]:
        total = sum(self.counts[name] for name in SHARES) or 1
        widths = [max(THINNEST, BAR_WIDTH * self.counts[n] / total) if self.counts[n] else 0.0 for n in SHARES]
        scale = BAR_WIDTH / (sum(widths) or 1)
        return [
            Share(name, LABELS[name], self.counts[name], scale * sum(widths[:position]), scale * widths[position])
            for position, name in enumerate(SHARES)
        ]


@dataclass(frozen=True)
class DayRow:
    """A day as a run left it; of a ``failed`` or ``held`` day nothing was published.

    ``anonymous`` records have no insert id, ``conflicting`` duplicates differ from the copy that stays.
    """

    day: date
    status: str
    label: Any
    counts: Mapping[str, int]
    anonymous: int = 0
    conflicting: int = 0


def of_run(run: Run) -> Accounting:
    """What the run published so far; days above the error threshold are not in it."""
    return Accounting(run.windows.aggregate(**{name: Sum(name, default=0) for name in COUNTS}))


def of_days(rows: list[DayRow]) -> Accounting:
    return Accounting({name: sum(row.counts[name] for row in rows) for name in COUNTS})


def day_rows(run: Run) -> list[DayRow]:
    """Newest day first."""
    stored = (day for days in run.windows.values_list("days", flat=True) for day in days)
    return sorted(map(_row, stored), key=lambda row: row.day, reverse=True)


def held(rows: list[DayRow]) -> list[DayRow]:
    return [row for row in rows if row.status == DayStatus.HELD]


def failed(rows: list[DayRow]) -> list[DayRow]:
    return [row for row in rows if row.status == DayStatus.FAILED]


def _row(stored: Mapping[str, Any]) -> DayRow:
    counts = {name: int(stored[name]) for name in COUNTS}
    status = DayStatus(stored["status"])
    odd = {name: int(stored.get(name, 0)) for name in ("anonymous", "conflicting")}
    day = date.fromisoformat(stored["day"])
    return DayRow(day, status, status.label, counts, **odd)
