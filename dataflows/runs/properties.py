"""Which properties a dataflow's records have, and which of them came later than its mapping.

What a person saw when setting the dataflow up is known. Every window that is promoted afterwards shows some of its
records here; a property nobody has seen before is new until it is added or dismissed. A property that is in one
record of thousands may be noticed late: only samples are looked at.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from dataflows.mapping.source_fields import SourceField, infer
from dataflows.models import Dataflow, PropertyState, SourceProperty

MOST_PROPERTIES = 2_000
VALUES_PER_TYPE = 4
LONGEST_TEXT = 120
LONGEST_VALUE = 600
LONGEST_PATH = 500

Record = Mapping[str, Any]


def remember(flow: Dataflow, records: Sequence[Record], *, now: datetime) -> None:
    """These are the records by which the dataflow was set up: what they have is known."""
    _store(flow, _fields(records), records, PropertyState.KNOWN, now)


def note(flow: Dataflow, records: Sequence[Record], *, now: datetime) -> None:
    """Some records of a window. Those of the first one are known if the dataflow was set up without any."""
    if not records:
        return
    fields = _fields(records)
    known = {row.path: row for row in flow.properties.all()}
    flow.properties.update(looked_at=F("looked_at") + len(records))
    _refresh([(known[field.path], field) for field in fields if field.path in known], records, now)
    fresh = [field for field in fields if field.path not in known][: MOST_PROPERTIES - len(known)]
    _store(flow, fresh, records, PropertyState.NEW if known else PropertyState.KNOWN, now)


def new_properties(flow: Dataflow) -> list[SourceProperty]:
    """What came after the mapping and is still not mapped, oldest first."""
    sources = [row.source for row in flow.mapping_rows()]
    return [row for row in flow.properties.new() if not any(_mentions(source, row.path) for source in sources)]


def settle(flow: Dataflow, paths: Iterable[str], state: PropertyState) -> int:
    """New properties become known or dismissed; how many there were."""
    return int(flow.properties.new().filter(path__in=list(paths)).update(state=state))


def values_of(records: Iterable[Record], names: Sequence[str]) -> Iterator[Any]:
    """The values of a source field in records, without those that have none."""
    for record in records:
        found: Any = record
        for name in names:
            found = found.get(name) if isinstance(found, Mapping) else None
        if found is not None:
            yield found


def _mentions(source: str, path: str) -> bool:
    """Whether a mapping's source, a path or an expression, reads this path and not one that only begins with it."""
    return source == path or re.search(rf"(?<![\w$.]){re.escape(path)}(?![\w$])", source) is not None


def _fields(records: Sequence[Record]) -> list[SourceField]:
    """Fields that hold values themselves, with paths that can be stored."""
    every = infer(records)
    parents = {field.names[:-1] for field in every}
    return [
        field
        for field in every
        if field.types
        and (field.names not in parents or field.types.get("object", 0) < 0.5)
        and len(field.path) <= LONGEST_PATH
        and storable(field.path)
    ]


def _store(
    flow: Dataflow, fields: Iterable[SourceField], records: Sequence[Record], state: PropertyState, now: datetime
) -> None:
    rows = []
    for field in fields:
        row = SourceProperty(dataflow=flow, path=field.path, names=list(field.names), state=state)
        row.first_seen_at, row.looked_at = now, len(records)
        rows.append(_counted(row, field, records, now))
    SourceProperty.objects.bulk_create(rows, ignore_conflicts=True, batch_size=500)


def _refresh(pairs: Sequence[tuple[SourceProperty, SourceField]], records: Sequence[Record], now: datetime) -> None:
    rows = [_counted(row, field, records, now) for row, field in pairs]
    SourceProperty.objects.bulk_update(rows, ["types", "seen", "values", "last_seen_at"], batch_size=200)


def _counted(row: SourceProperty, field: SourceField, records: Sequence[Record], now: datetime) -> SourceProperty:
    found = round(field.fill * len(records))
    row.types = {
        kind: row.types.get(kind, 0) + round(field.types.get(kind, 0) * found) for kind in {**row.types, **field.types}
    }
    row.seen += found
    row.values = _some_values(row.values, values_of(records, field.names))
    row.last_seen_at = now
    return row


def _some_values(kept: list[Any], found: Iterator[Any]) -> list[Any]:
    """A few different values of each type: a rare type must not hide behind a frequent one."""
    values = list(kept)
    counts = Counter(type(value) for value in values)
    for value in found:
        if counts[type(value)] >= VALUES_PER_TYPE:
            continue
        shown = value[:LONGEST_TEXT] if isinstance(value, str) else value
        if not any(type(other) is type(shown) and other == shown for other in values) and storable(shown):
            values.append(shown)
            counts[type(value)] += 1
    return values


def storable(value: Any) -> bool:
    """Whether a JSON column can hold it: no NUL, no half characters, no NaN, not long."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        return len(text.encode()) <= LONGEST_VALUE and "\\u0000" not in text
    except (ValueError, RecursionError):
        return False
