"""The middle of the mapper: its rows with what is wrong with them, its counters and its targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dataflows.mapper.fitting import Fit
from dataflows.mapper.problems import Remark, remark
from dataflows.mapper.rows import ATTRIBUTE, EditedRow
from dataflows.mapper.values import short
from dataflows.mapper.view import ERRORS, IDENTITY, MAPPED, REQUIRED, WARNINGS, View
from dataflows.mapping import derived
from dataflows.mapping.automap import score
from dataflows.mapping.paths import Part, PathInvalid, parse_target
from dataflows.mapping.personal import personal
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField
from dataflows.mapping.targets import Filled
from dataflows.schemas import Field, XdmSchema, XdmType

MOST_GUESSED = 10


@dataclass(frozen=True)
class Counters:
    """Rows with source and target; required targets that are mapped, and all; mapped identities; problems; rows
    whose values do not all fit.
    """

    mapped: int
    required_mapped: int
    required: int
    identities: int
    errors: int
    warnings: int


@dataclass(frozen=True)
class Target:
    """A field that can be chosen; ``label`` is its type and whether it is required or an identity."""

    name: str
    label: str


@dataclass(frozen=True)
class TableRow:
    """A row as shown. ``value`` is a sample of its source, ``label`` what its target is.

    ``score`` says how well a field fits its target, None where that is no question; ``personal`` what it seems to say
    about a person, "" for most. ``fit`` says how well its values fit, None where it could not be tried.
    ``unseen``: no record of the sample has its field; ``near`` is one that has almost its name. ``left_out``: it is
    not of the kind that is shown; ``hidden``: it is not, or lacks the text that is searched for.
    """

    number: int
    row: EditedRow
    value: str
    label: str
    score: float | None
    personal: str
    problems: list[Remark]
    fit: Fit | None = None
    unseen: bool = False
    near: str = ""
    opened: bool = False
    left_out: bool = False
    hidden: bool = False

    @property
    def wrong_source(self) -> bool:
        return any(problem.field in {"source", ""} for problem in self.problems)

    @property
    def warnings(self) -> list[str]:
        return self.fit.warnings if self.fit else []

    @property
    def wrong_target(self) -> bool:
        return any(problem.field == "destination" for problem in self.problems)

    @property
    def match(self) -> str:
        """The score in percent where it is a reason to look: not for the same name, nor where a person chose freely."""
        return f"{self.score:.0%}".removesuffix("%") if self.score and self.score < 1 else ""

    @property
    def state(self) -> str:
        """``bad``: it has to be corrected; ``warn``: some values are left out; ``open``: unfinished; ``good``."""
        if self.problems:
            return "bad"
        if self.row.is_blank:
            return "open"
        return "warn" if self.warnings else "good"


def targets(schema: XdmSchema) -> list[Target]:
    """What can be chosen as a target: everything but the objects that only hold others."""
    return [
        Target(field.name, _label(field, required=field.required))
        for field in schema.fields()
        if field.xdm_type is not XdmType.OBJECT
    ]


def _label(field: Field, *, required: bool) -> str:
    """``string, required, identity``."""
    marks = [_("required")] * required + [_("identity")] * bool(field.identity)
    return ", ".join([str(field.xdm_type), *marks])


def counters(
    rows: Sequence[EditedRow], schema: XdmSchema, problems: Sequence[Problem], fits: Mapping[int, Fit]
) -> Counters:
    mapped = [row for row in rows if row.source and row.destination]
    targets = {row.destination for row in mapped}
    filled, wanted = filled_by(mapped), filled_by(rows)
    fields = [field for field in schema.fields() if field.xdm_type is not XdmType.OBJECT]
    required = [field for field in fields if wanted.requires(field)]
    return Counters(
        mapped=len(mapped),
        required_mapped=sum(1 for field in required if filled.covers(field)),
        required=len(required),
        identities=sum(1 for field in fields if field.identity and field.name in targets),
        errors=len(problems),
        warnings=sum(1 for fit in fits.values() if fit.warnings),
    )


def filled_by(rows: Sequence[EditedRow]) -> Filled:
    """What the rows fill whose target can be read."""
    return Filled.of(path for row in rows if (path := _target_path(row.destination)))


def _target_path(text: str) -> tuple[Part, ...]:
    try:
        return parse_target(text)
    except PathInvalid:
        return ()


def table(
    rows: Sequence[EditedRow],
    fields: Mapping[str, SourceField],
    schema: XdmSchema,
    problems: Sequence[Problem],
    fits: Mapping[int, Fit],
    view: View,
) -> list[TableRow]:
    """``fields`` by their path, ``fits`` by the number of the row."""
    filled = filled_by(rows)
    known = {field.name: field for field in schema.fields()}
    required = {name for name, field in known.items() if filled.requires(field)}
    remarks: dict[int, list[Remark]] = {}
    for problem in problems:
        remarks.setdefault(problem.row, []).append(remark(problem))
    met = [
        _Met(number, row, known.get(row.destination), row.destination in required, fits.get(number))
        for number, row in enumerate(rows)
    ]
    return [_table_row(one, fields, remarks.get(one.number, []), view) for one in met]


@dataclass(frozen=True)
class _Met:
    """A row with its target in this schema, if it is there, and with how well its values fit."""

    number: int
    row: EditedRow
    target: Field | None
    required: bool
    fit: Fit | None


def _table_row(met: _Met, fields: Mapping[str, SourceField], remarks: list[Remark], view: View) -> TableRow:
    row, target = met.row, met.target
    source = fields.get(row.source) if row.source_type == ATTRIBUTE else None
    unknown = _("not in this schema") if row.destination else ""
    left_out = not _is_wanted(met, remarks, view.show)
    return TableRow(
        met.number,
        row,
        first_value(source) if source else "",
        _label(target, required=met.required) if target else unknown,
        score(source, target) if source and target and target.xdm_type is not XdmType.OBJECT else None,
        (personal(source) or "") if source else "",
        remarks,
        fit=met.fit,
        unseen=_is_unseen(row, fields),
        opened=view.row == met.number,
        left_out=left_out,
        hidden=left_out or not _mentions(row, view.search),
    )


def unseen(lines: Sequence[TableRow]) -> list[TableRow]:
    """The first rows whose field no record has: to guess what was meant takes time."""
    return [line for line in lines if line.unseen][:MOST_GUESSED]


def _is_unseen(row: EditedRow, fields: Mapping[str, SourceField]) -> bool:
    """Whether there is a sample and it lacks the field. What lies inside arrays is not listed."""
    known = row.source in fields or "[" in row.source or row.source.startswith(f"{derived.ROOT}.")
    return bool(fields and row.source) and row.source_type == ATTRIBUTE and not known


def _is_wanted(met: _Met, remarks: Sequence[Remark], show: str) -> bool:
    wanted = {
        ERRORS: bool(remarks),
        WARNINGS: met.fit is not None and bool(met.fit.warnings),
        REQUIRED: met.required,
        IDENTITY: met.target is not None and met.target.identity is not None,
        MAPPED: bool(met.row.source and met.row.destination),
    }
    return wanted.get(show, True)


def _mentions(row: EditedRow, text: str) -> bool:
    return text.casefold() in f"{row.source} {row.destination} {row.name}".casefold()


def first_value(field: SourceField) -> str:
    return short(field.samples[0]) if field.samples else ""
