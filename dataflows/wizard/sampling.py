"""One small look at the data of a project: rows to show, and what its times mean."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Any

from connectors.base import DayRange, Record
from connectors.budget import spending
from connectors.errors import ConnectorError, HistoryGate
from connectors.mixpanel import semantics
from connectors.models import Account, ExportRequest
from dataflows import scheduling

ROWS = 100
# Enough to judge the time semantic by, from other days than the rows shown.
ROWS_TO_JUDGE = 400
# Days before the newest complete one: itself, the week before, the rest of thirty days.
RANGES = ((0, 0), (1, 7), (8, 29))
LONGEST_TEXT = 500
MOST_ITEMS = 50
MOST_PROPERTIES = 300
DEEPEST = 4


@dataclass(frozen=True)
class Sample:
    """``records`` as kept (at most 100, trimmed); ``semantic`` is ``utc``, ``legacy`` or "" when data cannot tell.

    ``evidence`` is a sentence for the reader, never empty. ``days`` were asked for.
    """

    records: list[Record]
    semantic: str
    evidence: str
    days: DayRange


def take(account: Account, project_id: str, zone: str, *, now: datetime) -> Sample:
    """Read up to 100 records of the newest complete day that has any, at most 30 days back.

    Costs one export request, up to three for a project that is quiet, and one more to judge the times by.
    Raises ConnectorError, BudgetEmpty among it.
    """
    newest = scheduling.last_day(now, zone, include_today=False)
    found = _newest_records(account, project_id, newest)
    if not found.records:
        return found
    others = _records_to_judge(account, project_id, newest)
    verdict = semantics.detect([*found.records, *others], zone)
    semantic = "" if verdict.semantic == "unknown" else verdict.semantic
    kept = [trimmed(record) for record in found.records]
    return Sample(kept, semantic, str(verdict.evidence["sentence"]), found.days)


def _newest_records(account: Account, project_id: str, newest: date) -> Sample:
    asked = DayRange(newest, newest)
    for nearest, farthest in RANGES:
        days = DayRange(newest - timedelta(days=farthest), newest - timedelta(days=nearest))
        try:
            records = _ask(account, project_id, days, ROWS)
        except HistoryGate:
            if nearest == 0:
                raise
            break  # the plan keeps no older days: what was asked so far is all there is
        asked = DayRange(days.first, asked.last)
        if records:
            return Sample(records[:ROWS], "", "", days)
    words = f"Mixpanel holds no events of this project from {asked.first} to {asked.last}, so nothing tells what its "
    return Sample([], "", words + "times mean.", asked)


def _records_to_judge(account: Account, project_id: str, newest: date) -> list[Record]:
    """More records, from earlier days; none when they cannot be had, for the preview works without them."""
    try:
        return _ask(account, project_id, DayRange(newest - timedelta(days=14), newest), ROWS_TO_JUDGE)
    except ConnectorError:
        return []


def _ask(account: Account, project_id: str, days: DayRange, limit: int) -> list[Record]:
    with spending(account, project_id, ExportRequest.Purpose.PREVIEW, days=(days.first, days.last)):
        return account.open().sample(project_id, days, limit)


# --- what is kept of a record ----------------------------------------------------------------------------------


def trimmed(record: Record) -> Record:
    """The record without what makes it large, and without what a JSON column cannot hold: NUL, half characters, NaN."""
    properties = list(record["properties"].items())[:MOST_PROPERTIES]
    return {
        "event": _text(str(record["event"])),
        "properties": {_text(name): _value(value, DEEPEST) for name, value in properties},
    }


def _value(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float) and not isfinite(value):
        return None
    if isinstance(value, dict | list) and depth == 0:
        return None
    if isinstance(value, dict):
        return {_text(name): _value(inner, depth - 1) for name, inner in _first(value.items())}
    if isinstance(value, list):
        return [_value(inner, depth - 1) for inner in _first(value)]
    return value


def _first(values: Any) -> Iterator[Any]:
    return (value for value, _ in zip(values, range(MOST_ITEMS), strict=False))


def _text(value: str) -> str:
    storable = value.encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{REPLACEMENT CHARACTER}")
    return storable if len(storable) <= LONGEST_TEXT else storable[: LONGEST_TEXT - 1] + "…"


def event_names(records: Sequence[Record]) -> list[str]:
    """The events of a sample, most frequent first."""
    names = [str(record["event"]) for record in records]
    return sorted(set(names), key=lambda name: (-names.count(name), name))
