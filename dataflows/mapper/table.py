"""The middle of the mapper: its rows with what is wrong with them, its counters and its targets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dataflows.mapper.problems import Remark, remark
from dataflows.mapper.rows import ATTRIBUTE, EditedRow
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
    """A row as shown: ``value`` is a sample of its source, ``label`` what its target is."""

    number: int
    row: EditedRow
    value: str
    label: str
    problems: list[Remark]

    @property
    def wrong_source(self) -> bool:
        return any(problem.field in {"source", ""} for problem in self.problems)

    @property
    def wrong_target(self) -> bool:
        return any(problem.field == "destination" for problem in self.problems)


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
    rows: Sequence[EditedRow], fields: Sequence[SourceField], schema: XdmSchema, problems: Sequence[Problem]
) -> list[TableRow]:
    values = {field.path: first_value(field) for field in fields}
    labels = {field.name: _label(field) for field in schema.fields()}
    remarks: dict[int, list[Remark]] = {}
    for problem in problems:
        remarks.setdefault(problem.row, []).append(remark(problem))
    return [
        TableRow(
            number,
            row,
            values.get(row.source, "") if row.source_type == ATTRIBUTE else "",
            labels.get(row.destination, _("not in this schema") if row.destination else ""),
            remarks.get(number, []),
        )
        for number, row in enumerate(rows)
    ]


def first_value(field: SourceField) -> str:
    return short(field.samples[0]) if field.samples else ""


def short(value: Any) -> str:
    """A value on one line, cut to what a cell can show."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
