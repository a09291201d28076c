"""What a changed field group makes of a schema, and which field groups are none."""

from __future__ import annotations

from typing import Any

import pytest

from dataflows.schemas import SchemaInvalid
from dataflows.schemas.composing import check_group, fragment, recomposed
from dataflows.schemas.nodes import node_of, object_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT

LONG, TEXT = node_of("long"), node_of("string")
GROUP = "https://ns.adobe.com/acme/mixins/12"


def part(*required: str, **fields: Any) -> dict[str, Any]:
    """A fragment with fields of the tenant."""
    inner = object_of(fields) | ({"required": list(required)} if required else {})
    return {"properties": {"_acme": inner}, "required": []}


def group(**changed: Any) -> dict[str, Any]:
    return {"$id": GROUP, "title": "Plan", "type": "object", **changed}


def fields_of(document: dict[str, Any]) -> dict[str, Any]:
    return dict(document["properties"]["_acme"]["properties"])


class TestRecomposing:
    def test_the_same_fragment_changes_nothing(self) -> None:
        document = part("plan", plan=TEXT, own=LONG) | {"title": "Shop"}
        assert recomposed(document, part("plan", plan=TEXT), part("plan", plan=TEXT)) == document

    def test_fields_come_and_go_and_own_ones_stay(self) -> None:
        document = part("plan", plan=TEXT, own=LONG)
        found = recomposed(document, part("plan", plan=TEXT), part("seats", seats=LONG))
        assert fields_of(found) == {"own": LONG, "seats": LONG}
        assert found["properties"]["_acme"]["required"] == ["seats"]

    def test_an_object_goes_with_its_last_field(self) -> None:
        inside = {"bill": object_of({"total": LONG})}
        document = part(plan=TEXT, bill=object_of({"total": LONG, "own": TEXT}))
        left = recomposed(document, part(plan=TEXT, **inside), part(plan=TEXT))
        assert fields_of(left)["bill"]["properties"] == {"own": TEXT}
        assert "bill" not in fields_of(
            recomposed(part(plan=TEXT, **inside), part(plan=TEXT, **inside), part(plan=TEXT))
        )

    def test_words_follow_unless_the_schema_has_words_of_its_own(self) -> None:
        before, after = part(plan=TEXT | {"title": "Plan"}), part(plan=TEXT | {"title": "Contract"})
        assert fields_of(recomposed(before, before, after))["plan"]["title"] == "Contract"
        own = part(plan=TEXT | {"title": "What they pay for"})
        assert fields_of(recomposed(own, before, after))["plan"]["title"] == "What they pay for"

    def test_a_type_follows(self) -> None:
        assert fields_of(recomposed(part(n=LONG), part(n=LONG), part(n=TEXT)))["n"] == TEXT

    def test_what_lies_in_arrays_follows(self) -> None:
        before, after = ({"type": "array", "items": object_of({name: TEXT})} for name in "ab")
        found = fields_of(recomposed(part(n=before), part(n=before), part(n=after)))
        assert found["n"]["items"]["properties"] == {"b": TEXT}

    def test_a_schema_that_missed_an_earlier_change_gets_it(self) -> None:
        assert fields_of(recomposed(part(plan=TEXT), part(plan=TEXT, seats=LONG), part(plan=TEXT, seats=LONG))) == {
            "plan": TEXT,
            "seats": LONG,
        }

    def test_a_new_field_meets_an_own_one_of_another_type(self) -> None:
        with pytest.raises(SchemaInvalid, match=r"_acme\.seats is described twice, with different types"):
            recomposed(part(plan=TEXT, seats=TEXT), part(plan=TEXT), part(plan=TEXT, seats=LONG))


def test_a_fragment_is_of_all_parts_that_are_known() -> None:
    own = group(**part("plan", plan=TEXT))
    found = fragment([EXPERIENCE_EVENT, GROUP, "https://ns.adobe.com/none"], [own], tenant="acme")
    assert found["properties"].keys() >= {"_id", "timestamp", "_acme"}
    assert found["required"] == ["_id", "timestamp"]


class TestGroups:
    @pytest.mark.parametrize(
        ("changed", "place", "words"),
        [
            ({}, "/properties", "at least one field"),
            ({"properties": {}}, "/properties", "at least one field"),
            ({"properties": {"_other": object_of({"a": TEXT})}}, "/properties/_other", "_other is not the namespace"),
            (
                {
                    "definitions": {"own": {"properties": {"_other": object_of({"a": TEXT})}}},
                    "allOf": [{"$ref": "#/definitions/own"}],
                },
                "/definitions/own/properties/_other",
                "_other is not the namespace",
            ),
            ({"properties": {"_id": LONG}}, "/properties/_id", "_id is described twice"),
            ({"properties": {"timestamp": node_of("date")}}, "/properties/timestamp", "of type date-time"),
            (
                {"definitions": {"own": {"properties": {"_id": LONG}}}, "allOf": [{"$ref": "#/definitions/own"}]},
                "/allOf/0",
                "_id is described twice",
            ),
            ({"allOf": [{"$ref": "#/definitions/none"}]}, "/allOf/0/$ref", "points at nothing"),
            ({"allOf": [{"$ref": "https://ns.adobe.com/none"}]}, "/allOf/0/$ref", "Nothing here is called"),
            ({"meta:intendedToExtend": ["x"], **part(a=TEXT)}, "/meta:intendedToExtend/0", "class x is not known"),
            (part(**{"a b": TEXT}), "/properties/_acme/properties/a b", "letters"),
            (part(a={"anyOf": [TEXT]}), "/properties/_acme/properties/a/anyOf", "spelled out in place"),
            (part(a={"title": "A"}), "/properties/_acme/properties/a/type", "no type"),
        ],
    )
    def test_say_what_is_wrong_where_it_was_sent(self, changed: dict[str, Any], place: str, words: str) -> None:
        with pytest.raises(SchemaInvalid) as caught:
            check_group(group(**changed), tenant="acme")
        assert words in caught.value.message
        assert caught.value.path == place
        assert " file" not in f"{caught.value.message} {caught.value.remedy}"

    def test_with_fields_of_the_tenant_are_good(self) -> None:
        check_group(group(**part(a=TEXT)), tenant="acme")
