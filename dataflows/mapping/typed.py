"""The short way: a block in which every line is a record and every wanted value of the type that is wanted.

Most blocks are like that. The decoder then vouches for the types, Arrow turns all records into columns in one go,
and nothing has to be looked at value by value. Where one value is different, the whole block goes the other way
(``mixed``), with the same result.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping import keys
from dataflows.mapping.block import Block
from dataflows.mapping.casts import EXACT_FLOAT
from dataflows.mapping.columns import NOT_PLAIN
from dataflows.mapping.decode import ESCAPED
from dataflows.mapping.instants import EARLIEST_SECONDS, LATEST_MILLISECONDS
from dataflows.mapping.leaves import Leaf
from dataflows.mapping.lines import Lines
from dataflows.mapping.origins import FromRecord, paths_of
from dataflows.mapping.paths import Part
from dataflows.schemas import XdmType

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan

# What JSON has of these types, msgspec and Arrow take without changing a value.
TYPES: Mapping[XdmType, Any] = {XdmType.STRING: str, XdmType.LONG: int, XdmType.BOOLEAN: bool, XdmType.DOUBLE: float}
KEYS: Mapping[str, XdmType] = {
    keys.TIME: XdmType.LONG,
    keys.DISTINCT_ID: XdmType.STRING,
    keys.INSERT_ID: XdmType.STRING,
    keys.PROCESSED: XdmType.LONG,
    keys.RECEIVED: XdmType.LONG,
    keys.IMPORT: XdmType.BOOLEAN,
}
astuple = msgspec.structs.astuple


class TypedDecoder:
    """Decodes the properties of ``kinds``, each of its type or of any (None) type; those of a type come first."""

    def __init__(self, kinds: Mapping[str, XdmType | None]) -> None:
        typed = {name: kind for name, kind in kinds.items() if kind is not None}
        self.kinds = {**KEYS, **typed}
        names = [*self.kinds, *(name for name in kinds if name not in self.kinds)]
        self.at = {name: position for position, name in enumerate(names)}
        self.arrow = pa.struct([pa.field(name, _arrow(kind)) for name, kind in self.kinds.items()])
        self.has_others = len(names) > len(self.kinds)
        properties = msgspec.defstruct("Properties", [_field(self.kinds.get(name), at) for name, at in self.at.items()],
            rename={f"p{at}": name for name, at in self.at.items()}, gc=False)  # fmt: skip
        record = msgspec.defstruct("Record", [("properties", properties), ("event", str)], gc=False)
        self._decoder = msgspec.json.Decoder(record)

    def narrowed(self, rows: Sequence[tuple[Any, ...]]) -> TypedDecoder | None:
        """A decoder that wants of every value the type it has in these rows; ``None`` if that is no other one."""
        kinds = {name: _common(map(itemgetter(at), rows)) for name, at in self.at.items() if name not in self.kinds}
        if not any(kinds.values()):
            return None
        known = {name: kind for name, kind in self.kinds.items() if name not in KEYS}
        return TypedDecoder({**known, **kinds})

    def records(self, lines: Lines) -> list[Any] | None:
        """All records, or ``None`` if anything is unlike the usual."""
        if lines.objects is None:
            return None
        try:
            records: list[Any] = self._decoder.decode_lines(lines.block)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return records if len(records) == lines.objects else None


class Decoders:
    """The decoder for a plan's blocks, and a narrower one for the values that only expressions want.

    Of those nobody says which type they have, and values of any type are slow. What all of a first block have, the
    next ones are expected to have too; a block that has not is decoded by the first decoder.
    """

    def __init__(self, wide: TypedDecoder) -> None:
        self.wide = wide
        self.narrow: TypedDecoder | None = None
        self._looked = not wide.has_others

    def records(self, lines: Lines) -> tuple[TypedDecoder, list[Any]] | None:
        """All records and the decoder that took them; ``None`` if anything is unlike the usual."""
        for decoder in (self.narrow, self.wide):
            if decoder is not None and (found := decoder.records(lines)):
                return decoder, found
        return None

    def look_at(self, rows: Sequence[tuple[Any, ...]]) -> None:
        """Learn from a block's rows, once."""
        if not self._looked:
            self._looked = True
            self.narrow = self.wide.narrowed(rows)


