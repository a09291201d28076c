"""The documented examples and many more, as data: cases/expressions.json."""

import json
from datetime import datetime
from pathlib import Path

import pytest

from dataflows.mapping.casts import iso
from dataflows.mapping.language import (
    FUNCTIONS,
    OPERATORS,
    ExpressionInvalid,
    Program,
    compile_expression,
    parse,
    rowwise,
)
from dataflows.mapping.language.checking import Checker
from dataflows.mapping.language.nodes import Call, Literal
from dataflows.mapping.language.nodes import Path as Reading
from tests.dataflows.mapping.language.expressions import both, line_of, result, shown

CASES = json.loads((Path(__file__).parent.parent / "cases" / "expressions.json").read_text())["cases"]


def wanted(case):
    value = case["result"]
    return shown(value)


def same(found, case):
    """Dates among the results are written as ISO texts in the file."""
    return found.replace('"date ', '"') == wanted(case).replace('"date ', '"')


@pytest.mark.parametrize("case", [case for case in CASES if "result" in case], ids=lambda case: case["expression"])
def test_gives_its_result(case):
    assert same(result(case["expression"], case.get("properties")), case)


@pytest.mark.parametrize("case", [case for case in CASES if "error" in case], ids=lambda case: case["expression"])
def test_fails_on_this_record_only(case):
    assert result(case["expression"], case["properties"]).startswith(f"error: {case['error']}")


@pytest.mark.parametrize("case", [case for case in CASES if "refused" in case], ids=lambda case: case["expression"])
def test_is_refused_before_any_record_is_seen(case):
    with pytest.raises(ExpressionInvalid) as caught:
        compile_expression(case["expression"])
    assert case["refused"] in f"{caught.value.message} {caught.value.remedy}"


def as_properties(node, found):
    """The tree with its texts and numbers taken from the record, so that nothing can be computed beforehand."""
    if isinstance(node, Literal) and type(node.value) in (str, int, float):
        found[f"p{len(found)}"] = node.value
        return Reading(node.at, ("properties", f"p{len(found) - 1}"))
    if not node.children or isinstance(node, Reading):
        return node
    if isinstance(node, Call) and node.name in ("contains_key", "is_set"):
        return node
    changed = {
        name: tuple(as_properties(child, found) for child in value)
        if isinstance(value, tuple)
        else as_properties(value, found)
        if hasattr(value, "children")
        else value
        for name, value in vars(node).items()
    }
    return type(node)(**changed)


@pytest.mark.parametrize(
    "case", [case for case in CASES if "result" in case and "[*]" not in case["expression"]],
    ids=lambda case: case["expression"],
)  # fmt: skip
def test_gives_the_same_when_its_fixed_parts_come_from_the_record(case):
    found: dict[str, object] = {}
    text = case["expression"]
    checked = Checker(text, {}).check(as_properties(parse(text), found))
    reads = ", ".join(f"properties.{name}" for name in found) or "null"
    program = Program(f"[{reads}, {text}]", checked.node, checked.kinds, rowwise.compiled(checked.node))
    line = line_of({**found, **case.get("properties", {})})
    assert same(both(program, [line, line_of({}), line])[0], case)


def test_every_function_has_a_case():
    tested = {name for case in CASES for name in FUNCTIONS if f"{name}(" in case["expression"]}
    assert {function.name for function in FUNCTIONS.values()} - tested == {"uuid"}


def test_the_examples_of_the_help_are_cases():
    known = {case["expression"] for case in CASES}
    shown_examples = {example.expression for function in FUNCTIONS.values() for example in function.examples}
    assert shown_examples <= known


def test_the_examples_of_the_operators_can_be_compiled():
    for operator in OPERATORS:
        compile_expression(operator.example)


def test_what_the_help_says_is_there():
    for function in FUNCTIONS.values():
        assert function.description.endswith(".")
        assert function.refused or function.examples or function.name in ("uuid", "keyed_hash")
        assert all(parameter.name.islower() for parameter in function.parameters)


class TestUuid:
    def test_is_the_same_when_a_window_is_tried_again_and_another_for_another_record(self):
        program = compile_expression("uuid()")
        lines = [line_of({"n": 1}), line_of({"n": 2}), line_of({"n": 1})]
        first, second, third = both(program, lines)
        assert first == third != second

    def test_two_in_one_expression_differ(self):
        program = compile_expression("uuid() == guid()")
        assert both(program, [line_of({})]) == ["false"]


def test_a_date_is_told_from_its_text():
    assert shown(datetime.fromisoformat("2020-01-01T00:00:00+00:00")) == '"date 2020-01-01T00:00:00Z"'
    assert iso(datetime.fromisoformat("2020-01-01T00:00:00.5+00:00")) == "2020-01-01T00:00:00.500Z"
