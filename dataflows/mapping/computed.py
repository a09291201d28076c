"""What expressions see of a block of records, and the columns that their values become."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pyarrow as pa

from dataflows.mapping import derived, keys
from dataflows.mapping.assembly import assemble
from dataflows.mapping.block import Block
from dataflows.mapping.casts import CastError
from dataflows.mapping.columns import Column, build, hex_texts
from dataflows.mapping.language import Program, RunFacts
from dataflows.mapping.language.vectors import Fixed, Vector, of_array, of_values
from dataflows.mapping.origins import Assembled, Computed, Constant, FromDerived, Origin
from dataflows.mapping.row import Evidence, RecordScope, dig, read
from dataflows.schemas import Shape, XdmType

# As expressions see it, a number that was read as a double could have been an integer, so doubles are not taken.
NARROW = (XdmType.SHORT, XdmType.BYTE, XdmType.INTEGER)
ARRAYS = (XdmType.STRING, XdmType.LONG, XdmType.BOOLEAN)


class BlockRecords:
    """The records of a block as expressions see them."""

    def __init__(self, block: Block) -> None:
        self.block = block
        self._known: dict[tuple[str | int, ...], Vector] = {}

    @property
    def rows(self) -> int:
        return self.block.rows

    @property
    def facts(self) -> RunFacts:
        return self.block.plan.facts

    def vector(self, parts: tuple[str | int, ...]) -> Vector:
        if parts not in self._known:
            self._known[parts] = self._read(parts)
        return self._known[parts]

    def line(self, position: int) -> bytes:
        return self.block.line(position)

    def scope(self, position: int) -> RecordScope:
        """Decodes the record's line again: only the rarest of expressions ask for it."""
        found = read(self.block.plan, self.block.line(position))
        assert isinstance(found, Evidence)  # noqa: S101 - it is one of the block's usable records
        return RecordScope(self.block.plan, found)

    def _read(self, parts: tuple[str | int, ...]) -> Vector:
        block = self.block
        match parts:
            case ("event",):
                return _texts_or_values(block)
            case ("properties",):
                return of_values(block.whole())
            case ("properties", str() as name):
                return self._property(name)
            case ("properties", str() as name, *rest):
                return of_values([None if value is None else dig(value, rest) for value in block.values(name)])
            case (_, str() as name):
                return _derived(block, name)
        raise AssertionError(parts)

    def _property(self, name: str) -> Vector:
        # The vector may know the block, but not these records that know the vector: nobody looks for such circles
        # while a run reads, so they would stay in memory.
        block = self.block
        arrays = (block.array(name, kind) for kind in ARRAYS)
        array = next((array for array in arrays if array is not None), None)
        return Vector(self.rows, values=lambda: block.values(name), array=array)


def _texts_or_values(block: Block) -> Vector:
    return of_values(block.events) if block.event_texts is None else of_array(block.event_texts)


def _derived(block: Block, name: str) -> Vector:
    if name == derived.TIMESTAMP:
        return of_array(pa.array(block.instants[0]).view(pa.timestamp("us", tz="UTC")))
    if name == derived.TIME_FLAG:
        flags = block.instants[1]
        return of_values([flags.get(position) for position in range(block.rows)])
    errors = wrong_parts(block)
    texts = hex_texts(block.identities.digests, keys.KEY_BYTES)
    if not errors:
        return of_array(texts)
    return of_values([None if position in errors else text for position, text in enumerate(texts.to_pylist())], errors)


def wrong_parts(block: Block) -> dict[int, CastError]:
    """The records whose id cannot be made, because a part of it is none that counts."""
    errors: dict[int, CastError] = {}
    if block.identities.plain:
        return errors
    rows = zip(block.events, block.values(keys.DISTINCT_ID), block.values(keys.INSERT_ID), strict=True)
    for position, parts in enumerate(rows):
        try:
            derived.check_parts(*parts)
        except CastError as error:
            errors[position] = error.with_traceback(None)
    return errors


def computed_column(program: Program, records: BlockRecords, shape: Shape) -> Column:
    """The values of an expression as a target's type."""
    return _column_of(program.column(records), shape)


def _column_of(vector: Vector, shape: Shape) -> Column:
    array = vector.plain if vector.errors == {} else None
    if array is not None and array.type == shape.arrow and not shape.enum and shape.type not in NARROW:
        return Column(array)
    column = build(vector.values, shape)
    return Column(column.array, {**column.errors, **vector.errors})


def assembled_column(assembled: Assembled, records: BlockRecords, shape: Shape) -> Column:
    """An array or a map that several rows fill."""
    vectors = {id(member.origin): _vector(member.origin, records) for member in assembled.members}
    values, errors = [], dict[int, CastError]()
    for position in range(records.rows):
        value, error = assemble(assembled, shape, partial(_of, vectors, position))
        values.append(value)
        if error is not None:
            errors[position] = error.with_traceback(None)
    return Column(pa.array(values, shape.arrow), errors)


def _vector(origin: Origin, records: BlockRecords) -> Vector:
    match origin:
        case Constant():
            return Fixed(records.rows, origin.value)
        case Computed():
            return origin.program.column(records)
        case FromDerived():
            return records.vector((derived.ROOT, origin.name))
    return records.vector(origin.parts)


def _of(vectors: Mapping[int, Vector], position: int, origin: Origin) -> Any:
    vector = vectors[id(origin)]
    if position in vector.errors:
        raise vector.errors[position].again()
    return vector.values[position]