def decoder_of(leaves: Iterable[Leaf]) -> Decoders | None:
    """The decoders for these leaves; ``None`` if they want something no decoder can give."""
    kinds: dict[str, XdmType | None] = {}
    for leaf in leaves:
        for parts in paths_of(leaf.origin):
            if parts == ("properties",):
                return None
            if parts[0] == "properties":
                kind = _kind(leaf, parts)
                kinds[str(parts[1])] = kind if kinds.get(str(parts[1]), kind) is kind else None
    unusual = any(ESCAPED & set(name) for name in kinds)
    wanted = {name: kind for name, kind in kinds.items() if name not in KEYS}
    return None if unusual else Decoders(TypedDecoder(wanted))


def _kind(leaf: Leaf, parts: tuple[Part, ...]) -> XdmType | None:
    """The type to decode a property as; an expression wants to see it as it was sent."""
    direct = isinstance(leaf.origin, FromRecord) and len(parts) == 2
    return leaf.shape.type if direct and leaf.shape.type in TYPES else None


# A double may have been an integer, which an expression could tell; so none is expected.
EXPECTED: Mapping[frozenset[type], XdmType] = {
    frozenset((str,)): XdmType.STRING,
    frozenset((int,)): XdmType.LONG,
    frozenset((bool,)): XdmType.BOOLEAN,
}


def _common(values: Iterable[Any]) -> XdmType | None:
    """The type that all values have which are there."""
    return EXPECTED.get(frozenset(map(type, values)) - {type(None)})


def _field(kind: XdmType | None, at: int) -> tuple[str, Any, None]:
    return (f"p{at}", Any if kind is None else TYPES[kind] | None, None)


def _arrow(kind: XdmType) -> pa.DataType:
    return {
        XdmType.STRING: pa.string(),
        XdmType.LONG: pa.int64(),
        XdmType.BOOLEAN: pa.bool_(),
        XdmType.DOUBLE: pa.float64(),
    }[kind]


class TypedBlock(Block):
    """Made by ``typed_block``."""

    def __init__(self, plan: Plan, text: Lines, first_line: int, decoder: TypedDecoder, records: list[Any]) -> None:
        super().__init__(plan, text, first_line)
        self.at = np.arange(len(records))
        self.events = [record.event for record in records]
        self._decoder = decoder
        self.decoded = [astuple(record.properties) for record in records]
        size = len(decoder.kinds)
        typed = [row[:size] for row in self.decoded] if decoder.has_others else self.decoded
        self._arrays = pa.array(typed, decoder.arrow).flatten()

    @property
    def is_exact(self) -> bool:
        """Whether no double can have been an integer with more digits than a double holds."""
        doubles = [array for array in self._arrays if pa.types.is_floating(array.type)]
        return all((pc.max(pc.abs(array)).as_py() or 0) < EXACT_FLOAT for array in doubles)

    def values(self, name: str) -> Sequence[Any]:
        return list(map(itemgetter(self._decoder.at[name]), self.decoded))

    def whole(self) -> Sequence[Any]:
        raise AssertionError("records of known properties only")

    def array(self, name: str, kind: XdmType) -> pa.Array | None:
        return self._arrays[self._decoder.at[name]] if self._decoder.kinds.get(name) is kind else None


def typed_block(plan: Plan, text: Lines, first_line: int) -> TypedBlock | None:
    """The block if all of it is as expected, ``None`` otherwise."""
    if plan.typed is None or not (decoded := plan.typed.records(text)):
        return None
    with suppress(*NOT_PLAIN):
        block = TypedBlock(plan, text, first_line, *decoded)
        plan.typed.look_at(block.decoded)
        times = block.array(keys.TIME, XdmType.LONG)
        if times is None or times.null_count or not block.is_exact:
            return None
        block.raw = times.to_numpy()
        if block.raw.min() >= EARLIEST_SECONDS and block.raw.max() <= LATEST_MILLISECONDS:
            return block
    return None
