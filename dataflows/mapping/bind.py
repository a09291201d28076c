"""Mapping rows + schema → rows that are known to fit; or all problems at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from dataflows.mapping import derived
from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.paths import Part, PathInvalid, parse_source, parse_target
from dataflows.mapping.problems import Code, MappingInvalid, Problem
from dataflows.schemas import Field, XdmSchema, XdmType

LONGEST_SOURCE = 4096
Found = TypeVar("Found")
CONTAINERS = frozenset((XdmType.OBJECT, XdmType.MAP))


@dataclass(frozen=True)
class MappingRow:
    """One row in the words of Data Prep: ``source_type`` ATTRIBUTE (a path) or STATIC (the value itself)."""

    source_type: str
    source: str
    destination: str


@dataclass(frozen=True)
class FromRecord:
    """``parts`` start with "event" or "properties"."""

    parts: tuple[Part, ...]


@dataclass(frozen=True)
class FromDerived:
    """``name`` is a key of ``derived.FIELDS``."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A value already of the target's type."""

    value: Any


Origin = FromRecord | FromDerived | Constant


@dataclass(frozen=True)
class BoundRow:
    """``text`` is the source as the row wrote it, for messages."""

    origin: Origin
    text: str
    target: Field


@dataclass(frozen=True)
class BoundMapping:
    """Rows in the order of the schema's fields."""

    rows: tuple[BoundRow, ...]
    schema: XdmSchema


