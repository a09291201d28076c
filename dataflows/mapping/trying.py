"""One expression on sample records, whatever its target: what it reads, and what it makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflows.mapping import derived
from dataflows.mapping.bind import MappingRow, bind, kinds_of
from dataflows.mapping.casts import CastError
from dataflows.mapping.decode import Flaw
from dataflows.mapping.instants import TimeReading
from dataflows.mapping.language import Program, RunFacts, compile_expression
from dataflows.mapping.paths import Part, write_source
from dataflows.mapping.plan import Plan, compile_plan
from dataflows.mapping.row import RecordScope, read
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import XdmSchema


@dataclass(frozen=True)
class Trial:
    """``number`` counts the records from 1; ``inputs`` are the values at the paths it reads, by path."""

    number: int
    inputs: Mapping[str, Any]
    value: Any
    error: str


def compiled(text: str, sources: Sequence[SourceField]) -> Program:
    """Raises ExpressionInvalid."""
    return compile_expression(text, kinds_of(sources))


def tried(program: Program, records: Iterable[Mapping[str, Any]], reading: TimeReading, facts: RunFacts) -> list[Trial]:
    """Records that no mapping could use are left out."""
    plan, paths = _plan(program, reading, facts), dict.fromkeys(program.paths)
    scopes = ((number, _scope(plan, record)) for number, record in enumerate(records, start=1))
    return [_trial(program, paths, number, scope) for number, scope in scopes if scope is not None]


def _plan(program: Program, reading: TimeReading, facts: RunFacts) -> Plan:
    """A mapping that reads what the program reads."""
    wanted = [parts for parts in program.paths if parts[0] != derived.ROOT]
    names = dict.fromkeys(str(parts[1]) for parts in wanted if len(parts) > 1)
    rows = [MappingRow("ATTRIBUTE", write_source(("properties", name)), f"f{n}") for n, name in enumerate(names)]
    if ("properties",) in wanted:
        rows.append(MappingRow("ATTRIBUTE", "properties", "all"))
    return compile_plan(bind(rows, _schema(len(names))), reading, facts)


def _schema(fields: int) -> XdmSchema:
    texts: dict[str, Any] = {f"f{n}": {"type": "string"} for n in range(fields)}
    everything = {"type": "object", "additionalProperties": {"type": "string"}}
    document = {"$id": "trial", "title": "Trial", "meta:class": "none", "type": "object"}
    return XdmSchema.from_json({**document, "properties": {**texts, "all": everything}})


def _scope(plan: Plan, record: Mapping[str, Any]) -> RecordScope | None:
    evidence = read(plan, json.dumps(record).encode())
    return None if isinstance(evidence, Flaw) else RecordScope(plan, evidence)


def _trial(program: Program, paths: Iterable[tuple[Part, ...]], number: int, scope: RecordScope) -> Trial:
    inputs = {_written(parts): _input(scope, parts) for parts in paths}
    try:
        return Trial(number, inputs, program.value(scope), "")
    except CastError as error:
        return Trial(number, inputs, None, error.message)


def _input(scope: RecordScope, parts: tuple[Part, ...]) -> Any:
    try:
        return scope.read(parts)
    except CastError:
        return None


def _written(parts: tuple[Part, ...]) -> str:
    """The path as a person writes it; elements of arrays in brackets."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f"{'.' if text else ''}{write_source((part,))}"
    return text
