"""Functions and operators for whole blocks at once, by Arrow, where the values are of the usual types.

A kernel gets vectors without errors and answers with an array, or with ``None`` when these values are not for it;
then the plain function is asked, record by record. Both must agree: tests/dataflows/mapping/language compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from hashlib import sha256
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping.columns import NOT_PLAIN, hex_texts
from dataflows.mapping.language import patterns
from dataflows.mapping.language.date_patterns import DatePatternInvalid, pieces
from dataflows.mapping.language.vectors import Fixed, Vector, is_ascii

Kernel = Callable[[Sequence[Vector]], pa.Array | None]
WHOLE_NUMBER = r"\A-?[0-9]{1,9}\z"
ISO = r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
ZONED, UNZONED = ISO + r"(Z|[+-](0[0-9]|1[0-8]):[0-5][0-9])\z", ISO + r"\z"
EARLIEST, LATEST = "0002-01-01", "9998-12-31"
LONGEST_JOINED = 2_000_000


def _joinable(vector: Vector) -> Any:
    """As texts, if they are texts or integers."""
    if isinstance(vector, Fixed):
        return pa.scalar(str(vector.value), pa.string()) if type(vector.value) in (str, int) else None
    if vector.texts is not None:
        return vector.texts
    return None if vector.integers is None else vector.integers.cast(pa.string())


def concat(arguments: Sequence[Vector]) -> pa.Array | None:
    if len(arguments) < 2 or all(argument.fixed for argument in arguments):
        return None
    parts = [_joinable(argument) for argument in arguments]
    if any(part is None for part in parts):
        return None
    joined = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="")
    return joined if (pc.max(pc.binary_length(joined)).as_py() or 0) <= LONGEST_JOINED else None


def _ascii(compute: Callable[[pa.Array], pa.Array]) -> Kernel:
    """What Arrow and Python do alike to ASCII signs only."""

    def kernel(arguments: Sequence[Vector]) -> pa.Array | None:
        texts = arguments[0].texts
        return None if texts is None or not is_ascii(texts) else compute(texts)

    return kernel


def trim(texts: pa.Array) -> pa.Array:
    return pc.utf8_trim(texts, " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f")


def _start(arguments: Sequence[Vector]) -> pa.Array | None:
    texts, count = arguments[0].texts, arguments[1]
    if texts is None or not isinstance(count, Fixed) or type(count.value) is not int or count.value < 0:
        return None
    return pc.utf8_slice_codeunits(texts, 0, count.value)


def hashed(arguments: Sequence[Vector]) -> pa.Array | None:
    texts = arguments[0].texts
    if texts is None or (len(arguments) > 1 and not _is_utf8(arguments[1])):
        return None
    encoded = pc.fill_null(texts, "").cast(pa.binary()).to_numpy(zero_copy_only=False)
    made = hex_texts(b"".join([sha256(text).digest() for text in encoded]), 32)
    return pc.if_else(texts.is_valid(), made, pa.scalar(None, pa.string())) if texts.null_count else made


def _is_utf8(vector: Vector) -> bool:
    return isinstance(vector, Fixed) and type(vector.value) is str and vector.value.upper() in ("UTF-8", "UTF8")


def matches(arguments: Sequence[Vector]) -> pa.Array | None:
    texts, pattern = arguments[0].texts, arguments[1]
    if texts is None or not isinstance(pattern, Fixed) or type(pattern.value) is not str:
        return None
    if patterns.problem(pattern.value):
        return None
    return pc.match_substring_regex(texts, rf"\A(?:{patterns.java(pattern.value)})\z")


def to_integer(arguments: Sequence[Vector]) -> pa.Array | None:
    given = arguments[0]
    if given.integers is not None and not given.fixed:
        return given.integers if _within(given.integers, -(2**31), 2**31 - 1) else None
    texts = given.texts
    if texts is None or not _all(pc.match_substring_regex(texts, WHOLE_NUMBER)):
        return None
    return texts.cast(pa.int64())


def _within(numbers: pa.Array, low: int, high: int) -> bool:
    found = pc.min_max(numbers).as_py()
    return found["min"] is None or bool(low <= found["min"] and found["max"] <= high)


def _all(flags: pa.Array) -> bool:
    return pc.all(flags).as_py() is not False


def date(arguments: Sequence[Vector]) -> pa.Array | None:
    """ISO 8601 texts, all with a zone or all without, in years that no zone can push out of the calendar."""
    texts = arguments[0].texts
    if texts is None or len(arguments) > 1 or texts.null_count == len(texts):
        return None
    found = pc.min_max(texts).as_py()
    if not found["min"] >= EARLIEST or not found["max"] <= LATEST:
        return None
    zoned = texts[texts.is_valid().index(True).as_py()].as_py().endswith("Z")
    if not _all(pc.match_substring_regex(texts, ZONED if zoned else UNZONED)):
        return None
    if zoned:
        return _cast(texts, pa.timestamp("us", tz="UTC")) if _all(pc.ends_with(texts, "Z")) else None
    naive = _cast(texts, pa.timestamp("us"))
    return None if naive is None else naive.cast(pa.int64()).view(pa.timestamp("us", tz="UTC"))


def _cast(texts: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """``None`` if one of them is no date: which, the plain function finds out."""
    try:
        return texts.cast(kind)
    except NOT_PLAIN:
        return None


DIRECTIVES = {"yyyy": "%Y", "MM": "%m", "dd": "%d", "HH": "%H", "mm": "%M", "ss": "%S", "X": "Z"}
WITHIN_YEARS = (-62_000_000_000_000, 253_000_000_000_000)
"""Milliseconds since 1970 in the years 5 to 9987, where all years have four digits in both ways of writing."""


def dformat(arguments: Sequence[Vector]) -> pa.Array | None:
    """By the patterns that Arrow writes too: whole numbers with all their digits, in UTC."""
    millis, pattern = arguments[0].integers, arguments[1]
    if millis is None or not isinstance(pattern, Fixed) or type(pattern.value) is not str:
        return None
    if not _within(millis, *WITHIN_YEARS):
        return None
    directives, unit = _directives(pattern.value)
    if directives is None or (millis.null_count == len(millis)):
        return None
    stamps = millis.cast(pa.timestamp("ms"))
    if unit == "s":
        stamps = pc.floor_temporal(stamps, unit="second").cast(pa.timestamp("s"))
    return pc.strftime(stamps, directives)


@lru_cache(maxsize=256)
def _directives(pattern: str) -> tuple[str | None, str]:
    """The pattern in Arrow's words, and the unit whose digits its seconds have."""
    made, unit = "", "s"
    try:
        found = pieces(pattern)
    except DatePatternInvalid:
        return None, unit
    for at, piece in enumerate(found):
        if not piece.letter:
            made += piece.text.replace("%", "%%")
        elif piece.letter == "S":
            # Arrow writes seconds with the digits of their unit, so three of them must follow the seconds.
            if piece.count != 3 or [each.letter or each.text for each in found[at - 2 : at]] != ["s", "."]:
                return None, unit
            made, unit = made.removesuffix("."), "ms"
        elif piece.letter * piece.count not in DIRECTIVES:
            return None, unit
        else:
            made += DIRECTIVES[piece.letter * piece.count]
    return made, unit


