"""A run reads with the search for circles turned off: what a block leaves behind stays in memory until its end."""

import gc

import pytest

from dataflows.mapping import Lines, MappingRow, TimeReading, bind, compile_plan
from dataflows.mapping.block import Block
from dataflows.mapping.casts import CastError
from dataflows.mapping.language.vectors import Vector
from tests.dataflows.mapping.conftest import make_schema
from tests.dataflows.mapping.language.expressions import line_of

SCHEMA = make_schema(
    {
        "id": {"type": "string"},
        "number": {"type": "integer"},
        "text": {"type": "string"},
        "list": {"type": "array", "items": {"type": "integer"}},
    }
)
ROWS = [
    MappingRow("ATTRIBUTE", "tributary.event_id", "id"),
    MappingRow("EXPRESSION", "to_integer(properties.a)", "number"),
    MappingRow("EXPRESSION", "iif(properties.b, lower(properties.a), concat(properties.a, properties.c))", "text"),
    MappingRow("EXPRESSION", "to_integer(properties.c)", "list[0]"),
]


WELL = {"a": "12", "b": True, "c": "1"}
WRONG = {"a": "x", "b": "y", "c": [1]}


@pytest.mark.parametrize("properties", [WELL, WRONG], ids=["well", "wrong"])
def test_nothing_of_a_block_stays_behind(properties):
    plan = compile_plan(bind(ROWS, SCHEMA), TimeReading("utc", "UTC"))
    text = Lines(b"\n".join([line_of(properties)] * 50))
    gc.collect()
    before = {id(each) for each in kept()}
    gc.disable()
    try:
        for _ in range(3):
            plan.evaluate(text, 1)
        left = [type(each).__name__ for each in kept() if id(each) not in before]
    finally:
        gc.enable()
    assert left == []


def kept():
    # By their own type: some objects of other tests do not like to be asked for their class.
    return [each for each in gc.get_objects() if issubclass(type(each), (Block, Vector, CastError))]
