"""The ``property`` filters of lists and searches: text → conditions → a query (fact sheet section 4)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any, Protocol

from django.db.models import Q

from dataflows.api.errors import ApiError

OPERATORS = ("==", "!=", ">=", "<=", ">", "<")
RANGES = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte"}
CONDITION = re.compile(r"(?P<path>[A-Za-z@_][A-Za-z0-9@_.:\[\]-]*)\s*(?P<operator>==|!=|>=|<=|>|<)(?P<value>.*)", re.S)
LIKE_AN_OPERATOR = re.compile(r"[=~!<>]")
NOTHING = Q(pk__in=[])
EVERYTHING = ~NOTHING
LATEST = 253402300799999  # the last millisecond of the year 9999


@dataclass(frozen=True)
class Condition:
    """``values`` has several for ``id==a,b``, which means any of them."""

    path: str
    operator: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Filters:
    """All ``conditions`` hold; ``projection`` names the fields to answer with, none of them all."""

    conditions: tuple[Condition, ...] = ()
    projection: tuple[str, ...] = ()


class Filterable(Protocol):
    """A field of an entity that can be filtered by."""

    def query(self, condition: Condition) -> Q:
        """Raises ApiError for an operator or a value that the field does not take."""


def parse(expressions: Sequence[str]) -> Filters:
    """Raises ApiError 1440-400 for an operator there is not."""
    conditions: list[Condition] = []
    projection: list[str] = []
    for expression in expressions:
        found, fields = _parse_one(expression)
        conditions += found
        projection += fields
    return Filters(tuple(conditions), tuple(projection))


def _parse_one(expression: str) -> tuple[list[Condition], list[str]]:
    """``state==enabled,name==a`` are two conditions, ``id==a,b`` is one with two values, ``id,name`` a projection."""
    conditions: list[Condition] = []
    projection: list[str] = []
    for part in expression.split(","):
        if match := CONDITION.fullmatch(part.strip()):
            conditions.append(Condition(match["path"], match["operator"], (match["value"].strip(),)))
        elif conditions:
            last = conditions.pop()
            conditions.append(Condition(last.path, last.operator, (*last.values, part.strip())))
        elif LIKE_AN_OPERATOR.search(part):
            raise ApiError(
                "1440-400",
                "Operator not known",
                f"This condition cannot be read: {part.strip()[:200]}.",
                remedy=f"Write <field><operator><value> with one of {' '.join(OPERATORS)}.",
                ours="filter_operator",
            )
        elif part.strip():
            projection.append(part.strip())
    return conditions, projection


def query(conditions: Sequence[Condition], fields: Mapping[str, Filterable]) -> Q:
    """Raises ApiError 1423-400 for a field that cannot be filtered by."""
    whole = Q()
    for condition in conditions:
        known = fields.get(condition.path) or fields.get(condition.path.replace("[]", ""))
        if known is None:
            raise ApiError(
                "1423-400",
                "Filter field not known",
                f"Lists cannot be filtered by {condition.path[:200]}.",
                remedy=f"These can be used: {', '.join(sorted(fields))}.",
                ours="filter_field",
            )
        whole &= known.query(condition)
    return whole


def projected(
    items: Sequence[Mapping[str, Any]], names: Sequence[str], known: Collection[str] = ()
) -> list[dict[str, Any]]:
    """The items with these fields alone. Raises ApiError 1423-400 for one that is neither ``known`` nor in an item."""
    told = set(known).union(*items)
    unknown = [name for name in names if name not in told]
    if unknown:
        raise ApiError(
            "1423-400",
            "Field not known",
            f"There is no field {unknown[0][:200]} to answer with, and a condition needs an operator.",
            remedy=f"These can be used: {', '.join(sorted(told))}.",
            ours="filter_field",
        )
    return [{name: item[name] for name in names if name in item} for item in items]


# --- kinds of fields ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Text:
    """Compared exactly, or without regard to case when ``loose``."""

    column: str
    loose: bool = False

    def query(self, condition: Condition) -> Q:
        _no_range(condition)
        lookup = "iexact" if self.loose else "exact"
        return _any(condition, lambda value: Q(**{f"{self.column}__{lookup}": value}))


@dataclass(frozen=True)
class Id:
    """``read`` turns the written id into the column's value; ``None`` for one that cannot be."""

    column: str
    read: Callable[[str], object | None]

    def query(self, condition: Condition) -> Q:
        _no_range(condition, "1448-400")
        return _any(condition, self._one)

    def _one(self, value: str) -> Q:
        read = self.read(value)
        return NOTHING if read is None else Q(**{self.column: read})


