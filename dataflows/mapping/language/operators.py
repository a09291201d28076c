"""The operators: what they do to two values, and how they are described to a person."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from dataflows.mapping.language import patterns, values
from dataflows.mapping.language.values import failed


@dataclass(frozen=True)
class Operator:
    """As the operators endpoint of Adobe's Data Prep API lists them (data-prep OpenAPI file)."""

    symbol: str
    method_name: str
    operands: int
    description: str
    example: str


def _numbers(one: Any, other: Any) -> tuple[int | float, int | float]:
    return values.number(one), values.number(other)


def _is_number(value: Any) -> bool:
    return type(value) in (int, float)


def add(one: Any, other: Any) -> Any:
    """A sum when both are numbers, else both as texts, one after the other; null counts as nothing."""
    if one is None or other is None:
        return other if one is None else one
    if _is_number(one) and _is_number(other):
        return _arithmetic(one, other, lambda a, b: a + b)
    return values.bounded(values.text(one) + values.text(other))


def _arithmetic(one: Any, other: Any, compute: Callable[[Any, Any], int | float]) -> int | float:
    try:
        return values.finite(compute(*_numbers(one, other)))
    except OverflowError:
        raise failed("The result is too large.") from None


def subtract(one: Any, other: Any) -> Any:
    return _arithmetic(one, other, lambda a, b: a - b)


def multiply(one: Any, other: Any) -> Any:
    return _arithmetic(one, other, lambda a, b: a * b)


def divide(one: Any, other: Any) -> Any:
    """Of two whole numbers the whole part, as in JEXL: 7/2 is 3, 7/2.0 is 3.5."""
    return _arithmetic(one, other, _quotient)


def _quotient(one: int | float, other: int | float) -> int | float:
    if other == 0:
        raise failed("Nothing can be divided by zero.")
    if type(one) is int and type(other) is int:
        size = abs(one) // abs(other)
        return size if (one < 0) == (other < 0) else -size
    return one / other


def remainder(one: Any, other: Any) -> Any:
    """With the sign of the first number, as in Java."""
    return _arithmetic(one, other, _rest)


def _rest(one: int | float, other: int | float) -> int | float:
    if other == 0:
        raise failed("Nothing can be divided by zero.")
    if type(one) is int and type(other) is int:
        size = abs(one) % abs(other)
        return -size if one < 0 else size
    return math.fmod(one, other)


def _ordered(test: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def compare(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return False
        left, right = values.comparable(one, other)
        return bool(test(left, right))

    return compare


def different(one: Any, other: Any) -> bool:
    return not values.same(one, other)


def matches(one: Any, other: Any) -> bool:
    """A text against a regular expression, or any value against the elements of an array."""
    if one is None or other is None:
        return False
    if type(other) is list:
        return any(values.same(one, item) for item in other)
    return patterns.matches(values.text(one), values.text(other))


def negative(value: Any) -> Any:
    return None if value is None else _arithmetic(0, value, lambda _zero, given: -given)


def complement(value: Any) -> Any:
    return None if value is None else ~values.integer(value)


def inverse(value: Any) -> bool:
    return not values.truth(value)


def is_empty(value: Any) -> bool:
    """Null, "", [], {} and an array or object that holds nothing but nulls."""
    if isinstance(value, dict):
        return all(item is None for item in value.values())
    return value is None or value == "" or (type(value) is list and all(item is None for item in value))


def size(value: Any) -> int:
    """How many signs, elements or fields; null has none."""
    if value is None:
        return 0
    if type(value) in (str, list, dict):
        return len(value)
    raise failed(f"A string, an array or an object has a size, {values.name_of(value)} has none.")


STRICT: Mapping[str, Callable[[Any, Any], Any]] = {"-": subtract, "*": multiply, "/": divide, "%": remainder}
"""Null with anything is null."""
TOLERANT: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": add,
    "==": values.same,
    "!=": different,
    "<": _ordered(lambda a, b: a < b),
    "<=": _ordered(lambda a, b: a <= b),
    ">": _ordered(lambda a, b: a > b),
    ">=": _ordered(lambda a, b: a >= b),
    "=~": matches,
    "!~": lambda one, other: not matches(one, other),
}
"""These say themselves what becomes of null."""
UNARY: Mapping[str, Callable[[Any], Any]] = {
    "-": negative,
    "~": complement,
    "!": inverse,
    "empty": is_empty,
    "size": size,
}

OPERATORS: tuple[Operator, ...] = (
    Operator("+", "add", 2, "Sum of two numbers; anything else is joined as text.", "properties.price + 1"),
    Operator("-", "subtract", 2, "Difference of two numbers.", "properties.price - 1"),
    Operator("*", "multiply", 2, "Product of two numbers.", "properties.time * 1000"),
    Operator("/", "divide", 2, "Quotient; of two whole numbers the whole part.", "properties.price / 2.0"),
    Operator("%", "mod", 2, "Remainder of a division; also written mod.", "properties.time % 60"),
    Operator("-", "negate", 1, "The number with the other sign.", "-properties.price"),
    Operator("~", "complement", 1, "The whole number with all bits turned.", "~properties.flags"),
    Operator("!", "not", 1, "True for false and false for true; also written not.", "!properties.$import"),
    Operator("empty", "empty", 1, "True for null, an empty text, array or object.", "empty properties.email"),
    Operator("size", "size", 1, "The number of signs, elements or fields.", "size properties.tags"),
    Operator("==", "equals", 2, "True if both are equal; also written eq.", 'event == "Sign up"'),
    Operator("!=", "notEquals", 2, "True if both differ; also written ne.", 'event != "Sign up"'),
    Operator("<", "lessThan", 2, "True if the first is smaller; also written lt.", "properties.price < 10"),
    Operator("<=", "lessThanOrEqual", 2, "Smaller or equal; also written le.", "properties.price <= 10"),
    Operator(">", "greaterThan", 2, "True if the first is greater; also written gt.", "properties.price > 10"),
    Operator(">=", "greaterThanOrEqual", 2, "Greater or equal; also written ge.", "properties.price >= 10"),
    Operator("=~", "matches", 2, "True if the text matches the regular expression, or the array has the value.",
        'event =~ "Sign.*"'),
    Operator("!~", "notMatches", 2, "The opposite of =~.", 'event !~ ["Sign up", "Log in"]'),
    Operator("&&", "and", 2, "True if both are true; also written and.", "properties.a && properties.b"),
    Operator("||", "or", 2, "True if one is true; also written or.", "properties.a || properties.b"),
    Operator("? :", "ternary", 3, "The second value if the first is true, else the third.",
        'properties.price > 100 ? "high" : "low"'),
    Operator("?:", "elvis", 2, "The first value unless it is null, else the second.", 'properties.city ?: "unknown"'),
)  # fmt: skip
