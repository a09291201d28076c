"""A bound mapping made ready to run: what to decode, what to compute, what to check."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa

from dataflows.mapping import keys, row
from dataflows.mapping.bind import BoundMapping
from dataflows.mapping.decode import Flaw, RecordDecoder
from dataflows.mapping.evaluate import Evaluated, evaluate
from dataflows.mapping.instants import TimeReading
from dataflows.mapping.language import RunFacts
from dataflows.mapping.leaves import Leaves, leaves_of
from dataflows.mapping.lines import Lines
from dataflows.mapping.origins import FromRecord, paths_of
from dataflows.mapping.problems import Rejected
from dataflows.mapping.typed import Decoders, decoder_of
from dataflows.schemas import Field


@dataclass(frozen=True)
class PreviewRow:
    """One record as the mapping sees it, by target path: values, and errors where a value could not be made.

    Where several rows fill one array or map, it is there as a whole and by the path of each of those rows.

    A record without usable time, event or properties has no values and its error under the source's name.
    ``rejected`` tells why the record as a whole would not be loaded.
    """

    values: dict[str, Any]
    errors: dict[str, str]
    rejected: Rejected | None


@dataclass(frozen=True)
class Plan:
    """``batch_schema`` is what ``evaluate`` yields: the leaves, then KEY_FIELDS; ``schema`` is the dataset's own.

    ``checks``: fields whose absence refuses a record.
    """

    bound: BoundMapping
    reading: TimeReading
    decoder: RecordDecoder
    typed: Decoders | None
    schema: pa.Schema
    batch_schema: pa.Schema
    leaves: Leaves
    checks: tuple[Field, ...]
    facts: RunFacts

    def evaluate(self, lines: Lines, first_line: int) -> Evaluated:
        """Map the lines of a block; blank ones are skipped and not counted.

        Wrong records are in the answer, none is raised. ``first_line`` is the number of the block's first record.
        """
        return evaluate(self, lines, first_line)

    def dataset_batch(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """The dataset's columns from a batch as ``evaluate`` yields it."""
        return self.leaves.assemble(batch)

    @property
    def stamps(self) -> frozenset[str]:
        """The leaves in which copies of one event differ as a matter of course: when each of them arrived."""
        wanted = {("properties", keys.PROCESSED), ("properties", keys.RECEIVED)}
        leaves = self.leaves.columns
        return frozenset(
            leaf.name for leaf in leaves if isinstance(leaf.origin, FromRecord) and leaf.origin.parts in wanted
        )

    def difference(self, one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
        """In which sources two rows of leaves differ, as JSON: ``{source: [one, other]}``."""
        found = {leaf.text: [one[leaf.name], other[leaf.name]] for leaf in self.leaves.columns}
        told = {text: pair for text, pair in found.items() if repr(pair[0]) != repr(pair[1])}
        return json.dumps(told, default=str, ensure_ascii=False)

    def evaluate_record(self, line: bytes, line_number: int) -> dict[str, Any] | Rejected:
        """Map one line the slow way: all the dataset's columns, None where there is no value."""
        found = row.evaluate(self, line, line_number)
        return found if isinstance(found, Rejected) else found.values

    def preview(self, records: Iterable[Mapping[str, Any]]) -> list[PreviewRow]:
        """Map sample records, keeping what can be shown even of those that would be rejected."""
        return [self._preview(json.dumps(record).encode(), number) for number, record in enumerate(records, start=1)]

    def _preview(self, line: bytes, number: int) -> PreviewRow:
        found = row.read(self, line)
        if isinstance(found, Flaw):
            return PreviewRow({}, {found.field: found.message}, row.unusable(line, found, number))
        cells = list(row.cells_of(self, found))
        outcome = row.judged(self, found, cells, number)
        rejected = outcome if isinstance(outcome, Rejected) else None
        values = {cell.row.target.name: cell.value for cell in cells}
        errors = {cell.row.target.name: cell.error.message for cell in cells if cell.error}
        for name, value, error in row.parts_of(self, found):
            values[name] = value
            if error:
                errors[name] = error.message
        if rejected is not None:
            errors.setdefault(rejected.field, rejected.message)
        return PreviewRow(values, errors, rejected)


def compile_plan(bound: BoundMapping, reading: TimeReading, facts: RunFacts | None = None) -> Plan:
    """Make a bound mapping ready; ``facts`` are what now() and keyed_hash() know of the run.

    Raises zoneinfo.ZoneInfoNotFoundError if local time is in a zone nobody knows.
    """
    if reading.local:
        ZoneInfo(reading.zone)
    leaves = leaves_of(bound)
    return Plan(
        bound=bound,
        reading=reading,
        decoder=_decoder(bound),
        typed=decoder_of(leaves.columns),
        schema=bound.schema.arrow_schema(),
        batch_schema=pa.schema([*leaves.fields(), *keys.KEY_FIELDS]),
        leaves=leaves,
        checks=tuple(
            field for field in bound.schema.fields() if field.required_in_parent and field.path in leaves.touched
        ),
        facts=facts or RunFacts(),
    )


def _decoder(bound: BoundMapping) -> RecordDecoder:
    paths = [parts for found in bound.rows for parts in paths_of(found.origin) if parts[0] == "properties"]
    names = dict.fromkeys(keys.NEEDED)
    names.update(dict.fromkeys(str(parts[1]) for parts in paths if len(parts) > 1))
    return RecordDecoder(tuple(names), every=("properties",) in paths)
