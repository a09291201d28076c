"""The accounting of a run: received = loaded + duplicate + rejected + filtered + not loaded, as a bar and by day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext_lazy as _

from dataflows.models import DayStatus, Run
from dataflows.runs import counting
from dataflows.runs.counting import COUNTS, WITHHELD

SHARES = ("loaded", "duplicate", "rejected", "filtered", WITHHELD)
LABELS = {
    "received": _("Received"),
    "loaded": _("Loaded"),
    "duplicate": _("Duplicate"),
    "rejected": _("Rejected"),
    "filtered": _("Filtered"),
    WITHHELD: _("Not loaded"),
}
Windows = Sequence[Mapping[str, Any]]
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
    """``counts`` by name as in COUNTS, and WITHHELD: good records of days that were not loaded."""

    counts: Mapping[str, int]

    @property
    def received(self) -> int:
        return self.counts["received"]

    @property
    def balances(self) -> bool:
        return self.received == sum(map(self._count, SHARES))

    def _count(self, name: str) -> int:
        return self.counts.get(name, 0)

    @property
    def shares(self) -> list[Share]:
        counts = list(map(self._count, SHARES))
        total = sum(counts) or 1
        widths = [max(THINNEST, BAR_WIDTH * count / total) if count else 0.0 for count in counts]
        scale = BAR_WIDTH / (sum(widths) or 1)
        return [
            Share(name, LABELS[name], counts[position], scale * sum(widths[:position]), scale * widths[position])
            for position, name in enumerate(SHARES)
        ]


@dataclass(frozen=True)
class DayRow:
    """A day as a run left it; of a ``failed`` or ``held`` day nothing was published, so none of it is loaded.

    ``anonymous`` records have no insert id, ``conflicting`` duplicates differ from the copy that stays.
    """

    day: date
    status: str
    label: Any
    counts: Mapping[str, int]
    anonymous: int = 0
    conflicting: int = 0


def windows_of(run: Run) -> Windows:
    """What the run's windows have counted so far."""
    return list(run.windows.values("days", *COUNTS))


def of_windows(windows: Windows) -> Accounting:
    """Every record that was read and judged so far."""
    return Accounting(counting.counted(windows))


def of_days(rows: Iterable[DayRow]) -> Accounting:
    return Accounting({name: sum(row.counts[name] for row in rows) for name in (*COUNTS, WITHHELD)})


def day_rows(windows: Windows) -> list[DayRow]:
    """Newest day first."""
    stored = (day for window in windows for day in window["days"])
    return sorted(map(_row, stored), key=lambda row: row.day, reverse=True)


def held(rows: list[DayRow]) -> list[DayRow]:
    return [row for row in rows if row.status == DayStatus.HELD]


def failed(rows: list[DayRow]) -> list[DayRow]:
    return [row for row in rows if row.status == DayStatus.FAILED]


def _row(stored: Mapping[str, Any]) -> DayRow:
    status = DayStatus(stored["status"])
    odd = {name: int(stored.get(name, 0)) for name in ("anonymous", "conflicting")}
    day = date.fromisoformat(stored["day"])
    return DayRow(day, status, status.label, counting.of_day(stored), **odd)
