"""Schemas, field groups and identity descriptors over the API."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.models import CHANGE, LogEntry

from connectors.models import Account
from dataflows.models import FieldGroup, Schema
from dataflows.runs import dataset_making
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import REGISTRY, Program, code_of

EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
FULL = "application/vnd.adobe.xed-full+json;version=1"
IDS = "application/vnd.adobe.xed-id+json"
FIELDS = {"plan": {"type": "string", "title": "Plan"}, "seats": {"type": "integer", "title": "Seats"}}


def group(**changed: Any) -> dict[str, Any]:
    """As Adobe's tutorial writes one."""
    own = {"type": "object", "properties": {"_tributary": {"type": "object", "properties": FIELDS}}}
    return {
        "type": "object",
        "title": "Subscription",
        "description": "What somebody pays for.",
        "meta:intendedToExtend": [EVENT],
        "definitions": {"customFields": own},
        "allOf": [{"$ref": "#/definitions/customFields", "type": "object", "meta:xdmType": "object"}],
        **changed,
    }


def schema(*groups: str, **changed: Any) -> dict[str, Any]:
    references = [{"$ref": each} for each in (EVENT, *groups)]
    return {"type": "object", "title": "Subscriptions", "description": "d", "allOf": references, **changed}


def post(program: Program, path: str, body: Any) -> Any:
    return program.call("POST", f"{REGISTRY}{path}", body)


def get(program: Program, path: str, accept: str = FULL) -> Any:
    return program.call("GET", f"{REGISTRY}{path}", Accept=accept)


@pytest.fixture
def made(program: Program) -> dict[str, Any]:
    """A schema with a field group of its own."""
    registered = post(program, "/tenant/fieldgroups", group())
    assert registered.status_code == 201, registered.content
    answer = post(program, "/tenant/schemas", schema(registered.json()["$id"]))
    assert answer.status_code == 201, answer.content
    return dict(answer.json())


def place(resource: dict[str, Any]) -> str:
    return f"/tenant/schemas/{quote(resource['$id'], safe='')}"


class TestSchemas:
    def test_are_made_of_a_class_and_field_groups(self, program: Program, made: dict[str, Any]) -> None:
        stored = Schema.objects.get(title="Subscriptions")
        assert stored.xdm.has(("_tributary", "seats"))
        assert stored.xdm.has(("timestamp",))
        assert made["meta:class"] == EVENT
        assert made["meta:altId"].startswith("_tributary.schemas.")
        assert FieldGroup.objects.get().document["$id"] in made["meta:extends"]
        for name in ("$id", "meta:altId"):
            found = get(program, f"/tenant/schemas/{quote(made[name], safe='')}").json()
            assert found["title"] == "Subscriptions"

    def test_are_listed_in_short(self, program: Program, made: dict[str, Any]) -> None:
        listed = get(program, f"/tenant/schemas/?property=meta:class=={EVENT}&orderby=title", IDS).json()
        assert [each["title"] for each in listed["results"]] == ["Mixpanel Events (ExperienceEvent)", "Subscriptions"]
        assert listed["results"][1].keys() == {"title", "$id", "meta:altId", "version"}
        first = get(program, "/tenant/schemas?limit=1", IDS).json()
        assert first["_page"] == {"count": 1, "next": "1"}
        assert get(program, "/tenant/schemas?limit=1&start=1", IDS).json()["_page"]["next"] is None

    def test_want_a_media_type(self, program: Program) -> None:
        assert code_of(get(program, "/tenant/schemas", "application/json")) == "1007-400"

    def test_grow_by_a_patch_and_keep_their_versions(self, program: Program, made: dict[str, Any]) -> None:
        more = {"op": "add", "path": "/allOf/-", "value": {"$ref": "https://ns.adobe.com/xdm/context/identitymap"}}
        words = {"op": "replace", "path": "/description", "value": "Better words"}
        answer = program.call("PATCH", f"{REGISTRY}{place(made)}", [more, words])
        assert answer.status_code == 200, answer.content
        assert (answer.json()["version"], answer.json()["description"]) == ("1.1", "Better words")
        stored = Schema.objects.get(title="Subscriptions")
        assert stored.xdm.has(("identityMap",))
        assert stored.versions.count() == 2

    def test_are_replaced_and_removed(self, program: Program, made: dict[str, Any]) -> None:
        body = schema(FieldGroup.objects.get().document["$id"], title="Renamed")
        assert program.call("PUT", f"{REGISTRY}{place(made)}", body).json()["title"] == "Renamed"
        assert program.call("DELETE", f"{REGISTRY}{place(made)}", If_Match='"stale"').status_code == 412
        assert program.call("DELETE", f"{REGISTRY}{place(made)}").status_code == 204
        assert code_of(get(program, place(made))) == "1012-404"

    def test_stay_while_a_dataset_has_them(self, program: Program, made: dict[str, Any]) -> None:
        dataset_making.make("Paying", "", Schema.objects.get(title="Subscriptions"), by=None)
        before = LogEntry.objects.count()
        refused = program.call("DELETE", f"{REGISTRY}{place(made)}")
        assert (refused.status_code, refused.json()["report"]["code"]) == (400, "in_use")
        assert LogEntry.objects.count() == before

    def test_are_refused_with_the_place_of_the_mistake(self, program: Program, made: dict[str, Any]) -> None:
        unknown = post(program, "/tenant/schemas", schema("https://ns.adobe.com/none", title="T"))
        assert (unknown.status_code, unknown.json()["report"]["code"]) == (400, "schema_invalid")
        twice = post(program, "/tenant/schemas", schema())
        assert (twice.status_code, twice.json()["report"]["code"]) == (409, "title_taken")
        gone = [{"op": "remove", "path": "/allOf/0"}]
        assert code_of(program.call("PATCH", f"{REGISTRY}{place(made)}", gone)) == "1455-400"