def _alike(one: Vector, other: Vector) -> tuple[pa.Array, pa.Array] | None:
    """Both as texts, or both as integers."""
    for kind in ("texts", "integers", "flags"):
        left, right = getattr(one, kind), getattr(other, kind)
        if left is not None and right is not None:
            return left, right
    return None


def same(arguments: Sequence[Vector]) -> pa.Array | None:
    pair = _alike(*arguments)
    if pair is None or any(array.null_count for array in pair):
        return None
    return pc.equal(*pair)


def different(arguments: Sequence[Vector]) -> pa.Array | None:
    found = same(arguments)
    return None if found is None else pc.invert(found)


def _ordered(compare: Callable[..., pa.Array]) -> Kernel:
    """Of integers; the order of texts is left to Python. Null is false."""

    def kernel(arguments: Sequence[Vector]) -> pa.Array | None:
        left, right = arguments[0].integers, arguments[1].integers
        return None if left is None or right is None else pc.fill_null(compare(left, right), fill_value=False)

    return kernel


def _checked(compute: Callable[..., pa.Array], *, with_null: bool = True) -> Kernel:
    """Of integers whose result has 64 bits too; others are left to Python, which has room."""

    def kernel(arguments: Sequence[Vector]) -> pa.Array | None:
        left, right = arguments[0].integers, arguments[1].integers
        if left is None or right is None or not (with_null or left.null_count == right.null_count == 0):
            return None
        try:
            return compute(left, right)
        except NOT_PLAIN:
            return None

    return kernel


def choose(condition: Vector, yes: Vector, no: Vector) -> pa.Array | None:
    if condition.flags is None:
        return None
    pair = _alike(yes, no) or _with_null(yes, no)
    return None if pair is None else pc.if_else(pc.fill_null(condition.flags, fill_value=False), *pair)


def _with_null(one: Vector, other: Vector) -> tuple[Any, Any] | None:
    """When one side is null for all records, of the other's type."""
    if isinstance(other, Fixed) and other.value is None and one.plain is not None:
        return one.plain, pa.scalar(None, one.plain.type)
    if isinstance(one, Fixed) and one.value is None and other.plain is not None:
        return pa.scalar(None, other.plain.type), other.plain
    return None


def coalesce(arguments: Sequence[Vector]) -> pa.Array | None:
    for kind in ("texts", "integers", "flags"):
        arrays = [getattr(argument, kind) for argument in arguments]
        if all(array is not None for array in arrays):
            return pc.coalesce(*arrays)
    return None


def logic(symbol: str, one: Vector, other: Vector) -> pa.Array | None:
    if one.flags is None or other.flags is None:
        return None
    left, right = (pc.fill_null(side.flags, fill_value=False) for side in (one, other))
    return pc.and_(left, right) if symbol == "&&" else pc.or_(left, right)


def inverse(arguments: Sequence[Vector]) -> pa.Array | None:
    flags = arguments[0].flags
    return None if flags is None else pc.invert(pc.fill_null(flags, fill_value=False))


FUNCTION_KERNELS: Mapping[str, Kernel] = {
    "concat": concat,
    "lower": _ascii(pc.ascii_lower),
    "upper": _ascii(pc.ascii_upper),
    "trim": _ascii(trim),
    "left": _start,
    "sha256": hashed,
    "matches_regex": matches,
    "to_integer": to_integer,
    "date": date,
    "dformat": dformat,
}
OPERATOR_KERNELS: Mapping[str, Kernel] = {
    "==": same,
    "!=": different,
    "<": _ordered(pc.less),
    "<=": _ordered(pc.less_equal),
    ">": _ordered(pc.greater),
    ">=": _ordered(pc.greater_equal),
    "+": _checked(pc.add_checked, with_null=False),
    "-": _checked(pc.subtract_checked),
    "*": _checked(pc.multiply_checked),
    "!": inverse,
}
