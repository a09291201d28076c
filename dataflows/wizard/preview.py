"""Sample records as a person reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dataflows.mapping import TimeReading
from dataflows.mapping.instants import EPOCH, micros_of, raw_time, true_instant
from dataflows.models import Dataflow

ROWS = 100


@dataclass(frozen=True)
class SampleRow:
    """One event. ``instant`` is ``None`` while it is not known what the times mean; ``rest`` is indented JSON."""

    event: str
    raw_time: str
    instant: datetime | None
    distinct_id: str
    count: int
    rest: str


def sample_rows(draft: Dataflow) -> list[SampleRow]:
    reading = draft.reading if draft.time_semantic and draft.timezone else None
    return [_row(record, reading) for record in draft.sample[:ROWS]]


def _row(record: Mapping[str, Any], reading: TimeReading | None) -> SampleRow:
    properties = dict(record["properties"])
    rest = {name: value for name, value in properties.items() if name not in {"time", "distinct_id"}}
    return SampleRow(
        event=str(record["event"]),
        raw_time=_plain(properties.get("time")),
        instant=_instant(properties, reading) if reading else None,
        distinct_id=_plain(properties.get("distinct_id")),
        count=len(rest),
        rest=json.dumps(rest, indent=2, ensure_ascii=False),
    )


def _instant(properties: Mapping[str, Any], reading: TimeReading) -> datetime | None:
    raw = raw_time(properties.get("time"))
    if raw is None:
        return None
    received = raw_time(properties.get("$mp_api_timestamp_ms")) or 0
    micros, _ = true_instant(micros_of(raw), reading, received, properties.get("$import") is True)
    return EPOCH + timedelta(microseconds=micros)


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
