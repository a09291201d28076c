"""Mapping: proposed on entry, edited row by row with plain posts, saved even while it is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from dataflows.models import Dataflow
from tests.dataflows.wizard.conftest import Browser, body


def row(number: int, source: str, destination: str, source_type: str = "ATTRIBUTE") -> dict[str, str]:
    return {f"type-{number}": source_type, f"source-{number}": source, f"destination-{number}": destination}


REQUIRED = {**row(0, "tributary.event_id", "_id"), **row(1, "tributary.timestamp", "timestamp")}


def destinations(wizard: Browser) -> list[str]:
    return [line["destination"] for line in wizard.reload().mapping]


class TestOnEntry:
    def test_is_mapped_already_and_fits(self, at_mapping: Browser) -> None:
        desk = at_mapping.see("mapping").context["desk"]
        mapped = {line.row.destination: line.row.source for line in desk.table}
        assert mapped["_id"] == "tributary.event_id"
        assert mapped["timestamp"] == "tributary.timestamp"
        assert mapped["_tributary.distinct_id"] == "properties.distinct_id"
        assert (desk.counters.errors, desk.counters.required_mapped) == (0, desk.counters.required)
        assert desk.counters.identities == 1
        assert at_mapping.reload().mapping == []

    def test_shows_what_becomes_of_fifty_sample_records(self, at_mapping: Browser) -> None:
        grid = at_mapping.see("mapping").context["desk"].grid
        assert (len(grid.lines), grid.tried) == (50, 100)
        assert grid.columns[0].target == "_tributary.distinct_id"
        assert grid.rejected == sum(line.rejected for line in grid.lines)

    def test_shows_what_would_be_left_behind(self, at_mapping: Browser) -> None:
        desk = at_mapping.see("mapping").context["desk"]
        taken = {line.row.source for line in desk.table}
        left = {field.path for field in desk.fields if not field.taken}
        assert left
        assert not left & taken


class TestRows:
    def test_can_be_added_and_are_saved_at_once(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", REQUIRED, action="add")
        assert answer.url == at_mapping.url("mapping") + "?row=2#row-2"
        assert destinations(at_mapping) == ["_id", "timestamp", ""]

    def test_can_be_fixed_values(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", REQUIRED, action="add-static")
        assert at_mapping.reload().mapping[2]["sourceType"] == "STATIC"

    def test_can_start_from_a_source_field(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", REQUIRED, action="use:properties.${Plan Type}")
        assert at_mapping.reload().mapping[2]["source"] == "properties.${Plan Type}"

    def test_can_be_removed(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", REQUIRED, action="remove:0")
        assert destinations(at_mapping) == ["timestamp"]

    def test_stay_cleared_after_a_reload(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", REQUIRED, action="clear")
        table = at_mapping.see("mapping").context["desk"].table
        assert [(line.row.source, line.row.destination) for line in table] == [("", "")]

    def test_can_be_mapped_automatically_again(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", REQUIRED, action="clear")
        at_mapping.send("mapping", row(0, "", ""), action="automap")
        assert {"_id", "timestamp", "eventType"} <= set(destinations(at_mapping))

    def test_that_are_blank_are_left_out_when_going_on(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", {**REQUIRED, **row(2, "", ""), **row(5, "event", "eventType")})
        assert answer.url == at_mapping.url("schedule")
        assert destinations(at_mapping) == ["_id", "timestamp", "eventType"]


class TestMistakes:
    @pytest.mark.parametrize(
        ("wrong", "at"),
        [
            (row(2, "properties.", "eventType"), "source"),
            (row(2, "properties.a b", "eventType"), "source"),
            (row(2, "", "eventType"), "source"),
            (row(2, "x" * 5000, "eventType"), "source"),
            (row(2, "event", "nowhere"), "destination"),
            (row(2, "event", ""), "destination"),
            (row(2, "event", "_id"), "destination"),
            (row(2, "many", "_tributary.time", "STATIC"), "source"),
        ],
    )
    def test_are_marked_at_their_row_and_kept(self, at_mapping: Browser, wrong: dict[str, str], at: str) -> None:
        answer = at_mapping.send("mapping", {**REQUIRED, **wrong})
        desk = answer.context["desk"]
        marked = next(line for line in desk.table if line.problems)
        assert marked.number == 2
        assert at in {problem.field for problem in marked.problems}
        draft = at_mapping.reload()
        assert draft.mapping[2]["source"] == wrong["source-2"]
        assert draft.reached == "mapping"

    def test_a_required_target_without_a_row_is_named(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", row(0, "tributary.event_id", "_id"))
        assert "timestamp" in " ".join(problem.message for problem in answer.context["desk"].remarks)

    def test_nothing_mapped_does_not_go_on(self, at_mapping: Browser) -> None:
        assert "Nothing is mapped" in body(at_mapping.send("mapping", row(0, "", "")))

    def test_a_value_that_does_not_fit_is_marked_on_its_cell(self, at_mapping: Browser) -> None:
        values = {**REQUIRED, **row(2, "event", "_tributary.time")}
        at_mapping.send("mapping", values, action="check")
        grid = at_mapping.see("mapping").context["desk"].grid
        column = [column.target for column in grid.columns].index("_tributary.time")
        said = {line.cells[column].error for line in grid.lines if not line.error}
        assert "" not in said
        # Records of the sample may be wrong elsewhere too, on some days of the calendar.
        others = {cell.error for line in grid.lines for place, cell in enumerate(line.cells) if place != column}
        assert not said & others

    def test_markup_in_a_source_is_shown_as_text(self, at_mapping: Browser) -> None:
        at_mapping.send("mapping", {**REQUIRED, **row(2, "<script>x</script>", "eventType")}, action="check")
        assert "<script>x" not in body(at_mapping.see("mapping"))


def test_two_hundred_source_fields_stay_usable(at_mapping: Browser) -> None:
    draft = at_mapping.reload()
    properties = {f"property {n}": f"value {n}" for n in range(200)}
    draft.sample = [{"event": "Order", "properties": {**draft.sample[0]["properties"], **properties}}]
    draft.save()
    page = at_mapping.see("mapping")
    assert len(page.context["desk"].fields) >= 200
    assert len(page.content) < 500_000

    answer = at_mapping.send("mapping", many_rows(draft))
    assert answer.context["desk"].counters.mapped == 202


def many_rows(draft: Dataflow) -> dict[str, Any]:
    rows = [row(n, f"properties.${{property {n}}}", "eventType") for n in range(2, 202)]
    return {**REQUIRED, **{name: value for one in rows for name, value in one.items()}}


def test_a_project_without_events_can_be_mapped_all_the_same(at_mapping: Browser) -> None:
    Dataflow.objects.update(sample=[])
    page = at_mapping.see("mapping")
    assert page.context["desk"].counters.errors == 0
    assert "no sample records" in body(page)


class TestWords:
    def test_point_at_the_sign_that_is_wrong(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", {**REQUIRED, **row(2, "properties.a b", "eventType")})
        remark = answer.context["desk"].table[2].problems[0]
        assert remark.place.split("\n") == ["properties.a b", "            ^"]

    def test_count_rows_as_the_page_does_blank_ones_included(self, at_mapping: Browser) -> None:
        blank_first = {**row(0, "", ""), **row(1, "tributary.event_id", "_id"), **row(2, "event", "_id")}
        answer = at_mapping.send("mapping", {**blank_first, **row(3, "tributary.timestamp", "timestamp")})
        marked = [line for line in answer.context["desk"].table if line.problems]
        assert [line.number for line in marked] == [2]
        assert "row 2" in marked[0].problems[0].message

    def test_say_what_is_missing_in_a_half_row(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", {**REQUIRED, **row(2, "event", "")})
        assert answer.context["desk"].table[2].problems[0].message == "No target is chosen."


class TestValuesThatDoNotFit:
    WRONG = {**REQUIRED, **row(2, "event", "_tributary.time")}

    def test_are_confirmed_before_going_on(self, at_mapping: Browser) -> None:
        answer = at_mapping.send("mapping", self.WRONG)
        assert "has to be confirmed" in body(answer)
        assert at_mapping.reload().reached == "mapping"
        token = answer.context["desk"].question.token
        assert at_mapping.send("mapping", self.WRONG, confirmed=token).url == at_mapping.url("schedule")

    def test_are_confirmed_before_the_dataflow_is_made(self, at_review: Browser) -> None:
        wrong = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "_tributary.time"}
        kept = [line for line in at_review.reload().mapping if line["destination"] != wrong["destination"]]
        at_review.put(mapping=[*kept, wrong])
        page = at_review.see("review")
        assert "do not fit and would be left out" in body(page)
        assert "has to be confirmed" in body(at_review.send("review", {}))
        at_review.send("review", {}, confirmed=page.context["form"].question.token)
        assert not at_review.reload().is_draft


def test_enter_looks_and_does_not_go_on(at_mapping: Browser) -> None:
    answer = at_mapping.send("mapping", REQUIRED, action="enter", typed="source-1")
    assert answer.url == at_mapping.url("mapping") + "#source-1"
