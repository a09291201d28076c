"""Functions for arrays."""

from __future__ import annotations

from typing import Any

from dataflows.mapping.language import operators, values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ANY, ARRAY, INTEGER, OBJECT, STRING, TRUTH

CATEGORY = "Arrays"
GIVEN = Parameter("array", ARRAY, "The array.")
VALUES = Parameter("value", ANY, "A value.", repeated=True)


def _items(given: tuple[Any, ...]) -> list[Any]:
    """Of one array its elements, else the arguments themselves."""
    if len(given) == 1:
        return given[0] if type(given[0]) is list else [] if given[0] is None else [given[0]]
    return list(given)


def first(*given: Any) -> Any:
    return next(iter(_items(given)), None)


def last(*given: Any) -> Any:
    return next(reversed(_items(given)), None)


def add_to_array(items: Any, *more: Any) -> list[Any]:
    return [*([] if items is None else values.array(items)), *more]


def join_arrays(*arrays: Any) -> list[Any]:
    return [item for each in arrays if each is not None for item in values.array(each)]


def to_array(with_nulls: Any, *items: Any) -> list[Any]:
    keep = values.truth(with_nulls)
    return [item for item in items if keep or item is not None]


def upsert(items: Any, _position: Any = None) -> Any:
    """Rows are inserted, never updated, so there is nothing to add to or to replace."""
    return items if items is None else values.array(items)


FUNCTIONS = (
    Function("coalesce", CATEGORY, "The first value that is not null.", (VALUES,), ANY,
        (Example('coalesce(null, null, null, "first", null, "second")', "first"),), takes_null=True, lazy=True),
    Function("first", CATEGORY, "The first element of an array, or the first of several values.", (VALUES,), ANY,
        (Example('first("1", "2", "3")', "1"), Example("first([7, 8])", 7)), first, takes_null=True),
    Function("last", CATEGORY, "The last element of an array, or the last of several values.", (VALUES,), ANY,
        (Example('last("1", "2", "3")', "3"),), last, takes_null=True),
    Function("add_to_array", CATEGORY, "An array with more elements at its end.", (GIVEN, VALUES), ARRAY,
        (Example("add_to_array(['a', 'b'], 'c', 'd')", ["a", "b", "c", "d"]),), add_to_array, takes_null=True),
    Function("join_arrays", CATEGORY, "Arrays one after the other.",
        (Parameter("array", ARRAY, "An array.", repeated=True),), ARRAY,
        (Example("join_arrays(['a', 'b'], ['c'], ['d', 'e'])", ["a", "b", "c", "d", "e"]),),
        join_arrays, takes_null=True),
    Function("to_array", CATEGORY, "An array of values.",
        (Parameter("include_nulls", TRUTH, "Whether nulls become elements."),
         Parameter("value", ANY, "A value.", optional=True, repeated=True)), ARRAY,
        (Example("to_array(false, 1, null, 2, 3)", [1, 2, 3]),), to_array, takes_null=True),
    Function("size_of", CATEGORY, "How many elements, fields or signs there are.",
        (Parameter("input", ARRAY | OBJECT | STRING),), INTEGER,
        (Example("size_of([1, 2, 3, 4])", 4),), operators.size),
    Function("upsert_array_append", CATEGORY, "The array as it is: events are inserted, never updated.",
        (GIVEN,), ARRAY, (Example("upsert_array_append([1])", [1]),), upsert),
    Function("upsert_array_replace", CATEGORY, "The array as it is: events are inserted, never updated.",
        (GIVEN, Parameter("index", ANY, "Ignored.", optional=True)), ARRAY,
        (Example("upsert_array_replace([1])", [1]),), upsert),
)  # fmt: skip
