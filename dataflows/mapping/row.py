"""The row evaluator: one line → one row, cell by cell. Slow and plain: it says what the columnar one must do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from dataflows.mapping import derived, keys
from dataflows.mapping.assembly import assemble, checked
from dataflows.mapping.bind import BoundRow
from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.decode import Flaw
from dataflows.mapping.instants import EPOCH, micros_of, raw_time, true_instant
from dataflows.mapping.language import RunFacts
from dataflows.mapping.origins import Assembled, Computed, Constant, FromDerived, Origin
from dataflows.mapping.paths import Part
from dataflows.mapping.problems import Refusal, Rejected
from dataflows.schemas import Field, Shape, XdmType

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan

NO_EVENT = Flaw(Refusal.REQUIRED, "event", "The record has no event name, which is a text.")
NO_TIME = Flaw(Refusal.REQUIRED, "properties.time", "The record has no usable time: whole seconds or milliseconds.")


@dataclass(frozen=True)
class Cell:
    """One target's value, or why it has none; an array or a map may lack a part and still be there."""

    row: BoundRow
    value: Any
    error: CastError | None = None

    @property
    def refuses(self) -> bool:
        """Whether the record cannot be loaded because of it."""
        return self.error is not None and (self.error.fatal or (self.row.target.required and self.value is None))


@dataclass(frozen=True)
class Evidence:
    """What a usable record says about itself."""

    line: bytes
    event: str
    properties: Any
    raw: int

    @property
    def micros(self) -> int:
        return micros_of(self.raw)

    @property
    def day(self) -> date:
        return (EPOCH + timedelta(microseconds=self.micros)).date()


@dataclass(frozen=True)
class Row:
    """An accepted record: the dataset's columns, the key columns, and (code, target, message) per warning."""

    values: dict[str, Any]
    keys: dict[str, Any]
    warnings: list[tuple[str, str, str]]
    line: int
    day: date


def explain(row: BoundRow, message: str) -> str:
    """In the words of Adobe's mapper, which programs look for."""
    return f"sourceField: {row.text} destinationField: {row.target.name} {message}"


def missing(field: Field) -> str:
    return f"destination path {field.name}. The schema requires a value and the record has none."


def evaluate(plan: Plan, line: bytes, number: int) -> Row | Rejected:
    line = line.removesuffix(b"\n")
    found = read(plan, line)
    if isinstance(found, Flaw):
        return unusable(line, found, number)
    return judged(plan, found, list(cells_of(plan, found)), number)


def unusable(line: bytes, flaw: Flaw, number: int) -> Rejected:
    return Rejected(number, line, flaw.code, flaw.field, flaw.message, None)


def judged(plan: Plan, found: Evidence, every: Sequence[Cell], number: int) -> Row | Rejected:
    """The row that a record's cells make, or why the record is refused."""
    line, cells = found.line, {cell.row.target.path: cell for cell in every}
    for cell in every:
        if cell.error and cell.refuses:
            message = explain(cell.row, cell.error.message)
            return Rejected(number, line, cell.error.code, cell.row.target.name, message, found.day)
    made = {path: cell.value for path, cell in cells.items()}
    values = {name: _child(child, (name,), made) for name, child in plan.bound.schema.root.children.items()}
    for field in plan.checks:
        if _lacks(values, field):
            return Rejected(number, line, Refusal.REQUIRED, field.name, missing(field), found.day)
    return Row(values, _keys(plan, found), _warnings(cells), number, found.day)


def _warnings(cells: Mapping[tuple[str, ...], Cell]) -> list[tuple[str, str, str]]:
    return [
        (cell.error.code, cell.row.target.name, explain(cell.row, cell.error.message))
        for cell in cells.values()
        if cell.error
    ]


def read(plan: Plan, line: bytes) -> Evidence | Flaw:
    """The record of a line if it is usable at all."""
    record = plan.decoder.line(line)
    if isinstance(record, Flaw):
        return record
    if type(record.event) is not str:
        return NO_EVENT
    raw = raw_time(plan.decoder.getter(keys.TIME)(record.properties))
    return NO_TIME if raw is None else Evidence(line, record.event, record.properties, raw)


