"""Days to windows: how many days one export request asks for. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# One request is cheap in Mixpanel's budget (60 an hour) and dear when it breaks: it is read again whole.
EVENTS_PER_WINDOW = 500_000
DAYS_PER_WINDOW = 31
# Nothing is known about a project yet: a short history goes day by day, a long one by weeks.
UNKNOWN_SHORT = 10
UNKNOWN_DAYS = 7


@dataclass(frozen=True)
class PlannedWindow:
    """Days of one request, both ends inclusive. ``events`` expected, ``None`` when nothing is known."""

    first: date
    last: date
    events: int | None = None


def interval(
    *,
    last: date,
    newest_loaded: date | None,
    history_from: date,
    lookback_days: int,
) -> tuple[date, date] | None:
    """The days a scheduled run reads: everything since the newest loaded day, and the look-back again.

    Late events are the rule (mobile phones deliver up to five days later), so the last ``lookback_days`` days
    are read and replaced on every run. ``None`` when there is no complete day to read yet.
    """
    first = history_from
    if newest_loaded is not None:
        first = max(history_from, min(newest_loaded + timedelta(days=1), last - timedelta(days=lookback_days - 1)))
    return (first, last) if first <= last else None


def windows_for(days: Sequence[date], events_by_day: Mapping[date, int], *, apart: bool = False) -> list[PlannedWindow]:
    """Cut ``days`` (increasing, gaps allowed) into windows, newest first; no window reaches over a gap.

    ``events_by_day`` is what earlier runs received; an unknown day counts as the average of the known ones.
    ``apart``: every day by itself, because the project sends records that only the request they came in can date.
    """
    if not events_by_day:
        longest = 1 if len(days) <= UNKNOWN_SHORT else UNKNOWN_DAYS
        groups = _grouped(days, dict.fromkeys(days, 0), longest)
        return [PlannedWindow(group[-1], group[0]) for group in groups]
    average = sum(events_by_day.values()) // len(events_by_day)
    expected = {day: events_by_day.get(day, average) for day in days}
    groups = _grouped(days, expected, 1 if apart else DAYS_PER_WINDOW)
    return [PlannedWindow(group[-1], group[0], sum(expected[day] for day in group)) for group in groups]


def _grouped(days: Sequence[date], expected: Mapping[date, int], longest: int) -> list[list[date]]:
    """Days that go together, newest first in each group and of the groups."""
    groups: list[list[date]] = []
    weight = 0
    for day in reversed(days):
        fits = groups and weight + expected[day] <= EVENTS_PER_WINDOW and len(groups[-1]) < longest
        if fits and groups[-1][-1] - day == timedelta(days=1):
            groups[-1].append(day)
            weight += expected[day]
        else:
            groups.append([day])
            weight = expected[day]
    return groups
