"""The columnar evaluator: a block of lines → one Arrow batch, and what is to be said about the records in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataflows.mapping import derived
from dataflows.mapping.block import Block
from dataflows.mapping.casts import CastError
from dataflows.mapping.columns import Column, build
from dataflows.mapping.computed import BlockRecords, assembled_column, computed_column, wrong_parts
from dataflows.mapping.decode import Flaw
from dataflows.mapping.instants import EPOCH, micros_of
from dataflows.mapping.leaves import Leaf, Path
from dataflows.mapping.lines import Lines
from dataflows.mapping.mixed import MixedBlock
from dataflows.mapping.origins import Assembled, Computed, Constant, FromDerived
from dataflows.mapping.problems import Refusal, Rejected
from dataflows.mapping.row import dig, explain, missing
from dataflows.mapping.typed import typed_block
from dataflows.schemas import Field

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan


class Warned(NamedTuple):
    """A value that was left out; ``field`` is the target path, ``day`` counts from 1970."""

    code: str
    field: str
    message: str
    day: int


class Flagged(NamedTuple):
    """An instant that is not certain; ``day`` counts from 1970."""

    name: str
    day: int


@dataclass(frozen=True)
class Evaluated:
    """A block's outcome: ``received == batch.num_rows + len(rejected)``.

    ``batch`` has the plan's leaves, then KEY_FIELDS; ``days`` (since 1970, on the clock of the raw time) and
    ``lines`` have a number for each of its rows, ``anonymous`` marks those without an insert id. ``warnings`` counts
    the values left out of accepted records, ``flags`` their uncertain instants; ``examples`` has the number of the
    first line with a warning of a code and field.
    """

    received: int
    batch: pa.RecordBatch
    days: npt.NDArray[np.int32]
    lines: npt.NDArray[np.int64]
    anonymous: npt.NDArray[np.bool_]
    rejected: list[Rejected]
    warnings: Counter[Warned]
    examples: dict[tuple[str, str], int]
    flags: Counter[Flagged]
    text: Lines
    first_line: int

    def raw(self, number: int) -> bytes:
        """The line of the export with this number, which must be one of the block."""
        return self.text[number - self.first_line]


def evaluate(plan: Plan, lines: Lines, first_line: int) -> Evaluated:
    """Map whole lines; see ``Plan.evaluate``."""
    block = typed_block(plan, lines, first_line) or MixedBlock(plan, lines, first_line)
    records = BlockRecords(block)
    columns = [_column(block, records, leaf) for leaf in plan.leaves.columns]
    refused = _refusals(plan, columns, block.rows)
    arrays = [column.array for column in columns] + _key_arrays(block)
    batch = pa.RecordBatch.from_arrays(arrays, schema=plan.batch_schema)
    kept = _kept(block.rows, refused)
    warnings, examples = _warnings(plan, block, columns, refused)
    rejected = _unusable(block) + [_reject(block, position, flaw) for position, flaw in refused.items()]
    return Evaluated(
        received=block.rows + len(block.flaws),
        batch=batch.filter(pa.array(kept)) if refused else batch,
        days=block.days[kept],
        lines=block.lines[kept],
        anonymous=block.identities.anonymous[kept],
        rejected=sorted(rejected, key=attrgetter("line")),
        warnings=warnings,
        examples=examples,
        flags=_flags(block, refused),
        text=lines,
        first_line=first_line,
    )


def _key_arrays(block: Block) -> list[pa.Array]:
    return [*block.identities.arrays(), pa.array(block.processed), pa.array(block.received)]


def _kept(rows: int, refused: Collection[int]) -> npt.NDArray[np.bool_]:
    mask = np.ones(rows, dtype=bool)
    mask[list(refused)] = False
    return mask


def _unusable(block: Block) -> list[Rejected]:
    first = block.first_line
    return [
        Rejected(first + index, block.text[index], flaw.code, flaw.field, flaw.message, None)
        for index, flaw in block.flaws.items()
    ]


def _reject(block: Block, position: int, flaw: Flaw) -> Rejected:
    day = (EPOCH + timedelta(microseconds=micros_of(int(block.raw[position])))).date()
    number = block.first_line + int(block.at[position])
    return Rejected(number, block.line(position), flaw.code, flaw.field, flaw.message, day)


def _errors(plan: Plan, columns: Sequence[Column], path: Path) -> Mapping[int, CastError]:
    leaf = plan.leaves.of[path]
    return {} if isinstance(leaf, Constant) else columns[leaf].errors


def _warnings(
    plan: Plan, block: Block, columns: Sequence[Column], refused: Mapping[int, Flaw]
) -> tuple[Counter[Warned], dict[tuple[str, str], int]]:
    """The values left out, and the first line with each code and field."""
    counts: Counter[Warned] = Counter()
    first: dict[tuple[str, str], int] = {}
    days, lines = block.days, block.lines
    for row in plan.bound.rows:
        for position, error in _errors(plan, columns, row.target.path).items():
            if position not in refused:
                name = row.target.name
                counts[Warned(error.code, name, explain(row, error.message), int(days[position]))] += 1
                first.setdefault((error.code, name), int(lines[position]))
    return counts, first


def _flags(block: Block, refused: Mapping[int, Flaw]) -> Counter[Flagged]:
    if not block.plan.reading.local:
        return Counter()
    days = block.days
    found = block.instants[1].items()
    return Counter(Flagged(flag, int(days[position])) for position, flag in found if position not in refused)


def _refusals(plan: Plan, columns: Sequence[Column], rows: int) -> dict[int, Flaw]:
    """By position: the first reason why a record cannot be loaded."""
    refused: dict[int, Flaw] = {}
    for row in plan.bound.rows:
        for position, error in _errors(plan, columns, row.target.path).items():
            if position not in refused and (error.fatal or _is_lost(plan, columns, row.target, position)):
                refused[position] = Flaw(error.code, row.target.name, explain(row, error.message))
    for check in plan.checks:
        flaw = Flaw(Refusal.REQUIRED, check.name, missing(check))
        for found in _lacking(plan, columns, check, rows):
            refused.setdefault(int(found), flaw)
    return refused


def _is_lost(plan: Plan, columns: Sequence[Column], target: Field, position: int) -> bool:
    """Whether an error leaves a required target empty; an array that lacks one part is still there."""
    leaf = plan.leaves.of[target.path]
    return target.required and not isinstance(leaf, Constant) and not columns[leaf].array[position].is_valid


def _lacking(plan: Plan, columns: Sequence[Column], check: Field, rows: int) -> npt.NDArray[np.intp]:
    """Where a field has no value although it must: always, or once its parent object has any."""
    present = _present(plan, columns, check.path)
    if present is None:
        return np.empty(0, dtype=np.intp)
    if check.required:
        return np.flatnonzero(~present)
    above = _present(plan, columns, check.path[:-1])
    return np.flatnonzero(~present if above is None else above & ~present)


def _present(plan: Plan, columns: Sequence[Column], path: Path) -> npt.NDArray[np.bool_] | None:
    """Where the field or anything below it has a value; ``None`` means everywhere."""
    masks = []
    for target, leaf in plan.leaves.of.items():
        if target[: len(path)] != path:
            continue
        if isinstance(leaf, Constant) or columns[leaf].array.null_count == 0:
            return None
        masks.append(columns[leaf].array.is_valid().to_numpy(zero_copy_only=False))
    present: npt.NDArray[np.bool_] = np.logical_or.reduce(masks)
    return present


def _column(block: Block, records: BlockRecords, leaf: Leaf) -> Column:
    if isinstance(leaf.origin, Computed):
        return computed_column(leaf.origin.program, records, leaf.shape)
    if isinstance(leaf.origin, Assembled):
        return assembled_column(leaf.origin, records, leaf.shape)
    if isinstance(leaf.origin, FromDerived):
        return DERIVED[leaf.origin.name](block)
    match leaf.origin.parts:
        case ("event",):
            return block.event_column(leaf.shape)
        case ("properties",):
            return build(block.whole(), leaf.shape)
        case (_, str() as name):
            return block.column(name, leaf.shape)
        case (_, str() as name, *rest):
            return build([dig(value, rest) for value in block.values(name)], leaf.shape)
    raise AssertionError(leaf.origin.parts)


def _event_ids(block: Block) -> Column:
    """Which records have an id; what it is, their keys tell."""
    errors = wrong_parts(block)
    return Column(pa.array(np.ones(block.rows, dtype=bool), mask=~_kept(block.rows, errors)), errors)


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
