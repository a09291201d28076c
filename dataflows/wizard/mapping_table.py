"""The mapping step's page: rows with their problems and sample values, counters, and what becomes of the sample."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dataflows.mapping import MappingInvalid, bind
from dataflows.mapping.automap import propose
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField, infer
from dataflows.models import Dataflow
from dataflows.schemas import Field, XdmSchema, XdmType
from dataflows.wizard.rows import ATTRIBUTE, EditedRow
from dataflows.wizard.selects import options

LONGEST_VALUE = 60


@dataclass(frozen=True)
class Counters:
    """Rows with source and target; required targets that are mapped, and all; mapped identities; problems."""

    mapped: int
    required_mapped: int
    required: int
    identities: int
    errors: int


def proposed(draft: Dataflow) -> list[EditedRow]:
    """The mapping that the sample and the schema suggest."""
    if draft.schema is None:
        return []
    rows = (proposal.row for proposal in propose(infer(draft.sample), draft.schema.xdm))
    return [EditedRow(row.source_type, row.source, row.destination) for row in rows]


def targets(schema: XdmSchema) -> list[Field]:
    """What can be chosen as a target: everything but the objects that only hold others."""
    return [field for field in schema.fields() if field.xdm_type is not XdmType.OBJECT]


def problems_of(rows: Sequence[EditedRow], schema: XdmSchema) -> list[Problem]:
    """Everything that is wrong, by the position in ``rows``; blank rows are no mistake, they are not finished yet."""
    try:
        bind([row.mapping_row for row in rows], schema)
    except MappingInvalid as error:
        found = error.problems
    else:
        return []
    return [_in_words(problem, rows) for problem in found if problem.row < 0 or not rows[problem.row].is_blank]


def _in_words(problem: Problem, rows: Sequence[EditedRow]) -> Problem:
    """What is merely missing is said so, not explained as a mistake in writing."""
    if problem.field == "source" and not rows[problem.row].source:
        message, remedy = _("No source is chosen."), _("Choose a source field, or remove the row.")
        return replace(problem, message=message, remedy=remedy)
    if problem.field == "destination" and not rows[problem.row].destination:
        message, remedy = _("No target is chosen."), _("Choose a target field, or remove the row.")
        return replace(problem, message=message, remedy=remedy)
    return problem


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


@dataclass(frozen=True)
class Remark:
    """A problem as shown: ``place`` is the text it is about with a caret below the sign, if it has one."""

    field: str
    message: str
    place: str
    remedy: str


def _remark(problem: Problem) -> Remark:
    message, _line, place = problem.message.partition("\n")
    return Remark(problem.field, message, place, problem.remedy)


@dataclass(frozen=True)
class TableRow:
    """A row as shown: ``value`` is a sample of its source, ``targets`` the options with the chosen one marked."""

    number: int
    row: EditedRow
    value: str
    problems: list[Remark]
    targets: SafeString

    @property
    def wrong_source(self) -> bool:
        return any(problem.field in {"source", ""} for problem in self.problems)

    @property
    def wrong_target(self) -> bool:
        return any(problem.field == "destination" for problem in self.problems)


def table(
    rows: Sequence[EditedRow], fields: Sequence[SourceField], schema: XdmSchema, problems: Sequence[Problem]
) -> list[TableRow]:
    values = {field.path: first_value(field) for field in fields}
    known = [(field.name, _label(field)) for field in targets(schema)]
    return [
        TableRow(
            number,
            row,
            values.get(row.source, "") if row.source_type == ATTRIBUTE else "",
            [_remark(problem) for problem in problems if problem.row == number],
            target_options(known, row.destination),
        )
        for number, row in enumerate(rows)
    ]


def _label(field: Field) -> str:
    """``_id * (string, identity)``: a star for required, as forms mark it."""
    kind = f"{field.xdm_type}, {_('identity')}" if field.identity else str(field.xdm_type)
    return f"{field.name}{' *' if field.required else ''} ({kind})"


def target_options(known: Sequence[tuple[str, str]], chosen: str) -> SafeString:
    """The targets of a schema; one that it does not have stays visible, so that nothing is lost by looking."""
    first = [("", _("Choose…"))]
    if chosen and chosen not in dict(known):
        first.append((chosen, _("%(target)s (not in this schema)") % {"target": chosen}))
    return options([*first, *known], chosen)


def first_value(field: SourceField) -> str:
    return short(field.samples[0]) if field.samples else ""


def short(value: Any) -> str:
    """A value on one line, cut to what a cell can show."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
