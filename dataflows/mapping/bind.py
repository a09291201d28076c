"""Mapping rows + schema → rows that are known to fit; or all problems at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from dataflows.mapping import derived
from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.language import FUNCTIONS, ExpressionInvalid, Program, compile_expression
from dataflows.mapping.language.checking import Sources
from dataflows.mapping.language.kinds import FITS, NULL, SAMPLE_TYPES, STRING, in_words
from dataflows.mapping.language.nodes import Literal, Path
from dataflows.mapping.language.rowwise import Nowhere
from dataflows.mapping.origins import (
    Assembled,
    Computed,
    Constant,
    FromDerived,
    FromRecord,
    Member,
    Origin,
    programs_of,
)
from dataflows.mapping.paths import Part, PathInvalid, parse_source
from dataflows.mapping.problems import Code, MappingInvalid, Problem, Refused
from dataflows.mapping.source_fields import SourceField
from dataflows.mapping.targets import Filled, Target, taken, target_of
from dataflows.schemas import Field, XdmSchema, XdmType

LONGEST_SOURCE = 4096
CALL = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\(")
Found = TypeVar("Found")
CONTAINERS = frozenset((XdmType.OBJECT, XdmType.MAP))


@dataclass(frozen=True)
class MappingRow:
    """A row in the words of Data Prep: ``source_type`` ATTRIBUTE (a path), EXPRESSION, or STATIC (the value itself)."""

    source_type: str
    source: str
    destination: str


@dataclass(frozen=True)
class BoundRow:
    """``text`` is the source as the row wrote it, for messages."""

    origin: Origin | Assembled
    text: str
    target: Field


@dataclass(frozen=True)
class BoundMapping:
    """Rows in the order of the schema's fields."""

    rows: tuple[BoundRow, ...]
    schema: XdmSchema

    @property
    def is_keyed(self) -> bool:
        """Whether any of it hashes with the installation's key."""
        return any(program.keyed for row in self.rows for program in programs_of(row.origin))


def bind(rows: Sequence[MappingRow], schema: XdmSchema, sources: Sequence[SourceField] = ()) -> BoundMapping:
    """Check every row and the mapping as a whole; ``sources`` are the fields of a sample, by which types are checked.

    Raises MappingInvalid with all problems.
    """
    problems: list[Problem] = []
    bound: list[tuple[Origin, str, Target]] = []
    targets: dict[tuple[Part, ...], int] = {}
    known = kinds_of(sources)
    for number, row in enumerate(rows):
        target = _attempt(problems, number, partial(target_of, row.destination, schema))
        if target is not None and (problem := taken(number, target, targets)):
            problems.append(problem)
        # A row that fails still claims its target: it is one mistake to correct, not two.
        if target is not None:
            targets.setdefault(target.path, number)
        wanted = target.wanted if target else None
        origin = _attempt(problems, number, partial(_origin, row, wanted, known))
        if target is not None and origin is not None:
            bound.append((origin, row.source, target))
    problems += _unmapped(schema, Filled.of(targets))
    if problems:
        raise MappingInvalid(problems)
    order = {field.path: position for position, field in enumerate(schema.fields())}
    return BoundMapping(tuple(sorted(_gathered(bound), key=lambda row: order[row.target.path])), schema)


def source_problems(rows: Sequence[MappingRow]) -> list[Problem]:
    """What is wrong with the sources of rows, whatever the schema is."""
    problems: list[Problem] = []
    for number, row in enumerate(rows):
        _attempt(problems, number, partial(_origin, row, None, kinds_of(())))
    return problems


def _gathered(bound: Sequence[tuple[Origin, str, Target]]) -> list[BoundRow]:
    """Rows that fill places inside one array or map become one row that fills it."""
    rows, inside = [], dict[tuple[str, ...], list[tuple[Origin, str, Target]]]()
    for origin, text, target in bound:
        if target.inner:
            inside.setdefault(target.field.path, []).append((origin, text, target))
        else:
            rows.append(BoundRow(origin, text, target.field))
    for parts in inside.values():
        members = tuple(Member(target.inner, origin, target.leaf) for origin, _, target in parts)
        texts = ", ".join(text for _, text, _ in parts)
        rows.append(BoundRow(Assembled(members), texts, parts[0][2].field))
    return rows


def kinds_of(sources: Sequence[SourceField]) -> Sources:
    return {("event",): STRING} | {
        field.names: frozenset(SAMPLE_TYPES[name] for name in field.types) for field in sources if field.types
    }


def _attempt(problems: list[Problem], number: int, check: Callable[[], Found]) -> Found | None:
    try:
        return check()
    except Refused as refused:
        problems.append(Problem(number, refused.field, refused.code, refused.message, refused.remedy))
        return None


def _origin(row: MappingRow, target: Field | None, known: Sources) -> Origin:
    if len(row.source) > LONGEST_SOURCE:
        message = f"The source has {len(row.source)} characters, at most {LONGEST_SOURCE} are allowed."
        raise Refused("source", Code.SOURCE_TOO_LONG, message, "Shorten the source.")
    match row.source_type:
        case "ATTRIBUTE":
            # Going through all elements is a small calculation, though the row calls itself a path.
            return _expression(row, target, known) if "[*]" in row.source else _attribute(row.source, target)
        case "STATIC":
            _need_reading(target)
            return _constant(row.source, target)
        case "EXPRESSION":
            return _expression(row, target, known)
        case other:
            message = f"There is no source type {other!r}."
            raise Refused("source", Code.SOURCE_TYPE_UNKNOWN, message, "Use ATTRIBUTE, EXPRESSION or STATIC.")


