"""Calculated fields: written with help at hand, tried on real records, wrong ones pointed at."""

from __future__ import annotations

from typing import Any

import pytest

from dataflows.mapper.reference import reference, vocabulary
from dataflows.mapper.rows import as_sent, read_stored
from dataflows.mapping.language import FUNCTIONS
from dataflows.models import Dataflow
from tests.dataflows.mapper.conftest import MAPPING, Editor, event, text


def calculated(expression: str, destination: str = "_acme.city") -> dict[str, str]:
    return {"sourceType": "EXPRESSION", "source": expression, "destination": destination}


@pytest.fixture
def open_row(editor: Editor) -> Editor:
    Dataflow.objects.update(
        sample=[event(1, city="Ulm"), event(2, city="Bonn"), event(3, city=None), event(4, city=["x"])]
    )
    return editor


def shown(editor: Editor, expression: str, destination: str = "_acme.city") -> Any:
    """The page with a calculated field open, after *Preview*."""
    answer = editor.send([*MAPPING, calculated(expression, destination)], "open:4")
    assert answer.status_code == 302
    return editor.client.get(answer.url)


class TestPreview:
    def test_shows_what_it_reads_and_what_it_gives(self, open_row: Editor):
        desk = shown(open_row, "upper(properties.city)").context["desk"]
        lines = [(line.inputs, line.text, bool(line.error)) for line in desk.trials.lines]
        assert lines == [
            ([("properties.city", '["x"]')], "", True),
            ([("properties.city", "Ulm")], "ULM", False),
            ([("properties.city", "Bonn")], "BONN", False),
            ([("properties.city", "")], "", False),
        ]
        assert (desk.trials.tried, desk.trials.wrong, desk.trials.empty) == (4, 1, 1)

    def test_needs_no_target(self, open_row: Editor):
        assert shown(open_row, "lower(event)", "").context["desk"].trials.lines[0].text == "purchase"

    def test_knows_the_derived_fields(self, open_row: Editor):
        desk = shown(open_row, "left(tributary.event_id, 4)").context["desk"]
        assert all(len(line.text) == 4 for line in desk.trials.lines)

    def test_hashes_with_the_key_of_the_installation(self, open_row: Editor):
        hashed = shown(open_row, "keyed_hash(event)").context["desk"].trials.lines[0].text
        assert len(hashed) > 20
        assert shown(open_row, "keyed_hash(event)").context["desk"].trials.lines[0].text == hashed

    def test_is_in_the_grid_as_well(self, open_row: Editor):
        grid = shown(open_row, "concat(properties.city, '!')").context["desk"].grid
        assert grid.columns[0].target == "_acme.city"
        assert {line.cells[0].text for line in grid.lines} >= {"Ulm!", "Bonn!"}

    def test_comes_while_typing_without_saving(self, open_row: Editor):
        rows = as_sent(read_stored([*MAPPING, calculated("lower(properties.city)")]))
        answer = open_row.client.post(open_row.url("mapping_preview"), {**rows, "row": "4"})
        assert "bonn" in answer.content.decode()
        assert open_row.reload().mapping_draft is None

    def test_places_inside_arrays_are_tried_too(self, open_row: Editor):
        schema = open_row.flow.dataset.schema
        items = {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}}
        schema.document["properties"]["items"] = items
        schema.save()
        grid = shown(open_row, "upper(properties.city)", "items[0].sku").context["desk"].grid
        assert "ULM" in {line.cells[0].text for line in grid.lines}


class TestMistakes:
    @pytest.mark.parametrize(
        ("expression", "words"),
        [
            ("lowr(event)", "Did you mean lower()?"),
            ("lower()", "takes 1 argument"),
            ("'x", "The quote is not closed."),
            ("lower(event", "The closing ) is missing."),
            ("x" * 4097, "at most 4096 are allowed"),
            ("transformArray(event, x -> x)", ""),
            ("properties.city +", ""),
            ("", "There is no expression yet."),
        ],
    )
    def test_are_said_at_the_row_and_nothing_is_lost(self, open_row: Editor, expression: str, words: str):
        answer = open_row.send([*MAPPING, calculated(expression)])
        line = answer.context["desk"].table[4]
        assert line.problems
        assert words in f"{line.problems[0].message} {line.problems[0].remedy}"
        assert line.row.source == expression
        assert open_row.reload().mapping_draft[4]["source"] == expression
        assert open_row.reload().mapping == MAPPING

    def test_have_a_caret_below_the_sign(self, open_row: Editor):
        desk = shown(open_row, "concat(event, lowr(event))").context["desk"]
        assert desk.trials.place.split("\n") == ["concat(event, lowr(event))", "              ^"]
        assert desk.table[4].problems[0].place == desk.trials.place

    def test_types_are_checked_against_the_sample(self, open_row: Editor):
        answer = open_row.send([*MAPPING, calculated("properties.city == 'Ulm'", "_acme.time")])
        assert "never fits" in answer.context["desk"].table[4].problems[0].message

    def test_what_varies_makes_no_identifier(self, open_row: Editor):
        answer = open_row.send([{**MAPPING[0], "sourceType": "EXPRESSION", "source": "uuid()"}, *MAPPING[1:]])
        assert "another value in every run" in answer.context["desk"].table[0].problems[0].message

    def test_two_hundred_nested_calls_are_refused_in_words(self, open_row: Editor):
        answer = open_row.send([*MAPPING, calculated("lower(" * 200 + "event" + ")" * 200)])
        assert answer.context["desk"].table[4].problems


class TestTheReference:
    def test_has_every_function_once_with_help_and_an_example(self):
        found = reference()
        entries = [entry for category in found.categories for entry in category.entries]
        names = [entry.name for entry in entries] + [name for name, _ in found.refused]
        assert sorted(names) == sorted({function.name for function in FUNCTIONS.values()})
        assert all(entry.description for entry in entries)
        assert {entry.name for entry in entries if not entry.examples} <= {"now", "timestamp", "uuid", "keyed_hash"}
        assert all(reason for _, reason in found.refused)

    def test_is_beside_the_open_expression(self, open_row: Editor):
        page = text(shown(open_row, "lower(event)"))
        assert "concat(STRING, …)" in page
        assert "Not available here" in page

    def test_is_offered_while_typing(self, open_row: Editor):
        offered = {word["insert"]: word["label"] for word in vocabulary()}
        assert offered["lower("] == "lower(INPUT)"
        assert ".equals(" in offered


def test_a_mapping_with_calculated_fields_is_saved(open_row: Editor):
    masked = calculated("sha256(properties.city)")
    open_row.send([*MAPPING, masked])
    assert open_row.reload().mapping == [*MAPPING, masked]
