"""The buttons of the mapper, each pressed as a plain form would."""

from __future__ import annotations

import pytest

from dataflows.mapper.rows import read_stored
from dataflows.mapper.view import View
from dataflows.models import Dataflow
from tests.dataflows.mapper.conftest import EXTRA, MAPPING, Editor, event, text


def hidden(page) -> list[str]:
    return [line.row.destination for line in page.context["desk"].table if line.hidden]


class TestCounters:
    def test_show_what_they_count_and_everything_at_the_second_press(self, editor: Editor):
        answer = editor.send(MAPPING, "show:required")
        assert answer.url == editor.url() + "?show=required#mapping"
        page = editor.client.get(answer.url)
        assert hidden(page) == ["eventType", "_acme.distinct_id"]
        assert 'aria-pressed="true"' in page.content.decode()
        assert editor.send(MAPPING, "show:required", show="required").url == editor.url() + "#mapping"

    @pytest.mark.parametrize(
        ("show", "shown"),
        [
            ("identity", ["_acme.distinct_id"]),
            ("errors", ["nowhere"]),
            ("mapped", ["_id", "timestamp", "eventType", "_acme.distinct_id", "nowhere"]),
        ],
    )
    def test_show_each_its_own(self, editor: Editor, show: str, shown: list[str]):
        blank = {**EXTRA, "source": "", "destination": ""}
        editor.send([*MAPPING, {**EXTRA, "destination": "nowhere"}, blank], "check")
        page = editor.see(show=show)
        assert [line.row.destination for line in page.context["desk"].table if not line.hidden] == shown

    def test_lose_no_row_that_they_hide(self, editor: Editor):
        editor.send(MAPPING, "show:identity")
        assert editor.press("check") == read_stored(MAPPING)

    def test_search_finds_sources_and_targets(self, editor: Editor):
        assert hidden(editor.see(search="EVENT")) == ["timestamp", "_acme.distinct_id"]

    @pytest.mark.parametrize(
        "query", [{"show": "x"}, {"row": "-1"}, {"row": "99999999999"}, {"row": "٣"}, {"row": "x"}]
    )
    def test_an_address_that_makes_no_sense_shows_everything(self, editor: Editor, query: dict[str, str]):
        page = editor.see(**query)
        assert page.context["desk"].view == View()


class TestRows:
    def test_a_required_target_gets_its_row(self, editor: Editor):
        assert editor.press("add:_id", MAPPING[1:])[-1].destination == "_id"

    def test_a_row_is_opened_and_closed(self, editor: Editor):
        assert editor.send(MAPPING, "open:3").url == editor.url() + "?row=3#row-3"
        page = editor.see(row="3")
        assert "string" in text(page)
        assert page.context["desk"].panel.field.path == "properties.distinct_id"
        assert editor.send(MAPPING, "close:3", row="3").url == editor.url() + "#row-3"

    def test_a_link_may_name_a_row_by_its_target(self, editor: Editor):
        assert editor.see(target="eventType").context["desk"].panel.number == 2
        assert editor.see(target="nowhere").context["desk"].panel is None

    def test_another_source_is_picked_with_its_score_known(self, editor: Editor):
        Dataflow.objects.update(sample=[event(1, customer_city="Ulm", **{"$city": "Bonn"})])
        editor.send([*MAPPING, EXTRA], "check")
        found = editor.see(row="4").context["desk"].panel.alternatives
        assert [(each.source, each.score) for each in found] == [
            ("properties.$city", 1.0),
            ("properties.customer_city", 0.4),
        ]
        assert editor.press("pick:4:properties.customer_city")[4].source == "properties.customer_city"

    def test_a_source_is_cleared(self, editor: Editor):
        assert editor.press("pick:3:")[3].stored == {**MAPPING[3], "source": ""}

    def test_a_field_becomes_a_calculated_field_and_keeps_what_is_typed(self, editor: Editor):
        row = editor.press("become:3:EXPRESSION")[3]
        assert (row.source_type, row.source) == ("EXPRESSION", "properties.distinct_id")

    @pytest.mark.parametrize("action", ["pick:99:x", "mask:x:y", "open:", "become:3:NOTHING", "remove:٣", "unheard:of"])
    def test_a_button_that_does_not_exist_changes_nothing(self, editor: Editor, action: str):
        assert [row.stored for row in editor.press(action)] == MAPPING

    def test_name_and_description_are_kept_for_people(self, editor: Editor):
        named = {**EXTRA, "name": "City", "description": "As the app sends it."}
        editor.send([*MAPPING, named])
        assert editor.reload().mapping[-1] == named


class TestMasking:
    @pytest.fixture
    def personal(self, editor: Editor) -> Editor:
        Dataflow.objects.update(sample=[event(n, contact=f"ann{n}@example.org", item_name="Jacket") for n in range(3)])
        row = {"sourceType": "ATTRIBUTE", "source": "properties.contact", "destination": "_acme.user_id"}
        editor.send([*MAPPING, row], "check")
        return editor

    def test_marks_fields_by_what_their_values_look_like(self, personal: Editor):
        page = personal.see(row="4")
        marked = {field.path: field.personal for field in page.context["desk"].fields if field.personal}
        assert marked == {"properties.contact": "email"}
        assert "Looks like an e-mail address" in text(page)

    def test_says_what_each_way_means(self, personal: Editor):
        masks = personal.see(row="4").context["desk"].panel.masks
        assert [(mask.slug, mask.expression) for mask in masks] == [
            ("keyed_hash", "keyed_hash(properties.contact)"),
            ("sha256", "sha256(properties.contact)"),
            ("truncate", "left(properties.contact, 2)"),
            ("drop", ""),
        ]
        assert all(mask.meaning for mask in masks)

    def test_makes_a_calculated_field_at_one_press(self, personal: Editor):
        row = personal.press("mask:4:keyed_hash")[4]
        assert (row.source_type, row.source, row.destination) == (
            "EXPRESSION", "keyed_hash(properties.contact)", "_acme.user_id",
        )  # fmt: skip

    def test_drops_the_row_and_can_be_undone(self, personal: Editor):
        assert [row.stored for row in personal.press("mask:4:drop")] == MAPPING
        assert personal.press("undo")[-1].source == "properties.contact"

    def test_does_nothing_to_what_is_not_personal(self, personal: Editor):
        assert personal.press("mask:2:sha256")[2].stored == MAPPING[2]
