"""Reading what an export sends, by rules of its own: nothing here comes from the code under test."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

Record = dict[str, Any]


def records(body: bytes) -> list[Record]:
    assert not body or body.endswith(b"\n")
    return [json.loads(line) for line in body.split(b"\n")[:-1]]


def has_time(record: Record) -> bool:
    return isinstance(record["properties"].get("time"), int)


def is_valid(record: Record) -> bool:
    return has_time(record) and isinstance(record["properties"]["distinct_id"], str)


def raw_time(record: Record) -> datetime:
    return datetime.fromtimestamp(record["properties"]["time"], UTC)


def key(record: Record) -> str:
    """Mixpanel's four-part key; without $insert_id the whole record."""
    properties = record["properties"]
    if "$insert_id" not in properties:
        return json.dumps(record, sort_keys=True)
    return json.dumps([record["event"], properties["distinct_id"], properties["time"], properties["$insert_id"]])


def counted(body: bytes, zone: str | None) -> Counter[tuple[date, str]]:
    """Unique records with a time per day and name; ``zone`` None takes the date of the raw time as it stands."""
    unique = {key(record): record for record in records(body) if has_time(record)}
    return Counter((_day(record, zone), record["event"]) for record in unique.values())


def _day(record: Record, zone: str | None) -> date:
    moment = raw_time(record)
    return (moment.astimezone(ZoneInfo(zone)) if zone else moment).date()


def lateness(found: Iterable[Record]) -> list[float]:
    """Seconds from the stored time to the receipt, for live events."""
    properties = [record["properties"] for record in found if has_time(record)]
    return [p["$mp_api_timestamp_ms"] / 1000 - p["time"] for p in properties if "$import" not in p]