def _attribute(text: str, target: Field | None) -> Origin:
    try:
        parts = parse_source(text)
    except PathInvalid as error:
        if _is_expression(text):
            message = f"{text[:80]} is an expression, and the row takes the name of a field."
            raise Refused("source", Code.SOURCE_PATH_INVALID, message, "Make the row a calculated field.") from error
        raise Refused(
            "source", Code.SOURCE_PATH_INVALID, str(error), "Wrap names with other signs, as in ${Plan Type}."
        ) from error
    return _field(parts, text, target)


def _is_expression(text: str) -> bool:
    called = CALL.match(text)
    if called and called[1] in FUNCTIONS:
        return True
    try:
        compile_expression(text)
    except ExpressionInvalid:
        return False
    return True


def _field(parts: tuple[Part, ...], text: str, target: Field | None) -> Origin:
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
    raise Refused("source", Code.SOURCE_UNKNOWN, f"There is no source field {text}.", remedy)


def _expression(row: MappingRow, target: Field | None, known: Sources) -> Origin:
    try:
        program = compile_expression(row.source, known)
    except ExpressionInvalid as error:
        raise Refused("source", Code.EXPRESSION_INVALID, str(error), error.remedy) from error
    if target is not None and target.xdm_type in FITS:
        _need_fitting(program, target)
    if program.varies and target is not None and _is_identifier(target):
        message = f"{target.name} is an identifier, and this expression gives another value in every run."
        remedy = "Make it of the event itself, as tributary.event_id does."
        raise Refused("source", Code.EXPRESSION_VARIES, message, remedy)
    if not any(program.paths):
        _need_reading(target)
    match program.node:
        case Literal():
            return _fixed(program, target)
        case Path(parts=parts):
            return _field(parts, row.source, target)
    return Computed(program)


def _is_identifier(target: Field) -> bool:
    return target.path == ("_id",) or target.identity is not None


def _need_reading(target: Field | None) -> None:
    """Refuse what reads nothing of the record for a target that has to tell records apart."""
    if target is not None and _is_identifier(target):
        message = f"{target.name} is an identifier, and this row gives every event the same one."
        remedy = "Make it of the event itself, as tributary.event_id does."
        raise Refused("source", Code.IDENTIFIER_FIXED, message, remedy)


def _need_fitting(program: Program, target: Field) -> None:
    wanted = FITS[target.xdm_type]
    if program.kinds - NULL and not program.kinds & wanted:
        message = (
            f"The expression gives {in_words(program.kinds)}, which never fits {target.name} of type "
            f"{target.xdm_type.value}."
        )
        raise Refused("source", Code.TARGET_TYPE, message, f"Give {in_words(wanted)}, or choose another target.")


def _fixed(program: Program, target: Field | None) -> Origin:
    """An expression without anything of the record is a fixed value, computed once."""
    value = program.value(Nowhere())
    if target is None:
        return Constant(value)
    try:
        return Constant(cast(value, target.shape))
    except CastError as error:
        message = f"The expression always gives the same value, which does not fit {target.name}: {error.message}"
        raise Refused("source", Code.STATIC_INVALID, message, "Correct it or choose another target.") from error


def _need_value(target: Field | None, text: str, kind: XdmType) -> None:
    if target is not None and target.xdm_type in CONTAINERS:
        message = f"{target.name} is of type {target.xdm_type.value}, {text} is a single value of type {kind.value}."
        raise Refused("destination", Code.TARGET_IS_OBJECT, message, f"Map onto a field inside {target.name}.")
    if target is not None and target.xdm_type is XdmType.ARRAY:
        raise _type_refused(target, text, kind)


def _need_same(target: Field | None, field: derived.DerivedField) -> None:
    if target is not None and target.xdm_type is not field.xdm_type:
        raise _type_refused(target, field.path, field.xdm_type)


def _need_container(target: Field | None) -> None:
    if target is not None and target.xdm_type not in CONTAINERS:
        raise _type_refused(target, "properties", XdmType.OBJECT)


def _type_refused(target: Field, text: str, kind: XdmType) -> Refused:
    message = f"{text} is of type {kind.value}, which never fits {target.name} of type {target.xdm_type.value}."
    return Refused("destination", Code.TARGET_TYPE, message, f"Choose a target of type {kind.value}.")


def _constant(text: str, target: Field | None) -> Origin:
    if target is None:
        return Constant(text)
    try:
        return Constant(cast(text, target.shape))
    except CastError as error:
        message = f"The fixed value “{text[:80]}” does not fit {target.name}: {error.message}"
        raise Refused("source", Code.STATIC_INVALID, message, "Correct the value or choose another target.") from error


def _unmapped(schema: XdmSchema, filled: Filled) -> list[Problem]:
    problems = []
    for field in schema.fields():
        if filled.requires(field) and not filled.covers(field):
            message = f"{field.name} is required and not mapped."
            remedy = f"Add a row with the destination {field.name}."
            problems.append(Problem(-1, "destination", Code.REQUIRED_UNMAPPED, message, remedy))
    return problems
