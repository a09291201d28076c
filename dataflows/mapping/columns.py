"""The columnar evaluator: a block of lines → one Arrow batch.

Columns are lists taken from the decoded records in one go. A column whose values all have the target's own type
goes to Arrow as it is; only others are cast value by value, with the very functions of the row evaluator.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping import derived, keys
from dataflows.mapping.bind import BoundRow, Constant, FromDerived, Origin
from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.decode import Decoded, Flaw
from dataflows.mapping.instants import (
    EARLIEST_SECONDS,
    EPOCH,
    LATEST_MILLISECONDS,
    micros_of,
    micros_of_all,
    raw_time,
    true_instants,
)
from dataflows.mapping.problems import Refusal, Rejected
from dataflows.mapping.row import NO_EVENT, NO_TIME, dig, explain, missing
from dataflows.mapping.text_columns import sha256_array, text_array
from dataflows.schemas import Shape, XdmType

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan

Path = tuple[str, ...]
NOTHING = type(None)
# The JSON types that Arrow turns into a column exactly as ``cast`` would.
DIRECT: Mapping[XdmType, frozenset[type]] = {
    XdmType.STRING: frozenset((str, NOTHING)),
    XdmType.LONG: frozenset((int, NOTHING)),
    XdmType.INTEGER: frozenset((int, NOTHING)),
    XdmType.DOUBLE: frozenset((float, NOTHING)),
    XdmType.BOOLEAN: frozenset((bool, NOTHING)),
}


@dataclass(frozen=True)
class Evaluated:
    """A block's outcome: ``received == batch.num_rows + len(rejected)``.

    ``batch`` has the dataset's columns, then KEY_FIELDS. ``warnings`` counts the values left out of accepted
    records by (code, target path, message).
    """

    received: int
    batch: pa.RecordBatch
    rejected: list[Rejected]
    warnings: Counter[tuple[str, str, str]]


@dataclass
class Column:
    """One target's values; ``errors`` holds, by position, those that could not be cast and are null."""

    array: pa.Array
    errors: dict[int, CastError] = field(default_factory=dict)


class Block:
    """The usable records of a block, as columns."""

    def __init__(self, plan: Plan, decoded: Decoded, first_line: int) -> None:
        self.plan, self.decoded, self.first_line = plan, decoded, first_line
        self.flaws: dict[int, Flaw] = dict(decoded.flaws)
        self._built: dict[tuple[Origin, XdmType], Column] = {}
        self.records, self.at = decoded.records, np.array(decoded.at, dtype=np.int64)
        self._take_columns()
        times = self.values[keys.TIME]
        if not _all_usable(self.events, times):
            kept = [i for i, event in enumerate(self.events) if self._usable(int(self.at[i]), event, times[i])]
            self.records, self.at = [self.records[i] for i in kept], self.at[kept]
            self._take_columns()
            times = [raw_time(value) for value in self.values[keys.TIME]]
        self.raw: npt.NDArray[np.int64] = np.array(times, dtype=np.int64)
        self.micros = micros_of_all(self.raw)

    def _take_columns(self) -> None:
        self.events: list[Any] = [record.event for record in self.records]
        self.values = self.plan.decoder.columns(self.records)

    def _usable(self, index: int, event: Any, time: Any) -> bool:
        if type(event) is not str:
            self.flaws[index] = NO_EVENT
        elif raw_time(time) is None:
            self.flaws[index] = NO_TIME
        return index not in self.flaws

    @property
    def rows(self) -> int:
        return len(self.records)

    def line(self, position: int) -> bytes:
        return self.decoded.lines[int(self.at[position])]

    @cached_property
    def received(self) -> npt.NDArray[np.int64]:
        return keys.stamps(self.values[keys.RECEIVED])

    @cached_property
    def instants(self) -> tuple[npt.NDArray[np.int64], dict[int, str]]:
        imported = np.zeros(self.rows, dtype=bool)
        if self.plan.reading.local:
            imported[:] = [derived.imported(value) for value in self.values[keys.IMPORT]]
        return true_instants(self.micros, self.plan.reading, self.received, imported)

    def column(self, row: BoundRow) -> Column:
        """The values of a mapping row; rows of one source and one plain type share them."""
        if row.target.enum or row.target.xdm_type not in DIRECT:
            return _column(self, row)
        key = (row.origin, row.target.xdm_type)
        if key not in self._built:
            self._built[key] = _column(self, row)
        return self._built[key]

    def key_arrays(self) -> list[pa.Array]:
        return keys.KeyColumns(
            events=self.events,
            distinct_ids=self.values[keys.DISTINCT_ID],
            insert_ids=self.values[keys.INSERT_ID],
            raw=self.raw,
            micros=self.micros,
            processed=keys.stamps(self.values[keys.PROCESSED]),
            received=self.received,
            lines=self.at + self.first_line,
        ).arrays(self.line)


