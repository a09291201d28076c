"""Functions that turn one type into another."""

from __future__ import annotations

import struct
from typing import Any

from dataflows.mapping.casts import RANGES, whole
from dataflows.mapping.language import values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import COUNT, INTEGER, NUMERIC
from dataflows.mapping.language.values import failed
from dataflows.schemas import XdmType

CATEGORY = "Type conversion"
INPUT = Parameter("string", COUNT, "A number, or a text that is one.")
LEAST, MOST = RANGES[XdmType.INTEGER]


def to_integer(given: Any) -> int:
    number = values.integer(given)
    if not LEAST <= number <= MOST:
        raise failed(f"An integer is {LEAST} to {MOST}; to_bigint() takes larger ones.")
    return number


def to_float(given: Any) -> float:
    """The nearest number of 32 bits, in the shortest digits that tell it from its neighbours."""
    number = values.number(given)
    try:
        packed = struct.pack("<f", number)
    except OverflowError:
        raise failed("The number is too large for a float.") from None
    (nearest,) = struct.unpack("<f", packed)
    for digits in range(1, 10):
        short = float(f"{nearest:.{digits}g}")
        if struct.pack("<f", short) == packed:
            return short
    return float(nearest)


def to_decimal(given: Any) -> float:
    number = values.number(given)
    try:
        return float(number)
    except OverflowError:
        raise failed("The number is too large.") from None


def to_bigint(given: Any) -> int | float:
    exact = whole(given)
    return values.number(given) if exact is None else exact


FUNCTIONS = (
    Function("to_bigint", CATEGORY, "A number of any size; a fraction stays.", (INPUT,), NUMERIC,
        (Example('to_bigint("1000000.34")', 1000000.34), Example('to_bigint("12345678901234567890")',
            12345678901234567890)), to_bigint),
    Function("to_decimal", CATEGORY, "A number with a fraction.", (INPUT,), NUMERIC,
        (Example('to_decimal("20.5")', 20.5),), to_decimal),
    Function("to_float", CATEGORY, "A number with a fraction, of 32 bits.", (INPUT,), NUMERIC,
        (Example('to_float("12.3456")', 12.3456),), to_float),
    Function("to_integer", CATEGORY, "A whole number of 32 bits.", (INPUT,), INTEGER,
        (Example('to_integer("12")', 12),), to_integer),
)  # fmt: skip
