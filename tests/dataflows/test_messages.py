"""Every code that any part of the product can write down has words: what happened, why, and what to do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import connectors
import dataflows
from connectors import messages as connector_messages
from dataflows.mapping import Code, Refusal
from dataflows.mapping import messages as mapping_messages
from dataflows.messages import ADOBE_MESSAGES, RUN_MESSAGES, message_for
from dataflows.runs.promotion.intake import FLAGS
from tests.connectors.test_messages import every_error

ROOT = Path(__file__).parents[2]
# Which argument of a call is a code that is written down; CannotStart brings its own sentence.
CODE_AT = {"_fail": 1, "_fail_others": 1, "note": 1, "show": 1, "Rejected": 2, "Flaw": 0}
CODE_FIELDS = {"error_code", "status_reason", "code"}
CATALOGUES = (RUN_MESSAGES, ADOBE_MESSAGES, connector_messages.MESSAGES, mapping_messages.MESSAGES)


def modules() -> Iterator[ast.Module]:
    for package in (connectors, dataflows):
        for path in Path(package.__path__[0]).rglob("*.py"):
            if "migrations" not in path.parts and "sample" not in path.parts:
                yield ast.parse(path.read_text())


def written(module: ast.Module) -> Iterator[str]:
    """The codes that a module writes as literals or by the name of a constant of its own."""
    constants = {
        target.id: node.value
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in ast.walk(module):
        for found in places_of_codes(node):
            found = constants.get(found.id, found) if isinstance(found, ast.Name) else found
            if isinstance(found, ast.Constant) and isinstance(found.value, str) and found.value:
                yield found.value


def places_of_codes(node: ast.AST) -> Iterator[ast.expr]:
    if isinstance(node, ast.Call):
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if name in CODE_AT and len(node.args) > CODE_AT[name]:
            yield node.args[CODE_AT[name]]
        yield from (keyword.value for keyword in node.keywords if keyword.arg in CODE_FIELDS)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from (value for key, value in pairs if isinstance(key, ast.Constant) and key.value == "error_code")


LITERALS = {code for module in modules() for code in written(module)}
CODES = LITERALS | {error.code for error in every_error()} | {*Code, *Refusal} | set(FLAGS)


def test_the_codes_are_found():
    known = {
        "too_many_rejected",
        "day_shrunk",
        "worker_lost",
        "internal",
        "unbalanced",
        "mapping_invalid",
        "INGEST-1502-400",
    }
    assert known | {"rows_without_insert_id", "rows_conflicting", "nonexistent_local_time"} <= CODES


@pytest.mark.parametrize("code", sorted(CODES))
def test_every_code_has_words(code: str):
    message = message_for(code)
    assert all(text[0].isupper() and text.endswith((".", ")")) for text in (message.what, message.why, message.todo))


def test_no_code_means_two_things():
    codes = [code for catalogue in CATALOGUES for code in catalogue]
    assert len(codes) == len(set(codes))


def test_the_document_names_only_codes_that_exist():
    text = (ROOT / "docs" / "exactness.md").read_text()
    assert set(re.findall(r"`([A-Z]+-\d{4}-\d{3})`", text)) <= CODES
    for code in ("rows_conflicting", "rows_without_insert_id", *FLAGS, "time_semantic_changed", "connection_cut"):
        assert f"`{code}`" in text
