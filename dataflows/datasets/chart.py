"""Rows per day as bars."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dataflows.scheduling import days_between

HEIGHT = 100
# More bars than this are thinner than a pixel.
DAYS_SHOWN = 366


@dataclass(frozen=True)
class Bar:
    """In a drawing one unit wide per day and HEIGHT high."""

    day: date
    rows: int
    x: int
    y: float
    height: float


@dataclass(frozen=True)
class Chart:
    bars: list[Bar]
    width: int
    first: date
    last: date
    most: int
    hidden: int


def chart(rows_by_day: Mapping[date, int]) -> Chart | None:
    """The newest days without gaps between them; ``hidden`` is how many older ones are left out."""
    if not rows_by_day:
        return None
    every = days_between(min(rows_by_day), max(rows_by_day))
    shown = every[-DAYS_SHOWN:]
    most = max((rows_by_day.get(day, 0) for day in shown), default=0) or 1
    bars = [_bar(day, rows_by_day.get(day, 0), number, most) for number, day in enumerate(shown)]
    return Chart(bars, len(bars), shown[0], shown[-1], most, len(every) - len(shown))


def _bar(day: date, rows: int, x: int, most: int) -> Bar:
    height = HEIGHT * rows / most
    return Bar(day, rows, x, HEIGHT - height, height)
