"""Which days of a dataflow are loaded, how well, and by which run."""

from __future__ import annotations

import calendar
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Sum

from dataflows import scheduling
from dataflows.models import Dataflow, DayStatus
from dataflows.runs import lacking
from dataflows.runs.counting import COUNTS

MONTHS_SHOWN = 12


@dataclass(frozen=True)
class Cell:
    """One day. ``complete`` is false for a day that was still going on when it was read."""

    day: date
    status: str
    label: Any
    run_id: int | None = None
    loaded: int = 0
    complete: bool = True


@dataclass(frozen=True)
class Month:
    """``cells`` has one entry per day of the month, None for days outside the dataflow's range."""

    first: date
    cells: list[Cell | None]


@dataclass(frozen=True)
class Coverage:
    """``months`` newest first, ``hidden`` how many older ones were left out; ``counts`` are over all days."""

    first: date | None
    last: date | None
    months: list[Month]
    hidden: int
    counts: list[tuple[str, Any, int]]
    totals: dict[str, int]


def coverage(flow: Dataflow, now: datetime, *, every_month: bool = False) -> Coverage:
    """From the first day wanted to the newest one that can be there."""
    known = {cell.day: cell for cell in _known(flow)}
    first, last = _range(flow, list(known), now)
    days = scheduling.days_between(first, last) if first <= last else []
    cells = [known.get(day) or Cell(day, DayStatus.MISSING, DayStatus.MISSING.label) for day in days]
    months = _months(cells)
    shown = months if every_month else months[:MONTHS_SHOWN]
    counted = Counter(cell.status for cell in cells)
    return Coverage(
        first=days[0] if days else None,
        last=days[-1] if days else None,
        months=shown,
        hidden=len(months) - len(shown),
        counts=[(status.value, status.label, counted[status]) for status in DayStatus if counted[status]],
        totals=flow.days.aggregate(**{name: Sum(name, default=0) for name in COUNTS}),
    )


def _known(flow: Dataflow) -> list[Cell]:
    rows = flow.days.values_list("day", "status", "window__run_id", "loaded", "complete")
    labels = dict(DayStatus.choices)
    return [Cell(day, status, labels[status], run, loaded, complete) for day, status, run, loaded, complete in rows]


def _range(flow: Dataflow, days: list[date], now: datetime) -> tuple[date, date]:
    newest = scheduling.last_day(now, flow.timezone, include_today=False)
    return min([lacking.wanted_from(flow), *days]), max([newest, *days])


def _months(cells: list[Cell]) -> list[Month]:
    by_day = {cell.day: cell for cell in cells}
    firsts = sorted({cell.day.replace(day=1) for cell in cells}, reverse=True)
    return [Month(first, [by_day.get(day) for day in _days_of(first)]) for first in firsts]


def _days_of(first: date) -> list[date]:
    length = calendar.monthrange(first.year, first.month)[1]
    return [first + timedelta(days=number) for number in range(length)]
