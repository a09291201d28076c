"""The middle of the mapper: its rows with what is wrong with them, its counters and its targets."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dataflows.mapper.problems import Remark, remark
from dataflows.mapper.rows import ATTRIBUTE, EditedRow
from dataflows.mapper.view import ERRORS, IDENTITY, MAPPED, REQUIRED, View
from dataflows.mapping import derived
from dataflows.mapping.automap import score
from dataflows.mapping.personal import personal
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import Field, XdmSchema, XdmType

LONGEST_VALUE = 60


@dataclass(frozen=True)
class Counters:
    """Rows with source and target; required targets that are mapped, and all; mapped identities; problems."""

    mapped: int
    required_mapped: int
    required: int
    identities: int
    errors: int


@dataclass(frozen=True)
class Target:
    """A field that can be chosen; ``label`` is its type and whether it is required or an identity."""

    name: str
    label: str


@dataclass(frozen=True)
class TableRow:
    """A row as shown. ``value`` is a sample of its source, ``label`` what its target is.

    ``score`` says how well a field fits its target, None where that is no question; ``personal`` what it seems to say
    about a person, "" for most. ``errors`` counts the records of the sample in which its value could not be made;
    without that of a ``required`` target a record is rejected.
    ``unseen``: no record of the sample has its field. ``left_out``: it is not of the kind that is shown; ``hidden``: it
    is not, or lacks the text that is searched for.
    """

    number: int
    row: EditedRow
    value: str
    label: str
    score: float | None
    personal: str
    problems: list[Remark]
    errors: int = 0
    required: bool = False
    unseen: bool = False
    opened: bool = False
    left_out: bool = False
    hidden: bool = False

    @property
    def wrong_source(self) -> bool:
        return any(problem.field in {"source", ""} for problem in self.problems)

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
        return "warn" if self.errors else "good"


def targets(schema: XdmSchema) -> list[Target]:
    """What can be chosen as a target: everything but the objects that only hold others."""
    return [Target(field.name, _label(field)) for field in schema.fields() if field.xdm_type is not XdmType.OBJECT]


def _label(field: Field) -> str:
    """``string, required, identity``."""
    marks = [_("required")] * field.required + [_("identity")] * bool(field.identity)
    return ", ".join([str(field.xdm_type), *marks])


def counters(rows: Sequence[EditedRow], schema: XdmSchema, problems: Sequence[Problem]) -> Counters:
    mapped = {row.destination for row in rows if row.source and row.destination}
    fields = schema.fields()
    required = {field.name for field in fields if field.required and field.xdm_type is not XdmType.OBJECT}
    identities = {field.name for field in fields if field.identity}
    return Counters(
        mapped=sum(1 for row in rows if row.source and row.destination),
        required_mapped=len(required & mapped),
        required=len(required),
        identities=len(identities & mapped),
        errors=len(problems),
    )


def table(
    rows: Sequence[EditedRow],
    fields: Mapping[str, SourceField],
    schema: XdmSchema,
    problems: Sequence[Problem],
    view: View,
) -> list[TableRow]:
    """``fields`` by their path."""
    known = {field.name: field for field in schema.fields()}
    remarks: dict[int, list[Remark]] = {}
    for problem in problems:
        remarks.setdefault(problem.row, []).append(remark(problem))
    return [
        _table_row(number, row, fields, known.get(row.destination), remarks.get(number, []), view)
        for number, row in enumerate(rows)
    ]


def _table_row(
    number: int,
    row: EditedRow,
    fields: Mapping[str, SourceField],
    target: Field | None,
    remarks: list[Remark],
    view: View,
) -> TableRow:
    source = fields.get(row.source) if row.source_type == ATTRIBUTE else None
    unknown = _("not in this schema") if row.destination else ""
    left_out = not _is_wanted(row, target, remarks, view.show)
    return TableRow(
        number,
        row,
        first_value(source) if source else "",
        _label(target) if target else unknown,
        score(source, target) if source and target and target.xdm_type is not XdmType.OBJECT else None,
        (personal(source) or "") if source else "",
        remarks,
        required=target is not None and target.required,
        unseen=_is_unseen(row, fields),
        opened=view.row == number,
        left_out=left_out,
        hidden=left_out or not _mentions(row, view.search),
    )


def _is_unseen(row: EditedRow, fields: Mapping[str, SourceField]) -> bool:
    """Whether there is a sample and it lacks the field. What lies inside arrays is not listed."""
    known = row.source in fields or "[" in row.source or row.source.startswith(f"{derived.ROOT}.")
    return bool(fields and row.source) and row.source_type == ATTRIBUTE and not known


def _is_wanted(row: EditedRow, target: Field | None, remarks: Sequence[Remark], show: str) -> bool:
    wanted = {
        ERRORS: bool(remarks),
        REQUIRED: target is not None and target.required,
        IDENTITY: target is not None and target.identity is not None,
        MAPPED: bool(row.source and row.destination),
    }
    return wanted.get(show, True)


def _mentions(row: EditedRow, text: str) -> bool:
    return text.casefold() in f"{row.source} {row.destination} {row.name}".casefold()


def first_value(field: SourceField) -> str:
    return short(field.samples[0]) if field.samples else ""


def short(value: Any) -> str:
    """A value on one line, cut to what a cell can show."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