class _Refused(Exception):
    def __init__(self, field: str, code: Code, message: str, remedy: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message, self.remedy = field, code, message, remedy


def bind(rows: Sequence[MappingRow], schema: XdmSchema) -> BoundMapping:
    """Check every row and the mapping as a whole. Raises MappingInvalid with all problems."""
    problems: list[Problem] = []
    bound: list[BoundRow] = []
    targets: dict[tuple[str, ...], int] = {}
    for number, row in enumerate(rows):
        target = _attempt(problems, number, partial(_target, row.destination, schema))
        if target is not None and (problem := _taken(number, target, targets)):
            problems.append(problem)
        # A row that fails still claims its target: it is one mistake to correct, not two.
        if target is not None:
            targets.setdefault(target.path, number)
        origin = _attempt(problems, number, partial(_origin, row, target))
        if target is not None and origin is not None:
            bound.append(BoundRow(origin, row.source, target))
    problems += _unmapped(schema, set(targets))
    if problems:
        raise MappingInvalid(problems)
    order = {field.path: position for position, field in enumerate(schema.fields())}
    return BoundMapping(tuple(sorted(bound, key=lambda row: order[row.target.path])), schema)


def _attempt(problems: list[Problem], number: int, check: Callable[[], Found]) -> Found | None:
    try:
        return check()
    except _Refused as refused:
        problems.append(Problem(number, refused.field, refused.code, refused.message, refused.remedy))
        return None


def _target(text: str, schema: XdmSchema) -> Field:
    try:
        parts = parse_target(text)
    except PathInvalid as error:
        raise _Refused(
            "destination", Code.TARGET_PATH_INVALID, str(error), "Choose the target field from the schema."
        ) from error
    names = tuple(part for part in parts if isinstance(part, str))
    if len(names) != len(parts):
        raise _Refused(
            "destination",
            Code.TARGET_IN_ARRAY,
            f"{text} is one element of an array.",
            "Map a source array onto the whole target array.",
        )
    if not schema.has(names):
        raise _Refused(
            "destination",
            Code.TARGET_UNKNOWN,
            f"The schema “{schema.title}” has no field {text}.",
            "Choose the target field from the schema.",
        )
    return schema.field(names)


def _taken(number: int, target: Field, targets: dict[tuple[str, ...], int]) -> Problem | None:
    if target.path in targets:
        message = f"{target.name} is already mapped by row {targets[target.path] + 1}."
        return Problem(number, "destination", Code.TARGET_TWICE, message, "Remove one of the two rows.")
    for path, other in targets.items():
        size = min(len(path), len(target.path))
        if path[:size] == target.path[:size]:
            message = f"{target.name} and {'.'.join(path)} (row {other + 1}) are one inside the other."
            remedy = "Keep the row of the object or those of its fields."
            return Problem(number, "destination", Code.TARGET_OVERLAPS, message, remedy)
    return None


def _origin(row: MappingRow, target: Field | None) -> Origin:
    if len(row.source) > LONGEST_SOURCE:
        message = f"The source has {len(row.source)} characters, at most {LONGEST_SOURCE} are allowed."
        raise _Refused("source", Code.SOURCE_TOO_LONG, message, "Shorten the source.")
    match row.source_type:
        case "ATTRIBUTE":
            return _attribute(row.source, target)
        case "STATIC":
            return _constant(row.source, target)
        case "EXPRESSION":
            message = "Calculated fields (EXPRESSION) are not available in this version."
            remedy = "Map a field (ATTRIBUTE) or a fixed value (STATIC)."
            raise _Refused("source", Code.EXPRESSION_UNAVAILABLE, message, remedy)
        case other:
            message = f"There is no source type {other!r}."
            raise _Refused("source", Code.SOURCE_TYPE_UNKNOWN, message, "Use ATTRIBUTE or STATIC.")


def _attribute(text: str, target: Field | None) -> Origin:
    try:
        parts = parse_source(text)
    except PathInvalid as error:
        raise _Refused(
            "source", Code.SOURCE_PATH_INVALID, str(error), "Wrap names with other signs, as in ${Plan Type}."
        ) from error
    match parts:
        case ("event",):
            _need_value(target, "event", XdmType.STRING)
            return FromRecord(parts)
        case ("properties",):
            _need_container(target)
            return FromRecord(parts)
        case ("properties", str(), *_):
            return FromRecord(parts)
        case (derived.ROOT, str() as name) if name in derived.FIELDS:
            _need_value(target, text, derived.FIELDS[name].xdm_type)
            _need_same(target, derived.FIELDS[name])
            return FromDerived(name)
    known = ", ".join(field.path for field in derived.FIELDS.values())
    remedy = f"Start with event or properties., or use one of {known}."
    raise _Refused("source", Code.SOURCE_UNKNOWN, f"There is no source field {text}.", remedy)


def _need_value(target: Field | None, text: str, kind: XdmType) -> None:
    if target is not None and target.xdm_type in CONTAINERS:
        message = f"{target.name} is of type {target.xdm_type.value}, {text} is a single value of type {kind.value}."
        raise _Refused("destination", Code.TARGET_IS_OBJECT, message, f"Map onto a field inside {target.name}.")
    if target is not None and target.xdm_type is XdmType.ARRAY:
        raise _type_refused(target, text, kind)


def _need_same(target: Field | None, field: derived.DerivedField) -> None:
    if target is not None and target.xdm_type is not field.xdm_type:
        raise _type_refused(target, field.path, field.xdm_type)


def _need_container(target: Field | None) -> None:
    if target is not None and target.xdm_type not in CONTAINERS:
        raise _type_refused(target, "properties", XdmType.OBJECT)


def _type_refused(target: Field, text: str, kind: XdmType) -> _Refused:
    message = f"{text} is of type {kind.value}, which never fits {target.name} of type {target.xdm_type.value}."
    return _Refused("destination", Code.TARGET_TYPE, message, f"Choose a target of type {kind.value}.")


def _constant(text: str, target: Field | None) -> Origin:
    if target is None:
        return Constant(text)
    try:
        return Constant(cast(text, target.shape))
    except CastError as error:
        message = f"The fixed value “{text[:80]}” does not fit {target.name}: {error.message}"
        raise _Refused("source", Code.STATIC_INVALID, message, "Correct the value or choose another target.") from error


def _unmapped(schema: XdmSchema, targets: set[tuple[str, ...]]) -> list[Problem]:
    """A required field needs a row of its own, of an object around it, or of a field inside it."""
    touched = {path[:size] for path in targets for size in range(len(path) + 1)}
    problems = []
    for field in schema.fields():
        covered = field.path in touched or any(field.path[:size] in targets for size in range(1, len(field.path)))
        if not covered and (field.required or (field.required_in_parent and field.path[:-1] in touched)):
            message = f"{field.name} is required and not mapped."
            remedy = f"Add a row with the destination {field.name}."
            problems.append(Problem(-1, "destination", Code.REQUIRED_UNMAPPED, message, remedy))
    return problems