@dataclass(frozen=True)
class Moment:
    """Epoch milliseconds."""

    column: str

    def query(self, condition: Condition) -> Q:
        if condition.operator in RANGES:
            value = _single(condition)
            return Q(**{f"{self.column}__{RANGES[condition.operator]}": _moment(condition.path, value)})
        return _any(condition, lambda value: Q(**{self.column: _moment(condition.path, value)}))


@dataclass(frozen=True)
class Number:
    column: str

    def query(self, condition: Condition) -> Q:
        if condition.operator in RANGES:
            value = _single(condition)
            return Q(**{f"{self.column}__{RANGES[condition.operator]}": _integer(condition.path, value)})
        return _any(condition, lambda value: Q(**{self.column: _integer(condition.path, value)}))


@dataclass(frozen=True)
class Constant:
    """The same for every entity of the kind."""

    value: str

    def query(self, condition: Condition) -> Q:
        _no_range(condition)
        return _any(condition, lambda value: EVERYTHING if value.casefold() == self.value.casefold() else NOTHING)


@dataclass(frozen=True)
class Choice:
    """``words`` of the API → the query for it; compared without regard to case, other words are refused."""

    words: Mapping[str, Q] = field(default_factory=dict)

    def query(self, condition: Condition) -> Q:
        _no_range(condition)
        return _any(condition, lambda value: self._one(condition.path, value))

    def _one(self, path: str, value: str) -> Q:
        for word, meaning in self.words.items():
            if word.casefold() == value.casefold():
                return meaning
        raise _bad_value(path, value, f"one of {', '.join(self.words)}")


def uuid_of(text: str) -> uuid.UUID | None:
    """``None`` for what is no UUID; such an id simply does not exist."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _any(condition: Condition, one: Callable[[str], Q]) -> Q:
    found = reduce(or_, (one(value) for value in condition.values))
    return ~found if condition.operator == "!=" else found


def _no_range(condition: Condition, code: str = "1449-400") -> None:
    if condition.operator in RANGES:
        raise ApiError(
            code,
            "Operator not valid for field",
            f"{condition.path[:200]} cannot be compared with {condition.operator}.",
            remedy="Use == or !=.",
            ours="filter_operator",
        )


def _single(condition: Condition) -> str:
    if len(condition.values) > 1:
        raise ApiError(
            "1443-400",
            "Operator not valid for several values",
            f"{condition.operator} takes one value, {len(condition.values)} are given for {condition.path[:200]}.",
            ours="filter_operator",
        )
    return condition.values[0]


def _integer(path: str, value: str) -> int:
    try:
        number = int(value)
    except ValueError as error:
        raise _bad_value(path, value, "a whole number") from error
    if abs(number) >= 2**63:
        raise _bad_value(path, value, "a number of 64 bits")
    return number


def _moment(path: str, value: str) -> datetime:
    millis = _integer(path, value)
    if not 0 <= millis <= LATEST:
        raise _bad_value(path, value, "epoch milliseconds")
    return datetime.fromtimestamp(millis / 1000, UTC)


def _bad_value(path: str, value: str, wanted: str) -> ApiError:
    return ApiError(
        "1453-400",
        "Filter value not valid",
        f"{path[:200]}: “{value[:80]}” is not {wanted}.",
        ours="filter_value",
    )