class TestFieldGroups:
    def test_of_ours_and_of_the_shipped_ones_are_listed(self, program: Program, made: dict[str, Any]) -> None:
        assert [each["title"] for each in get(program, "/tenant/fieldgroups/", IDS).json()["results"]] == [
            "Subscription"
        ]
        shipped = get(program, "/global/fieldgroups", IDS).json()["results"]
        assert "Identity map" in {each["title"] for each in shipped}
        assert {each["$id"] for each in get(program, "/global/classes").json()["results"]} >= {EVENT}

    def test_stay_while_a_schema_has_them(self, program: Program, made: dict[str, Any]) -> None:
        registered = FieldGroup.objects.get().document
        at = f"{REGISTRY}/tenant/fieldgroups/{quote(registered['$id'], safe='')}"
        assert program.call("DELETE", at).json()["report"]["code"] == "in_use"
        changed = program.call("PUT", at, group(title="Plans"))
        assert (changed.status_code, changed.json()["version"]) == (200, "1.1")
        program.call("DELETE", f"{REGISTRY}{place(made)}")
        assert program.call("DELETE", at).status_code == 204

    def test_must_be_something_a_schema_can_be_made_with(self, program: Program) -> None:
        wrong = group(definitions={"customFields": {"type": "object", "properties": {"a b": {"type": "string"}}}})
        assert post(program, "/tenant/fieldgroups", wrong).json()["report"]["code"] == "schema_invalid"
        assert not FieldGroup.objects.exists()


def own(**fields: Any) -> dict[str, Any]:
    """The definitions of a group with these fields of the tenant."""
    return {"customFields": {"type": "object", "properties": {"_tributary": {"type": "object", "properties": fields}}}}


def change_group(program: Program, **changed: Any) -> Any:
    registered = FieldGroup.objects.get(title="Subscription").document
    return program.call("PUT", f"{REGISTRY}/tenant/fieldgroups/{registered['meta:altId']}", group(**changed))


class TestAChangedFieldGroup:
    def test_changes_the_schemas_that_are_made_of_it(self, program: Program, made: dict[str, Any]) -> None:
        answer = change_group(program, definitions=own(**FIELDS, renewed={"type": "boolean"}))
        assert (answer.status_code, answer.json()["version"]) == (200, "1.1")
        found = get(program, place(made)).json()
        assert found["version"] == "1.1"
        assert "renewed" in found["properties"]["_tributary"]["properties"]
        trail = LogEntry.objects.filter(action_flag=CHANGE).values_list("object_repr", flat=True)
        assert set(trail) == {"Subscription", "Subscriptions"}

    def test_leaves_schemas_that_can_be_changed_again(self, program: Program, made: dict[str, Any]) -> None:
        assert change_group(program, definitions=own(seats={"type": "string"})).status_code == 200
        words = [{"op": "replace", "path": "/title", "value": "Renamed"}]
        answer = program.call("PATCH", f"{REGISTRY}{place(made)}", words)
        assert (answer.status_code, answer.json()["title"]) == (200, "Renamed")
        assert answer.json()["properties"]["_tributary"]["properties"].keys() == {"seats"}

    def test_is_refused_with_schemas_and_fields_once_data_is_loaded(self, program: Program, account: Account) -> None:
        names = {"event_name": {"type": "string"}, "distinct_id": {"type": "string"}}
        registered = post(program, "/tenant/fieldgroups", group(definitions=own(**FIELDS, **names)))
        post(program, "/tenant/schemas", schema(registered.json()["$id"]))
        stored = Schema.objects.get(title="Subscriptions")
        shop = Shop(program, account, dataset_making.make("Paying", "", stored, by=None))
        shop.prepare()
        shop.flow(scheduleParams={"startTime": int(time.time()) - 86_400, "frequency": "once", "backfill": True})
        shop.work()
        changed = change_group(program, definitions=own(seats={"type": "string"}, plan=FIELDS["plan"], **names))
        report = changed.json()["report"]
        assert (changed.status_code, report["error-code"], report["code"]) == (400, "1540-400", "not_additive")
        assert "“Subscriptions”: Data is loaded with this schema into Paying" in changed.json()["detail"]
        assert [each["place"] for each in report["sub-errors"]] == ["_tributary.seats"]
        assert get(program, f"/tenant/fieldgroups/{registered.json()['meta:altId']}").json()["version"] == "1.0"
        grown = own(**FIELDS, **names, renewed={"type": "boolean"})
        assert change_group(program, definitions=grown).status_code == 200


