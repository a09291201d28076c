"""Rows whose values do not fit their target: said at the row, counted, and confirmed before they are used."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dataflows.models import Dataflow
from tests.dataflows.mapper.conftest import MAPPING, Editor, event, text

CITY_AS_NUMBER = {
    "sourceType": "EXPRESSION",
    "source": "properties.city",
    "destination": "_acme.mp_api_timestamp_ms",
}
PRICE = {"sourceType": "ATTRIBUTE", "source": "properties.price", "destination": "_acme.time"}


def prices(*values: Any) -> None:
    Dataflow.objects.update(sample=[event(n, price=value) for n, value in enumerate(values)])


def lines(page: Any) -> dict[str, list[str]]:
    """What the page warns of, by target."""
    return {line.row.destination: line.warnings for line in page.context["desk"].table if line.warnings}


def token(page: Any) -> str:
    found = re.search(r'name="confirmed" value="(\w+)"', page.content.decode())
    return found[1] if found else ""


class TestTheRow:
    def test_says_how_many_values_are_left_out_with_one_of_them(self, editor: Editor):
        editor.see()
        editor.send([*MAPPING, CITY_AS_NUMBER], "check")
        page = editor.see()
        [sentence] = lines(page)["_acme.mp_api_timestamp_ms"]
        assert sentence.startswith("60 of 60 sample values do not fit and would be left out, for example “Łódź”")
        assert sentence in text(page)

    def test_counts_only_values_that_are_there(self, editor: Editor):
        prices(1, "x", None, 2)
        editor.send([*MAPPING, PRICE], "check")
        assert "1 of 3 sample values does not fit" in lines(editor.see())["_acme.time"][0]

    def test_says_when_records_are_rejected_for_want_of_a_value(self, editor: Editor):
        schema = editor.flow.dataset.schema
        schema.document["properties"]["_acme"]["required"] = ["time"]
        schema.save()
        prices(1, None, None)
        editor.send([*MAPPING, PRICE], "check")
        page = editor.see()
        assert lines(page)["_acme.time"] == [
            "2 of 3 sample records have no value here and would be rejected, because the field is required."
        ]
        line = page.context["desk"].table[4]
        assert "required" in line.label
        assert (page.context["desk"].counters.required_mapped, page.context["desk"].counters.required) == (3, 3)

    def test_is_counted_and_can_be_shown_alone(self, editor: Editor):
        prices("x")
        editor.send([*MAPPING, PRICE], "check")
        page = editor.see(show="warnings")
        assert page.context["desk"].counters.warnings == 1
        assert "1 warning" in text(page)
        assert [line.row.destination for line in page.context["desk"].table if not line.hidden] == ["_acme.time"]


class TestSaving:
    def test_asks_before_most_values_of_a_row_are_lost(self, editor: Editor):
        prices("x", "y", 3)
        answer = editor.send([*MAPPING, PRICE])
        assert "has to be confirmed" in text(answer)
        assert "2 of 3 sample values do not fit" in text(answer)
        assert editor.reload().mapping_version == 1
        assert editor.reload().mapping_draft == [*MAPPING, PRICE]

    def test_goes_on_when_it_is_confirmed(self, editor: Editor):
        prices("x", "y", 3)
        answer = editor.send([*MAPPING, PRICE])
        editor.send([*MAPPING, PRICE], confirmed=token(answer))
        assert editor.reload().mapping_version == 2

    def test_asks_again_when_another_row_is_lost(self, editor: Editor):
        prices("x", "y", 3)
        confirmed = token(editor.send([*MAPPING, PRICE]))
        answer = editor.send([*MAPPING, PRICE, CITY_AS_NUMBER], confirmed=confirmed)
        assert token(answer) not in ("", confirmed)
        assert editor.reload().mapping_version == 1

    def test_does_not_ask_when_few_values_are_lost(self, editor: Editor):
        prices("x", 2, 3)
        editor.send([*MAPPING, PRICE])
        assert editor.reload().mapping_version == 2

    def test_forgets_the_question_when_the_row_is_corrected(self, editor: Editor):
        prices("x", "y", 3)
        confirmed = token(editor.send([*MAPPING, PRICE]))
        editor.send([*MAPPING, {**PRICE, "source": "properties.time"}], confirmed=confirmed)
        assert editor.reload().mapping_version == 2


class TestTheSummary:
    TWICE = {**MAPPING[2], "source": "properties.city"}

    def test_leads_to_each_row_and_has_the_focus(self, editor: Editor):
        html = editor.send([*MAPPING, self.TWICE]).content.decode()
        assert re.search(r'id="summary"[^>]* autofocus', html)
        assert re.search(r'<a href="#destination-4">Row 5</a>: [^<]*eventType', html)
        assert 'id="destination-4"' in html

    def test_comes_first_after_a_look(self, editor: Editor):
        assert editor.send([*MAPPING, self.TWICE], "check").url == editor.url() + "#summary"
        assert editor.send(MAPPING, "check").url == editor.url() + "#mapping"

    def test_leads_to_rows_that_a_filter_hides(self, editor: Editor):
        editor.send([*MAPPING, self.TWICE], "check")
        assert 'href="?#destination-4"' in editor.see(show="identity").content.decode()

    def test_names_no_more_rows_than_can_be_read(self, editor: Editor):
        page = editor.send([*MAPPING, *[self.TWICE] * 25])
        assert len(page.context["desk"].wrong_lines) == 20
        assert "5 more rows" in text(page)


@pytest.mark.parametrize(
    ("typed", "anchor"),
    [("source-3", "source-3"), ("destination-0", "destination-0"), ("", "mapping"), ("3", "mapping")],
)
def test_enter_comes_back_to_the_field_where_it_was_pressed(editor: Editor, typed: str, anchor: str):
    assert editor.send(MAPPING, "enter", typed=typed).url == f"{editor.url()}#{anchor}"


def test_the_keyboard_can_skip_to_the_mapping(editor: Editor):
    html = editor.see().content.decode()
    assert '<a class="skip" href="#mapping">' in html
    assert html.index('href="#mapping"') < html.index("<nav")


class TestRemoving:
    def test_stays_at_the_place_and_can_be_undone(self, editor: Editor):
        assert editor.send(MAPPING, "remove:2").url == editor.url() + "#row-2"
        assert [row.stored for row in editor.press("undo")] == MAPPING

    def test_of_the_last_row_shows_the_one_before(self, editor: Editor):
        assert editor.send(MAPPING, "remove:3").url == editor.url() + "#row-2"


class TestDiscarding:
    def test_is_not_offered_to_who_only_looked(self, editor: Editor):
        editor.send(MAPPING, "open:2")
        assert "Discard changes" not in text(editor.see())

    def test_is_offered_to_who_changed_something(self, editor: Editor):
        editor.send(MAPPING, "remove:3")
        assert "Discard changes" in text(editor.see())


class TestAnIdentifierMadeOfAnObject:
    @pytest.fixture
    def stuck(self, editor: Editor) -> Editor:
        Dataflow.objects.update(sample=[event(0), event(1, distinct_id={"id": "user-1"}), event(2)])
        return editor

    def test_gets_a_row_as_proposed_that_rejects_nothing(self, stuck: Editor):
        stuck.send(MAPPING, "open:0")
        page = stuck.see(row="0")
        assert page.context["desk"].grid.rejected == 1
        assert "Use this calculated field" in text(page)
        before = [line.cells for line in page.context["desk"].grid.lines if line.number == 1]
        row = stuck.press("repair:0")[0]
        assert (row.source_type, row.destination) == ("EXPRESSION", "_id")
        grid = stuck.see(row="0").context["desk"].grid
        assert grid.rejected == 0
        column = [column.target for column in grid.columns].index("_id")
        first = next(line for line in grid.lines if line.number == 1)
        assert first.cells[column].text in {cell.text for cell in before[0]}
        assert len({line.cells[column].text for line in grid.lines}) == 3

    def test_is_not_spoken_of_where_none_is(self, editor: Editor):
        editor.send(MAPPING, "open:0")
        assert "Use this calculated field" not in text(editor.see(row="0"))


def test_a_mistyped_field_is_answered_with_the_one_that_was_meant(editor: Editor):
    editor.send([*MAPPING, {**MAPPING[3], "source": "properties.ctiy", "destination": "_acme.city"}], "check")
    assert "not in the sample · did you mean properties.city?" in text(editor.see())
