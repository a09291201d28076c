import json
from pathlib import Path

import pytest

from dataflows.mapping import MappingInvalid, MappingRow, bind
from dataflows.mapping.messages import MESSAGES
from dataflows.mapping.problems import Code, Refusal
from tests.dataflows.mapping.conftest import make_schema

CASES = json.loads((Path(__file__).parent / "cases" / "bind.json").read_text())


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["given"])
def test_finds_every_problem_of(case):
    schema = make_schema(CASES["schema"], CASES["required"])
    rows = [MappingRow(*row) for row in case["mapping"]]
    if not case["problems"]:
        assert len(bind(rows, schema).rows) == len(rows)
        return
    with pytest.raises(MappingInvalid) as caught:
        bind(rows, schema)
    found = [[problem.row, problem.field, problem.code.value] for problem in caught.value.problems]
    assert found == case["problems"]
    assert all(problem.message and problem.remedy for problem in caught.value.problems)


def test_every_problem_code_has_a_case():
    seen = {problem[2] for case in CASES["cases"] for problem in case["problems"]}
    assert seen | {"source_too_long"} == {code.value for code in Code}


def test_a_source_of_more_than_4096_characters_is_refused():
    long = MappingRow("ATTRIBUTE", "properties." + "a" * 4096, "text")
    with pytest.raises(MappingInvalid) as caught:
        bind([long, MappingRow("STATIC", "x", "id")], make_schema(CASES["schema"], CASES["required"]))
    assert [problem.code for problem in caught.value.problems] == [Code.SOURCE_TOO_LONG]


def test_a_path_problem_shows_the_place():
    with pytest.raises(MappingInvalid) as caught:
        bind([MappingRow("ATTRIBUTE", "properties.utm-source", "id")], make_schema(CASES["schema"]))
    assert caught.value.problems[0].message.endswith("properties.utm-source\n              ^")


@pytest.mark.parametrize("source", ["lower(event)", "concat(properties.a b)", "properties.a + 1"])
def test_an_expression_in_a_row_of_a_field_is_recognised(source):
    with pytest.raises(MappingInvalid) as caught:
        bind([MappingRow("ATTRIBUTE", source, "text")], make_schema(CASES["schema"]))
    assert caught.value.problems[0].remedy == "Make the row a calculated field."


def test_rows_come_in_schema_order():
    rows = [MappingRow("ATTRIBUTE", "event", "text"), MappingRow("ATTRIBUTE", "event", "id")]
    bound = bind(rows, make_schema(CASES["schema"], CASES["required"]))
    assert [row.target.name for row in bound.rows] == ["id", "text"]


def test_every_code_has_its_words():
    codes = {*Code, *Refusal}
    assert codes == MESSAGES.keys()
    assert all(message.what and message.why and message.todo for message in MESSAGES.values())
