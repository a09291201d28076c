import copy

import pytest

from dataflows.schemas import XdmSchema, mixpanel_events
from dataflows.schemas.building import (
    BuildRefused,
    changed_field,
    groups_of,
    new_document,
    owners,
    with_field,
    with_group,
    with_identity,
    without_field,
)
from dataflows.schemas.components import COMMERCE, IDENTITY_MAP, PROFILE, WEB, field_groups, mixpanel_group_id
from dataflows.schemas.nodes import TYPES, node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT

TENANT = "acme"


def event_schema(*groups):
    return new_document("Shop", "", EXPERIENCE_EVENT, groups, tenant=TENANT, key="ab12")


def own(document, name, node, **more):
    return with_field(document, (f"_{TENANT}", name), node, **more)


class TestComposition:
    def test_a_class_alone_is_a_schema(self):
        schema = XdmSchema.from_json(event_schema())
        assert schema.required_paths() == [("_id",), ("timestamp",)]
        assert schema.id == "https://ns.adobe.com/acme/schemas/ab12"

    @pytest.mark.parametrize("group", field_groups(TENANT))
    def test_every_group_makes_a_valid_schema_with_columns(self, group):
        document = event_schema(group)
        assert XdmSchema.from_json(document).arrow_schema().names
        assert [each.id for each in groups_of(document, TENANT)] == [group]

    def test_all_groups_fit_together(self):
        names = [field.name for field in XdmSchema.from_json(event_schema(*field_groups(TENANT))).fields()]
        assert {"productListItems", "identityMap", "web.webPageDetails.URL", "_acme.distinct_id"} <= set(names)

    def test_a_group_twice_is_there_once(self):
        once = event_schema(COMMERCE)
        assert with_group(once, COMMERCE, tenant=TENANT) == once

    def test_a_group_that_does_not_suit_the_class_is_refused(self):
        with pytest.raises(BuildRefused, match="does not suit"):
            new_document("People", "", PROFILE, [WEB], tenant=TENANT, key="1")
        assert new_document("People", "", PROFILE, [IDENTITY_MAP], tenant=TENANT, key="1")["properties"]["identityMap"]

    def test_an_unknown_class_is_refused(self):
        with pytest.raises(BuildRefused):
            new_document("X", "", "https://ns.adobe.com/xdm/context/no", [], tenant=TENANT, key="1")

    def test_a_group_over_an_own_field_of_another_type_is_refused(self):
        document = with_field(event_schema(), ("web",), node_of("string"))
        with pytest.raises(BuildRefused, match="another type"):
            with_group(document, WEB, tenant=TENANT)

    def test_the_shipped_fields_belong_to_their_group_and_own_ones_to_nobody(self):
        document = own(event_schema(mixpanel_group_id(TENANT)), "plan", node_of("string"))
        found = owners(document, TENANT)
        assert found[("_id",)] == "XDM ExperienceEvent"
        assert found[("_acme", "city")] == "Mixpanel standard fields"
        assert ("_acme", "plan") not in found
        assert ("_acme",) not in found


class TestFields:
    @pytest.mark.parametrize("kind", TYPES)
    def test_a_field_of_every_type_keeps_that_type(self, kind):
        document = own(event_schema(), "plan", node_of(kind, title="Plan"))
        assert XdmSchema.from_json(document).field("_acme.plan").xdm_type == kind

    def test_limits_stay_in_the_document(self):
        node = node_of("string", pattern="^[a-z]+$", minLength=2, maxLength=9, enum=["free", "paid"])
        document = own(event_schema(), "plan", node)
        assert document["properties"]["_acme"]["properties"]["plan"] == {"type": "string", **node}
        XdmSchema.from_json(document)

    def test_nothing_changes_the_document_that_was_given(self):
        document = event_schema(COMMERCE)
        before = copy.deepcopy(document)
        changed = own(document, "plan", node_of("string"), required=True)
        changed_field(changed, ("_acme", "plan"), {"title": "Plan"}, required=False)
        without_field(changed, ("_acme", "plan"))
        with_identity(changed, ("_acme", "plan"), "Email", primary=True)
        assert document == before

    @pytest.mark.parametrize("name", ["plan", "PLAN"])
    def test_a_name_that_is_taken_is_refused(self, name):
        with pytest.raises(BuildRefused) as caught:
            own(own(event_schema(), "plan", node_of("string")), name, node_of("long"))
        assert caught.value.path == "_acme.plan"
        assert caught.value.remedy

    def test_a_field_inside_a_text_is_refused(self):
        document = own(event_schema(), "plan", node_of("string"))
        with pytest.raises(BuildRefused, match="no object"):
            with_field(document, ("_acme", "plan", "name"), node_of("string"))

    def test_required_comes_and_goes(self):
        document = own(event_schema(), "plan", node_of("string"), required=True)
        assert document["properties"]["_acme"]["required"] == ["plan"]
        assert changed_field(document, ("_acme", "plan"), {}, required=False)["properties"]["_acme"]["required"] == []

    def test_an_array_keeps_its_limits_on_its_items(self):
        document = own(event_schema(), "tags", node_of("string", array=True))
        changed = changed_field(document, ("_acme", "tags"), {"title": "Tags", "enum": ["a"]}, required=False)
        expected = {"type": "array", "title": "Tags", "items": {"type": "string", "enum": ["a"]}}
        assert changed["properties"]["_acme"]["properties"]["tags"] == expected

    def test_the_last_field_takes_its_empty_object_along(self):
        document = with_field(event_schema(), ("_acme", "cart", "total"), node_of("double"))
        document = with_identity(document, ("_acme", "cart", "total"), "Cart", primary=False)
        left = without_field(document, ("_acme", "cart", "total"))
        assert "_acme" not in left["properties"]
        assert left["meta:descriptors"] == []

    def test_a_field_that_is_not_there_is_refused(self):
        with pytest.raises(BuildRefused):
            without_field(event_schema(), ("_acme", "plan"))


class TestIdentities:
    def test_a_new_primary_identity_takes_over(self):
        document = with_identity(mixpanel_events(TENANT), ("_acme", "user_id"), "CRMID", primary=True)
        found = {field.name: field.identity for field in XdmSchema.from_json(document).fields() if field.identity}
        assert (found["_acme.user_id"].primary, found["_acme.distinct_id"].primary) == (True, False)

    def test_no_namespace_means_no_identity(self):
        document = with_identity(mixpanel_events(TENANT), ("_acme", "distinct_id"), "", primary=False)
        assert not [field for field in XdmSchema.from_json(document).fields() if field.identity]
