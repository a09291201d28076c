import copy

import pytest

from dataflows.schemas import XdmSchema, compare, mixpanel_events
from dataflows.schemas.building import changed_field, with_field, with_identity, with_words, without_field
from dataflows.schemas.nodes import node_of

PLAN = ("_acme", "plan")


def base(**limits):
    node = node_of("string", title="Plan", enum=["free", "paid"], **limits)
    return with_field(mixpanel_events("acme"), PLAN, node, required=True)


def differences(old, new):
    return compare(XdmSchema.from_json(old), XdmSchema.from_json(new))


def replaced(node):
    changed = copy.deepcopy(base())
    changed["properties"]["_acme"]["properties"]["plan"] = node
    return changed


def test_the_same_schema_has_no_differences():
    assert not differences(base(), copy.deepcopy(base()))


class TestAdditive:
    @pytest.mark.parametrize(
        ("new", "path"),
        [
            (with_field(base(), ("_acme", "utm"), node_of("string")), "_acme.utm"),
            (with_field(base(), ("_acme", "cart", "total"), node_of("double")), "_acme.cart"),
            (changed_field(base(), PLAN, {}, required=False), "_acme.plan"),
            (changed_field(base(), ("_acme", "city"), {}, required=True), "_acme.city"),
            (changed_field(base(), PLAN, {"title": "Tariff"}, required=True), "_acme.plan"),
            (changed_field(base(), PLAN, {"description": "What is paid."}, required=True), "_acme.plan"),
            (changed_field(base(), PLAN, {"enum": ["free", "paid", "trial"]}, required=True), "_acme.plan"),
            (changed_field(base(), PLAN, {"enum": []}, required=True), "_acme.plan"),
            (with_identity(base(), PLAN, "Plan", primary=False), "_acme.plan"),
            (with_words(base(), "Other", ""), "title"),
        ],
    )
    def test_is_accepted_and_told(self, new, path):
        found = differences(base(), new)
        assert found.additive
        assert path in [each.path for each in found.differences]

    def test_a_looser_limit(self):
        loose = changed_field(base(maxLength=5), PLAN, {"maxLength": 9}, required=True)
        assert differences(base(maxLength=5), loose).additive


class TestBreaking:
    @pytest.mark.parametrize(
        ("new", "path", "words"),
        [
            (without_field(base(), PLAN), "_acme.plan", "is gone"),
            (replaced(node_of("long")), "_acme.plan", "long instead of string"),
            (replaced(node_of("string", array=True)), "_acme.plan", "array of string instead of string"),
            (changed_field(base(), PLAN, {"enum": ["free"]}, required=True), "_acme.plan", "paid is gone"),
            (changed_field(base(), ("_acme", "city"), {"enum": ["Łódź"]}, required=False), "_acme.city", "listed"),
            (changed_field(base(), PLAN, {"maxLength": 5}, required=True), "_acme.plan", "maxLength is 5"),
            (changed_field(base(), PLAN, {"pattern": "^a"}, required=True), "_acme.plan", "pattern"),
            ({**base(), "meta:class": "https://ns.adobe.com/xdm/context/profile"}, "meta:class", "class"),
            ({**base(), "$id": "https://ns.adobe.com/acme/schemas/other"}, "$id", "id"),
        ],
    )
    def test_is_refused_with_its_place_and_a_remedy(self, new, path, words):
        found = differences(base(), new)
        assert not found.additive
        assert [(each.path, bool(each.remedy)) for each in found.breaking] == [(path, True)]
        assert words in found.breaking[0].what

    def test_items_of_arrays_and_values_of_maps_are_looked_at(self):
        old = with_field(base(), ("_acme", "items"), {"type": "array", "items": {"type": "string"}})
        new = copy.deepcopy(old)
        new["properties"]["_acme"]["properties"]["items"]["items"] = {"type": "number"}
        assert [each.path for each in differences(old, new).breaking] == ["_acme.items[]"]
        for document, value in ((old, "string"), (new, "boolean")):
            node = {"type": "object", "additionalProperties": {"type": value}}
            document["properties"]["_acme"]["properties"]["items"] = node
        assert [each.path for each in differences(old, new).breaking] == ["_acme.items{}"]