def cells_of(plan: Plan, record: Evidence) -> Iterator[Cell]:
    scope = RecordScope(plan, record)
    for row in plan.bound.rows:
        if isinstance(row.origin, Assembled):
            yield Cell(row, *assemble(row.origin, row.target.shape, scope.value))
            continue
        try:
            yield Cell(row, cast(scope.value(row.origin), row.target.shape))
        except CastError as error:
            yield Cell(row, None, error)


def parts_of(plan: Plan, record: Evidence) -> Iterator[tuple[str, Any, CastError | None]]:
    """By target path, what each row gives that fills a place inside an array or a map."""
    scope = RecordScope(plan, record)
    for row in plan.bound.rows:
        for member in row.origin.members if isinstance(row.origin, Assembled) else ():
            try:
                yield member.leaf.name, checked(member, scope.value(member.origin)), None
            except CastError as error:
                yield member.leaf.name, None, error


@dataclass(frozen=True)
class RecordScope:
    """One record as expressions see it."""

    plan: Plan
    record: Evidence

    @property
    def facts(self) -> RunFacts:
        return self.plan.facts

    @property
    def line(self) -> bytes:
        return self.record.line

    def value(self, origin: Origin) -> Any:
        """Raises CastError."""
        match origin:
            case Constant():
                return origin.value
            case Computed():
                return origin.program.value(self)
            case FromDerived():
                return _derived(self.plan, self.record, origin.name)
            case _:
                return self.read(origin.parts)

    def read(self, parts: Sequence[Part]) -> Any:
        match tuple(parts):
            case ("event",):
                return self.record.event
            case ("properties",):
                return self.record.properties
            case ("properties", str() as name, *rest):
                return dig(self.plan.decoder.getter(name)(self.record.properties), rest)
            case (_, str() as name):
                return _derived(self.plan, self.record, name)
        raise AssertionError(parts)


def dig(value: Any, parts: Sequence[Part]) -> Any:
    """What lies below a value at a path; None where the path leads nowhere."""
    for part in parts:
        if isinstance(part, str):
            value = value.get(part) if type(value) is dict else None
        else:
            value = value[part] if type(value) is list and part < len(value) else None
    return value


def _derived(plan: Plan, record: Evidence, name: str) -> Any:
    take = plan.decoder.getter
    if name == derived.EVENT_ID:
        who, which = take(keys.DISTINCT_ID)(record.properties), take(keys.INSERT_ID)(record.properties)
        return derived.event_id(record.event, who, record.raw, which, record.line)
    received = keys.stamp(take(keys.RECEIVED)(record.properties))
    imported = plan.reading.local and derived.imported(take(keys.IMPORT)(record.properties))
    instant, flag = true_instant(record.micros, plan.reading, received, imported)
    return flag if name == derived.TIME_FLAG else EPOCH + timedelta(microseconds=instant)


def _object(shape: Shape, path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> dict[str, Any] | None:
    """An object with all its fields, None if none has a value."""
    fields = {name: _child(child, (*path, name), values) for name, child in shape.children.items()}
    return None if all(value is None for value in fields.values()) else fields


def _child(shape: Shape, path: tuple[str, ...], values: Mapping[tuple[str, ...], Any]) -> Any:
    if path in values:
        return values[path]
    return _object(shape, path, values) if shape.type is XdmType.OBJECT else None


def _lacks(values: dict[str, Any], field: Field) -> bool:
    parent: Any = values
    for name in field.path[:-1]:
        parent = (parent or {}).get(name)
    return (parent or {}).get(field.path[-1]) is None and (field.required or parent is not None)


def _keys(plan: Plan, record: Evidence) -> dict[str, Any]:
    take = {name: plan.decoder.getter(name)(record.properties) for name in keys.NEEDED}
    key, split = keys.identity(record.event, take[keys.DISTINCT_ID], record.raw, take[keys.INSERT_ID], record.line)
    return {
        "__key": key,
        "__split": split,
        "__processed": keys.stamp(take[keys.PROCESSED]),
        "__received": keys.stamp(take[keys.RECEIVED]),
    }