class TestPlacesOfMistakes:
    def test_are_those_of_what_was_sent(self, program: Program, made: dict[str, Any]) -> None:
        registered = FieldGroup.objects.get().document["$id"]
        clash = {"_tributary": {"type": "object", "properties": {"seats": {"type": "string"}}}}
        other = post(program, "/tenant/fieldgroups", group(title="Other", definitions=own(seats={"type": "string"})))
        for body, at in (
            (schema(registered, "https://ns.adobe.com/none", title="T"), "/allOf/2/$ref"),
            (schema(registered, title="T", properties=clash), "/properties/_tributary/properties/seats"),
            (schema(registered, other.json()["$id"], title="T"), "/allOf/2"),
            ({"title": "T"}, "/allOf"),
        ):
            refused = post(program, "/tenant/schemas", body).json()
            assert refused["report"]["sub-errors"][0]["place"] == at
            assert " file" not in refused["detail"] + refused["report"]["remedy"]

    def test_name_the_field_group_that_they_are_in(self, program: Program) -> None:
        FieldGroup.objects.create(title="Old", document={**group(definitions=own(x={})), "$id": "https://x/old"})
        refused = post(program, "/tenant/schemas", schema("https://x/old")).json()
        at = "field group “Old”/definitions/customFields/properties/_tributary/properties/x/type"
        assert refused["report"]["sub-errors"][0]["place"] == at

    def test_of_a_field_group_too(self, program: Program) -> None:
        foreign = {
            "customFields": {"type": "object", "properties": {"_other": {"type": "object", "properties": FIELDS}}}
        }
        for body, at, remedy in (
            ({"title": "x"}, "/properties", "inside _tributary."),
            (group(definitions=foreign), "/definitions/customFields/properties/_other", "under _tributary."),
            (group(definitions={}), "/allOf/0/$ref", "add what it names."),
        ):
            refused = post(program, "/tenant/fieldgroups", body)
            assert refused.status_code == 400
            assert refused.json()["report"]["sub-errors"][0]["place"] == at
            assert refused.json()["report"]["remedy"].endswith(remedy)
        assert not FieldGroup.objects.exists()


class TestDescriptors:
    def test_make_a_field_an_identity(self, program: Program, made: dict[str, Any]) -> None:
        body = {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceSchema": made["$id"],
            "xdm:sourceVersion": 1,
            "xdm:sourceProperty": "/_tributary/plan",
            "xdm:namespace": "Plan",
            "xdm:property": "xdm:code",
            "xdm:isPrimary": True,
        }
        answer = post(program, "/tenant/descriptors", body)
        assert answer.status_code == 201, answer.content
        identity = Schema.objects.get(title="Subscriptions").xdm.field(("_tributary", "plan")).identity
        assert identity is not None
        assert (identity.primary, identity.namespace) == (True, "Plan")
        at = f"/tenant/descriptors/{answer.json()['@id']}"
        assert get(program, at).json()["xdm:namespace"] == "Plan"
        grouped = get(program, "/tenant/descriptors", "application/vnd.adobe.xdm+json").json()
        assert len(grouped["xdm:descriptorIdentity"]) == 2
        paged = get(program, "/tenant/descriptors", "application/vnd.adobe.xdm-v2+json").json()
        assert paged["_page"]["next"] is None
        again = program.call("PUT", f"{REGISTRY}{at}", {**body, "xdm:namespace": "Other"})
        assert (again.status_code, again.json()) == (201, {"@id": answer.json()["@id"]})
        assert program.call("DELETE", f"{REGISTRY}{at}").status_code == 204
        assert Schema.objects.get(title="Subscriptions").xdm.field(("_tributary", "plan")).identity is None
        unknown = post(program, "/tenant/descriptors", {**body, "xdm:sourceProperty": "/_tributary/nothing"})
        assert unknown.status_code == 400


def test_the_numbers_name_the_tenant(program: Program) -> None:
    found = program.call("GET", f"{REGISTRY}/stats/").json()
    assert (found["tenantId"], found["counts"]["schemas"]) == ("tributary", 1)
