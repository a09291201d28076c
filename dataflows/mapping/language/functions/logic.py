"""Functions that choose, and the smallest and largest of several values."""

from __future__ import annotations

from typing import Any

from dataflows.mapping.language import values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ANY, SCALAR, TRUTH

CATEGORY = "Logic"
AGGREGATION = "Aggregation"
VALUES = Parameter("value", SCALAR, "A value.", repeated=True)


def smallest(*given: Any) -> Any:
    """Nulls do not count."""
    found = None
    for value in given:
        if value is not None and (found is None or values.less(value, found)):
            found = value
    return found


def largest(*given: Any) -> Any:
    found = None
    for value in given:
        if value is not None and (found is None or values.less(found, value)):
            found = value
    return found


FUNCTIONS = (
    Function("decode", CATEGORY, "The value that belongs to a key; the last one, if it has no partner, for all others.",
        (Parameter("key", ANY, "What is looked up."), Parameter("option", ANY, "A key.", repeated=True),
         Parameter("value", ANY, "Its value.", optional=True, repeated=True)), ANY,
        (Example('decode("k2", "k1", "v1", "k2", "v2", "default")', "v2"),
         Example('decode("x", "k1", "v1", "default")', "default"), Example('decode("x", "k1", "v1")', None)),
        takes_null=True, lazy=True),
    Function("iif", CATEGORY, "One value if a condition is true, another if it is not.",
        (Parameter("condition", TRUTH), Parameter("true_value", ANY), Parameter("false_value", ANY)), ANY,
        (Example('iif("s".equalsIgnoreCase("S"), "True", "False")', "True"),), takes_null=True, lazy=True),
    Function("min", AGGREGATION, "The smallest of several values.", (VALUES,), SCALAR,
        (Example("min(3, 1, 4)", 1),), smallest, takes_null=True),
    Function("max", AGGREGATION, "The largest of several values.", (VALUES,), SCALAR,
        (Example("max(3, 1, 4)", 4), Example('max("a", "b")', "b")), largest, takes_null=True),
)  # fmt: skip
