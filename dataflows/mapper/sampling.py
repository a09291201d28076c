"""One small look at the data of a project: records to try a mapping on, and what their times mean."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from math import isfinite
from typing import Any

from connectors.base import DayRange, Record, Source
from connectors.budget import spending
from connectors.errors import ConnectorError, HistoryGate
from connectors.mixpanel import semantics
from connectors.models import Account, ExportRequest
from connectors.storage import Landing
from dataflows import scheduling, stores
from dataflows.mapping.choosing import choose
from dataflows.models import Dataflow

ROWS = 500
CHARACTERS = 2_000_000
# So many records of one request, or of landed answers, are looked at to choose ROWS that differ.
ROWS_TO_CHOOSE_FROM = 5_000
# Enough to judge the time semantic by, from other days than the rows shown.
ROWS_TO_JUDGE = 400
DAYS_TO_LOOK_AT = 7
# Days before the newest complete one: itself, the week before, the rest of thirty days.
RANGES = ((0, 0), (1, 7), (8, 29))
LONGEST_TEXT = 500
MOST_ITEMS = 50
MOST_PROPERTIES = 300
DEEPEST = 4


@dataclass(frozen=True)
class Sample:
    """``records`` as kept: at most 500, trimmed, chosen to differ. ``semantic`` is ``utc``, ``legacy`` or "" when data
    cannot tell.

    ``evidence`` is a sentence for the reader, never empty. ``days`` were asked for.
    """

    records: list[Record]
    semantic: str
    evidence: str
    days: DayRange


def take(account: Account, project_id: str, zone: str, *, now: datetime) -> Sample:
    """Up to 500 records of the newest complete day that has any, at most 30 days back.

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
    return Sample(chosen(found.records), semantic, str(verdict.evidence["sentence"]), found.days)


def _newest_records(account: Account, project_id: str, newest: date) -> Sample:
    asked = DayRange(newest, newest)
    for nearest, farthest in RANGES:
        days = DayRange(newest - timedelta(days=farthest), newest - timedelta(days=nearest))
        try:
            records = _ask(account, project_id, days, ROWS_TO_CHOOSE_FROM)
        except HistoryGate:
            if nearest == 0:
                raise
            break  # the plan keeps no older days: what was asked so far is all there is
        asked = DayRange(days.first, asked.last)
        if records:
            return Sample(records, "", "", days)
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


def landed(flow: Dataflow) -> list[Record]:
    """Records to try a mapping on from the newest days whose raw answers are kept; none if none is.

    Asks Mixpanel nothing. Raises ConnectorError when an answer cannot be read.
    """
    keys = flow.days.exclude(landed_key="").order_by("-day").values_list("landed_key", flat=True)
    storage = stores.landing()
    # Days that came in one answer share its key.
    recent = [key for key in dict.fromkeys(keys[:DAYS_TO_LOOK_AT]) if storage.exists(key)]
    share = ROWS_TO_CHOOSE_FROM // max(len(recent), 1)
    source = flow.reads_from.open()
    try:
        return chosen([record for key in recent for record in _first_records(source, storage, key, share)])
    finally:
        source.close()


def _first_records(source: Source, storage: Landing, key: str, most: int) -> list[Record]:
    """The first ones: reading on would cost as much as the day is long."""
    lines = (line for block in source.blocks(storage, key) for line in block.split(b"\n"))
    return list(islice(filter(None, map(_record, lines)), most))


def _record(line: bytes) -> Record | None:
    """None for what is no event: the runs say what is wrong with it."""
    try:
        record = json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    usable = isinstance(record, dict) and isinstance(record.get("properties"), dict) and "event" in record
    return record if usable else None


def chosen(records: Sequence[Record]) -> list[Record]:
    """At most 500 of them, trimmed, first those that show what the others do not."""
    return [dict(record) for record in choose([trimmed(record) for record in records], ROWS, CHARACTERS)]


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
