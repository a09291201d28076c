"""A bound mapping made ready to run: what to decode, what to compute, what to check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from dataflows.mapping import columns, derived, keys, row
from dataflows.mapping.bind import BoundMapping, FromDerived, FromRecord
from dataflows.mapping.columns import Evaluated
from dataflows.mapping.decode import Flaw, RecordDecoder
from dataflows.mapping.instants import TimeReading
from dataflows.mapping.problems import Rejected
from dataflows.schemas import Field


@dataclass(frozen=True)
class PreviewRow:
    """One record as the mapping sees it, by target path: values, and errors where a value could not be made.

    A record without usable time, event or properties has no values and its error under the source's name.
    ``rejected`` tells why the record as a whole would not be loaded.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    rejected: Rejected | None


@dataclass(frozen=True)
class Plan:
    """``schema`` is the dataset's Arrow schema, ``batch_schema`` the same with KEY_FIELDS appended.

    ``touched``: paths that are mapped or hold a mapped one. ``checks``: fields whose absence refuses a record.
    """

    bound: BoundMapping
    reading: TimeReading
    decoder: RecordDecoder
    schema: pa.Schema
    batch_schema: pa.Schema
    touched: frozenset[tuple[str, ...]]
    checks: tuple[Field, ...]

    def evaluate(self, block: bytes, first_line: int) -> Evaluated:
        """Map whole lines, each ended by a newline; blank lines are skipped and not counted.

        Wrong records are in the answer, none is raised. ``first_line`` is the number of the block's first record.
        """
        return columns.evaluate(self, block, first_line)

    def evaluate_record(self, line: bytes, line_number: int) -> dict[str, Any] | Rejected:
        """Map one line the slow way: all the dataset's columns, None where there is no value."""
        found = row.evaluate(self, line, line_number)
        return found if isinstance(found, Rejected) else found.values

    def preview(self, records: Iterable[Mapping[str, Any]]) -> list[PreviewRow]:
        """Map sample records, keeping what can be shown even of those that would be rejected."""
        return [self._preview(json.dumps(record).encode(), number) for number, record in enumerate(records, start=1)]

    def _preview(self, line: bytes, number: int) -> PreviewRow:
        outcome = row.evaluate(self, line, number)
        rejected = outcome if isinstance(outcome, Rejected) else None
        found = row.read(self, line)
        if isinstance(found, Flaw):
            return PreviewRow({}, {found.field: found.message}, rejected)
        cells = list(row.cells_of(self, found))
        values = {cell.row.target.name: cell.value for cell in cells}
        errors = {cell.row.target.name: cell.error.message for cell in cells if cell.error}
        if rejected is not None:
            errors.setdefault(rejected.field, rejected.message)
        return PreviewRow(values, errors, rejected)


def compile_plan(bound: BoundMapping, reading: TimeReading) -> Plan:
    """Make a bound mapping ready. Raises zoneinfo.ZoneInfoNotFoundError if local time is in a zone nobody knows."""
    if reading.local:
        ZoneInfo(reading.zone)
    mapped = {found.target.path for found in bound.rows}
    touched = frozenset(path[:size] for path in mapped for size in range(1, len(path) + 1))
    schema = bound.schema.arrow_schema()
    return Plan(
        bound=bound,
        reading=reading,
        decoder=_decoder(bound, reading),
        schema=schema,
        batch_schema=pa.schema([*schema, *keys.KEY_FIELDS]),
        touched=touched,
        checks=tuple(field for field in bound.schema.fields() if field.required_in_parent and field.path in touched),
    )


def _decoder(bound: BoundMapping, reading: TimeReading) -> RecordDecoder:
    origins = [found.origin for found in bound.rows]
    paths = [origin.parts for origin in origins if isinstance(origin, FromRecord)]
    names = dict.fromkeys(keys.NEEDED)
    names.update(dict.fromkeys(str(parts[1]) for parts in paths if len(parts) > 1))
    clock = {derived.TIMESTAMP, derived.TIME_FLAG}
    if reading.local and any(isinstance(origin, FromDerived) and origin.name in clock for origin in origins):
        names[keys.IMPORT] = None
    return RecordDecoder(tuple(names), every=("properties",) in paths)
