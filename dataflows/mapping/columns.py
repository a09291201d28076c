"""JSON values → one Arrow column, at once where they are of one kind, value by value where they are not.

Whatever way a column is built, every value comes out as ``cast`` makes it: that is what "the evaluators agree" means.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping.casts import RANGES, CastError, cast
from dataflows.mapping.problems import Refusal
from dataflows.schemas import Shape, XdmType

NOTHING = type(None)
# The JSON type that Arrow turns into a column of this type exactly as ``cast`` would.
PLAIN: Mapping[XdmType, type] = {
    XdmType.STRING: str,
    XdmType.LONG: int,
    XdmType.INTEGER: int,
    XdmType.SHORT: int,
    XdmType.BYTE: int,
    XdmType.DOUBLE: float,
    XdmType.BOOLEAN: bool,
}
NOT_PLAIN = (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError, UnicodeEncodeError)


@dataclass
class Column:
    """One target's values; ``errors`` holds, by position, those that could not be cast and are null."""

    array: pa.Array
    errors: dict[int, CastError] = field(default_factory=dict)


def text_array(values: Sequence[Any]) -> pa.Array | None:
    """The values if each is a valid text or None, ``None`` otherwise."""
    with suppress(*NOT_PLAIN):
        # Arrow itself refuses anything but texts in a column of texts.
        return pa.array(values, pa.string())
    return None


def hex_texts(digests: bytes, width: int) -> pa.Array:
    """The column of the hex texts of digests of ``width`` bytes, one after the other."""
    texts = digests.hex().encode("ascii")
    starts = np.arange(0, len(texts) + 1, 2 * width, dtype=np.int32)
    return pa.StringArray.from_buffers(len(starts) - 1, pa.py_buffer(starts), pa.py_buffer(texts))


def build(values: Sequence[Any], shape: Shape) -> Column:
    """The column of a sequence of JSON values."""
    if shape.type in PLAIN:
        bare = Shape(shape.type) if shape.enum else shape
        return _allowed(_plain(values, bare) or _mixed(values, bare), shape)
    if shape.type is XdmType.DATE_TIME and set(map(type, values)) <= {int, NOTHING}:
        return _milliseconds(values, shape)
    return _one_by_one(values, shape)


def _plain(values: Sequence[Any], shape: Shape) -> Column | None:
    """The column if every value is of the plain type or None; ``None`` otherwise."""
    if shape.type is XdmType.STRING:
        texts = text_array(values)
        return Column(texts) if texts is not None else None
    with suppress(*NOT_PLAIN):
        if set(map(type, values)) <= {PLAIN[shape.type], NOTHING}:
            array = pa.array(values, shape.arrow)
            return Column(array) if _in_range(array, shape.type) else None
    return None


def _in_range(array: pa.Array, kind: XdmType) -> bool:
    if kind is XdmType.DOUBLE:
        return math.isfinite(pc.sum(array).as_py() or 0)
    if kind in (XdmType.SHORT, XdmType.BYTE) and array.null_count < len(array):
        low, high = RANGES[kind]
        found = pc.min_max(array).as_py()
        return bool(low <= found["min"] and found["max"] <= high)
    return True


def _mixed(values: Sequence[Any], shape: Shape) -> Column:
    """Most are plain as a rule: only the others are cast."""
    plain = PLAIN[shape.type]
    errors: dict[int, CastError] = {}
    converted = list(values)
    for position, value in enumerate(values):
        if type(value) is not plain and value is not None:
            converted[position] = _cast(value, shape, position, errors)
    with suppress(*NOT_PLAIN):
        array = pa.array(converted, shape.arrow)
        if _in_range(array, shape.type):
            return Column(array, errors)
    return _one_by_one(values, shape)


def _one_by_one(values: Sequence[Any], shape: Shape) -> Column:
    errors: dict[int, CastError] = {}
    converted = [_cast(value, shape, position, errors) for position, value in enumerate(values)]
    return Column(pa.array(converted, shape.arrow), errors)


def _cast(value: Any, shape: Shape, position: int, errors: dict[int, CastError]) -> Any:
    try:
        return cast(value, shape)
    except CastError as error:
        # Without its traceback, which knows this frame, which knows the error: such circles would stay in memory
        # while a run reads, for nobody looks for them then.
        errors[position] = error.with_traceback(None)
        return None


def _allowed(column: Column, shape: Shape) -> Column:
    """Without the texts that an enumeration does not allow."""
    if not shape.enum:
        return column
    refused = pc.and_(column.array.is_valid(), pc.invert(pc.is_in(column.array, pa.array(shape.enum, pa.string()))))
    positions = np.flatnonzero(refused.to_numpy(zero_copy_only=False))
    message = f"The value is not one of the {len(shape.enum)} that the schema allows."
    errors = column.errors | {int(position): CastError(Refusal.ENUM, message) for position in positions}
    return Column(pc.if_else(refused, pa.scalar(None, pa.string()), column.array), errors)


def _milliseconds(values: Sequence[Any], shape: Shape) -> Column:
    """Epoch milliseconds; those no calendar has are errors, found by the slow way."""
    with suppress(*NOT_PLAIN):
        stamps = pa.array(values, pa.int64())
        found = pc.min_max(stamps).as_py()
        if found["min"] is None or (found["min"] >= EARLIEST and found["max"] <= LATEST):
            return Column(pc.multiply(stamps, 1000).cast(shape.arrow))
    return _one_by_one(values, shape)


EARLIEST, LATEST = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999 in milliseconds, which is what ``datetime`` and so ``cast`` can hold."""