def _all_usable(events: Sequence[Any], times: Sequence[Any]) -> bool:
    if not times:
        return True
    plain = set(map(type, events)) == {str} and set(map(type, times)) == {int}
    return plain and min(times) >= EARLIEST_SECONDS and max(times) <= LATEST_MILLISECONDS


def evaluate(plan: Plan, block_bytes: bytes, first_line: int) -> Evaluated:
    if not block_bytes.endswith(b"\n"):
        block_bytes += b"\n"
    decoded = plan.decoder.block(block_bytes)
    block = Block(plan, decoded, first_line)
    columns = {row.target.path: block.column(row) for row in plan.bound.rows}
    arrays = _assemble(plan, columns, block.rows)
    refused = _refusals(plan, columns, arrays)
    batch = pa.RecordBatch.from_arrays(
        [arrays[name,] for name in plan.schema.names] + block.key_arrays(), schema=plan.batch_schema
    )
    if refused:
        batch = batch.filter(pa.array(_mask(block.rows, refused)))
    rejected = _unusable(block) + [_reject(block, position, flaw) for position, flaw in refused.items()]
    rejected.sort(key=attrgetter("line"))
    return Evaluated(decoded.received, batch, rejected, _warnings(plan, columns, refused))


def _mask(rows: int, refused: Mapping[int, Flaw]) -> npt.NDArray[np.bool_]:
    mask = np.ones(rows, dtype=bool)
    mask[list(refused)] = False
    return mask


def _unusable(block: Block) -> list[Rejected]:
    lines, first = block.decoded.lines, block.first_line
    return [
        Rejected(first + index, lines[index], flaw.code, flaw.field, flaw.message, None)
        for index, flaw in block.flaws.items()
    ]


def _reject(block: Block, position: int, flaw: Flaw) -> Rejected:
    day = (EPOCH + timedelta(microseconds=micros_of(int(block.raw[position])))).date()
    number = block.first_line + int(block.at[position])
    return Rejected(number, block.line(position), flaw.code, flaw.field, flaw.message, day)


def _warnings(plan: Plan, columns: Mapping[Path, Column], refused: Mapping[int, Flaw]) -> Counter[tuple[str, str, str]]:
    counts: Counter[tuple[str, str, str]] = Counter()
    for row in plan.bound.rows:
        for position, error in columns[row.target.path].errors.items():
            if position not in refused:
                counts[error.code, row.target.name, explain(row, error.message)] += 1
    return counts


def _refusals(plan: Plan, columns: Mapping[Path, Column], arrays: Mapping[Path, pa.Array]) -> dict[int, Flaw]:
    """By position: the first reason why a record cannot be loaded."""
    refused: dict[int, Flaw] = {}
    for row in plan.bound.rows:
        for position, error in columns[row.target.path].errors.items():
            if position not in refused and (error.fatal or row.target.required):
                refused[position] = Flaw(error.code, row.target.name, explain(row, error.message))
    for check in plan.checks:
        if arrays[check.path].null_count:
            flaw = Flaw(Refusal.REQUIRED, check.name, missing(check))
            lacking = arrays[check.path].is_null()
            if not check.required:
                lacking = pc.and_(lacking, arrays[check.path[:-1]].is_valid())
            for found in np.flatnonzero(lacking.to_numpy(zero_copy_only=False)):
                refused.setdefault(int(found), flaw)
    return refused


def _column(block: Block, row: BoundRow) -> Column:
    shape = row.target.shape
    if isinstance(row.origin, Constant):
        return Column(pa.repeat(pa.scalar(row.origin.value, shape.arrow), block.rows))
    if isinstance(row.origin, FromDerived):
        return DERIVED[row.origin.name](block)
    match row.origin.parts:
        case ("event",):
            return build(block.events, shape)
        case ("properties",):
            return build([record.properties for record in block.records], shape)
        case (_, str() as name):
            return build(block.values[name], shape)
        case (_, str() as name, *rest):
            return build([dig(value, rest) for value in block.values[name]], shape)
    raise AssertionError(row.origin.parts)


