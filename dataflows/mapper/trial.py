"""What the expression of the open row makes of real records: a few different ones, those with an error first."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from connectors.errors import SecretUnreadable
from dataflows.mapper.values import shown
from dataflows.mapping import RunFacts, TimeReading
from dataflows.mapping.language import ExpressionInvalid, Program
from dataflows.mapping.language.kinds import in_words
from dataflows.mapping.source_fields import SourceField
from dataflows.mapping.trying import Trial, compiled, tried
from dataflows.models import HashKey

SHOWN = 8
ERRORS = 4
RECORDS = 200


@dataclass(frozen=True)
class TrialLine:
    """``inputs`` are path and value, in the order of the expression."""

    inputs: list[tuple[str, str]]
    text: str
    error: str


@dataclass(frozen=True)
class Trials:
    """``kinds`` are what the expression can give, in words; ``wrong`` and ``empty`` count of ``tried`` records.

    ``problem`` is why it cannot be tried; ``place`` is the text with a caret below the sign.
    """

    kinds: str = ""
    lines: Sequence[TrialLine] = ()
    tried: int = 0
    wrong: int = 0
    empty: int = 0
    problem: str = ""
    place: str = ""


def trials(
    text: str, fields: Sequence[SourceField], records: Sequence[Mapping[str, Any]], reading: TimeReading
) -> Trials:
    if not text:
        return Trials()
    try:
        program = compiled(text, fields)
        found = tried(program, records[:RECORDS], reading, _facts(program))
    except ExpressionInvalid as error:
        message, _line, place = str(error).partition("\n")
        return Trials(problem=f"{message} {error.remedy}", place=place)
    except SecretUnreadable as error:
        return Trials(problem=str(error))
    wrong, empty = sum(1 for one in found if one.error), sum(1 for one in found if not one.error and one.value is None)
    return Trials(in_words(program.kinds), _lines(found), len(found), wrong, empty)


def _facts(program: Program) -> RunFacts:
    return RunFacts(timezone.now(), HashKey.current() if program.keyed else b"")


def _lines(found: Sequence[Trial]) -> list[TrialLine]:
    """One line for each outcome that looks different."""
    wrong = [one for one in found if one.error][:ERRORS]
    distinct: dict[str, TrialLine] = {}
    for one in [*wrong, *(one for one in found if not one.error)]:
        line = TrialLine([(path, shown(value)) for path, value in one.inputs.items()], shown(one.value), one.error)
        distinct.setdefault(json.dumps([line.inputs, line.text, line.error]), line)
        if len(distinct) == SHOWN:
            break
    return list(distinct.values())
