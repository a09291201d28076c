"""What is wrong with the rows, at the place where a person corrects it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from dataflows.mapper.rows import EXPRESSION, EditedRow
from dataflows.mapping import MappingInvalid, bind
from dataflows.mapping.problems import Code, Problem
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import XdmSchema


@dataclass(frozen=True)
class Remark:
    """A problem as shown: ``place`` is the text it is about with a caret below the sign, if it has one.

    ``target`` is the required target that no row fills, "" for every other problem.
    """

    field: str
    message: str
    place: str
    remedy: str
    target: str = ""


def problems_of(rows: Sequence[EditedRow], schema: XdmSchema, sources: Sequence[SourceField]) -> list[Problem]:
    """Everything that is wrong, by the position in ``rows``; blank rows are no mistake, they are not finished yet.

    ``sources`` are the fields of the sample, by which types are checked.
    """
    try:
        bind([row.mapping_row for row in rows], schema, sources)
    except MappingInvalid as error:
        found = error.problems
    else:
        return []
    return [_in_words(problem, rows) for problem in found if problem.row < 0 or not rows[problem.row].is_blank]


def _in_words(problem: Problem, rows: Sequence[EditedRow]) -> Problem:
    """What is merely missing is said so, not explained as a mistake in writing."""
    if problem.field == "source" and not rows[problem.row].source:
        message, remedy = _("No source is chosen."), _("Choose a source field, or remove the row.")
        if rows[problem.row].source_type == EXPRESSION:
            message, remedy = _("There is no expression yet."), _("Write one, or remove the row.")
        return replace(problem, message=message, remedy=remedy)
    if problem.field == "destination" and problem.row >= 0 and not rows[problem.row].destination:
        message, remedy = _("No target is chosen."), _("Choose a target field, or remove the row.")
        return replace(problem, message=message, remedy=remedy)
    return problem


def remark(problem: Problem) -> Remark:
    message, _line, place = problem.message.partition("\n")
    target = problem.message.partition(" ")[0] if problem.code is Code.REQUIRED_UNMAPPED else ""
    return Remark(problem.field, message, place, problem.remedy, target)