def build(values: Sequence[Any], shape: Shape) -> Column:
    """The column of a sequence of JSON values."""
    if shape.type is XdmType.STRING and not shape.enum:
        with suppress(UnicodeEncodeError):
            if (texts := text_array(values)) is not None:
                return Column(texts)
    elif not shape.enum and set(map(type, values)) <= DIRECT.get(shape.type, frozenset()):
        try:
            array = pa.array(values, shape.arrow)
        except (pa.ArrowInvalid, OverflowError):
            return _one_by_one(values, shape)
        if shape.type is not XdmType.DOUBLE or math.isfinite(pc.sum(array).as_py() or 0):
            return Column(array)
    return _one_by_one(values, shape)


def _one_by_one(values: Sequence[Any], shape: Shape) -> Column:
    errors: dict[int, CastError] = {}
    converted: list[Any] = []
    for position, value in enumerate(values):
        try:
            converted.append(cast(value, shape))
        except CastError as error:
            errors[position] = error
            converted.append(None)
    return Column(pa.array(converted, shape.arrow), errors)


def _event_ids(block: Block) -> Column:
    """Where every part is a text, as nearly always, the short way; it computes what ``derived.event_id`` does."""
    who, which = block.values[keys.DISTINCT_ID], block.values[keys.INSERT_ID]
    if set(map(type, who)) | set(map(type, which)) == {str} and all(which):
        rows = zip(block.events, who, block.raw.tolist(), which, strict=True)
        with suppress(UnicodeEncodeError):
            return Column(sha256_array(f"{a}|{b}|{c}|{d}" for a, b, c, d in rows))
    return _event_ids_one_by_one(block)


def _event_ids_one_by_one(block: Block) -> Column:
    errors: dict[int, CastError] = {}
    ids: list[str | None] = []
    who, which = block.values[keys.DISTINCT_ID], block.values[keys.INSERT_ID]
    for position, (event, a, raw, b) in enumerate(zip(block.events, who, block.raw.tolist(), which, strict=True)):
        try:
            ids.append(derived.event_id(event, a, raw, b, b"" if b else block.line(position)))
        except CastError as error:
            errors[position] = error
            ids.append(None)
    return Column(pa.array(ids, pa.string()), errors)


def _timestamps(block: Block) -> Column:
    return Column(pa.array(block.instants[0]).view(pa.timestamp("us", tz="UTC")))


def _time_flags(block: Block) -> Column:
    flags = block.instants[1]
    return Column(pa.array([flags.get(position) for position in range(block.rows)], pa.string()))


DERIVED: Mapping[str, Callable[[Block], Column]] = {
    derived.EVENT_ID: _event_ids,
    derived.TIMESTAMP: _timestamps,
    derived.TIME_FLAG: _time_flags,
}


def _assemble(plan: Plan, columns: Mapping[Path, Column], rows: int) -> dict[Path, pa.Array]:
    """An array for every field that is mapped, holds a mapped one, or stands beside such."""
    arrays: dict[Path, pa.Array] = {}

    def add(shape: Shape, path: Path) -> None:
        if path in columns:
            arrays[path] = columns[path].array
        elif path not in plan.touched:
            arrays[path] = pa.nulls(rows, shape.arrow)
        else:
            for name, child in shape.children.items():
                add(child, (*path, name))
            arrays[path] = _struct(shape, [arrays[*path, name] for name in shape.children])

    for name, shape in plan.bound.schema.root.children.items():
        add(shape, (name,))
    return arrays


def _struct(shape: Shape, children: list[pa.Array]) -> pa.Array:
    """An object is null where all its fields are."""
    fields = list(shape.arrow)
    if not all(child.null_count for child in children):
        return pa.StructArray.from_arrays(children, fields=fields)
    empty = children[0].is_null()
    for child in children[1:]:
        if child.null_count < len(child):
            empty = pc.and_(empty, child.is_null())
    return pa.StructArray.from_arrays(children, fields=fields, mask=empty)
