"""Runs an expression through both evaluators, on real lines of an export, and demands the same outcome."""

import json
from datetime import UTC, datetime

from dataflows.mapping import Lines, MappingRow, TimeReading, bind, compile_plan
from dataflows.mapping.block import Block
from dataflows.mapping.casts import CastError, iso
from dataflows.mapping.computed import BlockRecords
from dataflows.mapping.language import Program, RunFacts, compile_expression
from dataflows.mapping.language.vectors import Fixed
from dataflows.mapping.mixed import MixedBlock
from dataflows.mapping.row import RecordScope, read
from dataflows.mapping.typed import typed_block
from tests.dataflows.mapping.conftest import make_schema

SCHEMA = make_schema({"id": {"type": "string"}, "flag": {"type": "boolean"}})
FACTS = RunFacts(datetime(2021, 10, 26, 10, 10, 24, tzinfo=UTC), b"a key")


def line_of(properties, event="E"):
    return json.dumps({"event": event, "properties": {"time": 1788249600, **properties}}).encode()


def plan_for(program: Program):
    """A plan whose records have what the expression reads."""
    reading = [MappingRow("STATIC", "x", "id"), MappingRow("EXPRESSION", f"is_empty([{program.text}])", "flag")]
    return compile_plan(bind(reading, SCHEMA), TimeReading("utc", "UTC"), FACTS)


def outcome(compute):
    """A value by its JSON text, so that 1, 1.0 and true differ; an error by its message."""
    try:
        return shown(compute())
    except CastError as error:
        return f"error: {error.message}"


def shown(value):
    return json.dumps(value, default=_default, ensure_ascii=False)


def _default(value):
    if isinstance(value, datetime):
        return f"date {iso(value)}"
    raise TypeError(value)


def both(program: Program, lines, plan=None) -> list[str]:
    """The outcomes for some lines, agreed upon by the row evaluator and both sorts of blocks."""
    plan = plan or plan_for(program)
    one_by_one = [outcome(lambda line=line: program.value(RecordScope(plan, read(plan, line)))) for line in lines]
    text = Lines(b"\n".join(lines))
    blocks: list[Block] = [MixedBlock(plan, text, 1)]
    for _first_and_then_with_what_was_learnt in range(2):
        if typed := typed_block(plan, text, 1):
            blocks.append(typed)
    for block in blocks:
        vector = program.column(BlockRecords(block))
        assert [_of(vector, at) for at in range(block.rows)] == one_by_one, type(block).__name__
    return one_by_one


def _of(vector, at):
    if isinstance(vector, Fixed):
        return shown(vector.value)
    return f"error: {vector.errors[at].message}" if at in vector.errors else shown(vector.values[at])


def result(expression, properties=None, **more):
    """What an expression makes of one record among others."""
    program = compile_expression(expression)
    lines = [line_of(properties or {}, **more), line_of({}), line_of({"time": 1788249601, "x": {"y": [1]}})]
    return both(program, [lines[0], *lines])[1]
