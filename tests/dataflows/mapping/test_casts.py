import json
import math
from datetime import date
from pathlib import Path

import pytest

from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.columns import build
from dataflows.mapping.problems import Refusal
from dataflows.schemas.reading import read_shape

CASES = json.loads((Path(__file__).parent / "cases" / "casts.json").read_text())
VALUES = [(case["to"], given, wanted) for case in CASES for given, wanted in case["rows"]]
ERRORS = [(case["to"], given) for case in CASES for given in case["errors"]]


def plain(value):
    """As JSON would write it, so that 1 and 1.0 and True stay different."""
    return json.dumps(value.isoformat() if isinstance(value, date) else value)


@pytest.mark.parametrize(("node", "given", "wanted"), VALUES)
def test_becomes(node, given, wanted):
    assert plain(cast(given, read_shape(node))) == plain(wanted)


@pytest.mark.parametrize(("node", "given"), ERRORS)
def test_is_refused(node, given):
    with pytest.raises(CastError) as caught:
        cast(given, read_shape(node))
    assert caught.value.code is Refusal.TRANSFORM
    assert not caught.value.fatal
    assert "data type was: " in caught.value.message


@pytest.mark.parametrize(("node", "given"), ERRORS)
def test_is_null_in_a_column_and_spoils_no_neighbour(node, given):
    column = build([given, None, given], read_shape(node))
    assert column.array.to_pylist() == [None, None, None]
    assert list(column.errors) == [0, 2]


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case["to"]["type"]))
def test_a_column_holds_the_same_values(case):
    shape = read_shape(case["to"])
    column = build([given for given, _ in case["rows"]], shape)
    assert not column.errors
    assert column.array.to_pylist(maps_as_pydicts="strict") == [cast(given, shape) for given, _ in case["rows"]]


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
@pytest.mark.parametrize("kind", ["number", "integer", "string", "boolean"])
def test_what_is_no_finite_number_is_refused(value, kind):
    with pytest.raises(CastError):
        cast(value, read_shape({"type": kind}))
    assert list(build([1.5, value], read_shape({"type": kind})).errors)[-1] == 1


class TestEnum:
    shape = read_shape({"type": "string", "enum": ["1", "b"]})

    def test_takes_what_is_listed_after_the_cast(self):
        assert cast(1, self.shape) == "1"

    def test_anything_else_costs_the_record(self):
        with pytest.raises(CastError) as caught:
            cast("c", self.shape)
        assert caught.value.code is Refusal.ENUM
        assert caught.value.fatal


def test_an_object_without_its_required_field_costs_the_record():
    node = {"type": "object", "properties": {"a": {"type": "string"}, "b": {"type": "string"}}, "required": ["a"]}
    assert cast({"c": 1}, read_shape(node)) is None
    with pytest.raises(CastError) as caught:
        cast({"b": "x"}, read_shape(node))
    assert caught.value.code is Refusal.REQUIRED


def test_a_message_never_holds_the_value():
    with pytest.raises(CastError) as caught:
        cast("4111-1111", read_shape({"type": "integer"}))
    assert "4111" not in caught.value.message
