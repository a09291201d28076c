import json
import time

import pytest

from dataflows.schemas import SchemaInvalid, XdmSchema, mixpanel_events
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.components import field_groups
from dataflows.schemas.exchange import MOST_BYTES, read_file, write_file
from dataflows.schemas.nodes import node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT

EVENT = {"$ref": EXPERIENCE_EVENT}


def read(content):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return read_file(raw, tenant="acme", key="ab12")


def schema(**more):
    return {"title": "Shop", "type": "object", "allOf": [EVENT], **more}


def tenant_fields(**properties):
    return {"properties": {"_acme": {"type": "object", "properties": properties}}}


class TestRoundTrip:
    @pytest.mark.parametrize("groups", [(), tuple(field_groups("acme"))])
    def test_what_is_exported_is_imported_the_same(self, groups):
        document = new_document("Shop", "All of it.", EXPERIENCE_EVENT, groups, tenant="acme", key="12")
        document = with_field(document, ("_acme", "plan"), node_of("string", pattern="^x", enum=["x"]), required=True)
        assert read(write_file(document, 3)) == document

    def test_the_shipped_schema_too(self):
        assert read(write_file(mixpanel_events("acme"), 1)) == mixpanel_events("acme")

    def test_an_export_has_what_the_registry_adds(self):
        found = write_file(mixpanel_events("acme"), 3)
        assert (found["version"], found["meta:resourceType"], found["meta:tenantNamespace"]) == (
            "1.2",
            "schemas",
            "_acme",
        )
        assert found["properties"]["_acme"]["properties"]["time"]["meta:xdmType"] == "long"
        assert found["properties"]["timestamp"]["meta:xdmType"] == "date-time"


class TestReferences:
    def test_a_class_by_reference(self):
        document = read(schema())
        assert XdmSchema.from_json(document).required_paths() == [("_id",), ("timestamp",)]
        assert document["meta:class"] == EXPERIENCE_EVENT
        assert document["$id"] == "https://ns.adobe.com/acme/schemas/ab12"

    def test_definitions_of_the_file(self):
        definitions = {"customFields": tenant_fields(plan={"type": "string", "isRequired": False, "required": []})}
        document = read(schema(allOf=[EVENT, {"$ref": "#/definitions/customFields"}], definitions=definitions))
        assert XdmSchema.from_json(document).has(("_acme", "plan"))
        assert "definitions" not in document

    def test_a_field_that_refers_to_a_definition(self):
        money = {"type": "object", "properties": {"amount": {"type": "number"}}}
        fields = tenant_fields(paid={"$ref": "#/definitions/money", "title": "Paid"})
        document = read(schema(definitions={"money": money}, **fields))
        assert XdmSchema.from_json(document).field("_acme.paid").title == "Paid"
        assert XdmSchema.from_json(document).has(("_acme", "paid", "amount"))

    def test_a_list_of_resources_as_the_registry_exports_it(self):
        group = {
            "$id": "https://ns.adobe.com/acme/mixins/8779",
            "meta:resourceType": "mixins",
            "title": "Plan",
            "type": "object",
            "definitions": {"plan": tenant_fields(plan={"type": "string"})},
            "allOf": [{"$ref": "#/definitions/plan"}],
        }
        identity = {
            "@type": "xdm:descriptorIdentity",
            "xdm:sourceProperty": "/_acme/plan",
            "xdm:namespace": "Plan",
            "xdm:isPrimary": True,
        }
        main = schema(allOf=[EVENT, {"$ref": group["$id"]}], **{"meta:resourceType": "schemas"})
        document = read([group, main, identity])
        field = XdmSchema.from_json(document).field("_acme.plan")
        assert field.identity is not None
        assert document["meta:extends"] == [EXPERIENCE_EVENT, group["$id"]]

    def test_shipped_groups_and_the_classes_behind_a_class(self):
        refs = [
            {"$ref": "https://ns.adobe.com/xdm/data/time-series"},
            *({"$ref": each} for each in field_groups("acme")),
        ]
        assert XdmSchema.from_json(read(schema(allOf=[EVENT, *refs]))).has(("web", "webPageDetails", "URL"))


RECURSIVE = schema(
    definitions={"node": {"type": "object", "properties": {"next": {"$ref": "#/definitions/node"}}}},
    **tenant_fields(first={"$ref": "#/definitions/node"}),
)
DEEP = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
# Each level refers twice to the next: 2**40 fields from a kilobyte.
BOMB = schema(
    definitions={
        f"d{n}": {"type": "object", "properties": {x: {"$ref": f"#/definitions/d{n + 1}"} for x in "ab"}}
        for n in range(40)
    }
    | {"d40": {"type": "string"}},
    **tenant_fields(bomb={"$ref": "#/definitions/d0"}),
)


class TestRefusals:
    @pytest.mark.parametrize(
        ("content", "path", "words"),
        [
            (b"not JSON at all", "", "not JSON"),
            (b'{"a": 1,}', "", "line 1, column 9"),
            (b"\xff\xfe{}", "", "UTF-8"),
            (b"", "", "not JSON"),
            (b'{"a": NaN}', "", "NaN"),
            (b'{"a": 1, "a": 2}', "", "“a” twice"),
            (DEEP, "", "deep"),
            (b" " * (MOST_BYTES + 1), "", "5.0 MB"),
            ([], "", "not an XDM schema"),
            ("text", "", "not an XDM schema"),
            ({"openapi": "3.0"}, "/properties", "not an XDM schema"),
            ({"type": "object", "title": "X", **tenant_fields(a={"type": "string"})}, "/allOf", "names no class"),
            (schema(**{"meta:class": "https://x"}), "/meta:class", "not known"),
            ({**schema(), "title": ""}, "/title", "needed"),
            (RECURSIVE, "/definitions/node/properties/next/$ref", "leads back to itself"),
            (BOMB, "", "too large or too deep"),
            (schema(allOf=[EVENT, {"$ref": "#/allOf/1"}]), "/allOf/1/$ref", "leads back"),
            (schema(allOf=[EVENT, {"$ref": "https://ns.adobe.com/x"}]), "/allOf/1/$ref", "Nothing here"),
            (schema(allOf=[EVENT, {"$ref": "#/definitions/no"}]), "/allOf/1/$ref", "points at nothing"),
            (schema(allOf=[EVENT, {"$ref": 7}]), "/allOf/1/$ref", "is a text"),
            (schema(description="a\x00b"), "/description", "cannot be stored"),
            (schema(description="half \ud800"), "/description", "cannot be stored"),
            (schema(**{"a\x00": 1}), "", "cannot be stored"),
            (b'{"title": "X", "allOf": [], "minimum": 1e999}', "/minimum", "too large"),
            (b'{"a": ' + b"9" * 9_000 + b"}", "", "not JSON"),
            (schema(allOf={}), "/allOf", "is a list"),
            (schema(allOf=[EVENT, 7]), "/allOf/1", "described by an object"),
            (schema(**tenant_fields(a={"type": "text"})), "/properties/_acme/properties/a/type", "not a type"),
            (schema(**tenant_fields(**{"a b": {"type": "string"}})), "/properties/_acme/properties/a b", "letters"),
            (
                schema(**tenant_fields(plan={"type": "string"}, Plan={"type": "string"})),
                "/properties/_acme/properties/Plan",
                "capitals",
            ),
            (
                schema(
                    definitions={"d": tenant_fields(**{"a b": {"type": "string"}})},
                    allOf=[EVENT, {"$ref": "#/definitions/d"}],
                ),
                "/definitions/d/properties/_acme/properties/a b",
                "letters",
            ),
            (
                schema(properties={"_id": {"type": "number"}}),
                "/properties/_id",
                "different types",
            ),
            (
                schema(**tenant_fields(**{f"f{n}": {"type": "string"} for n in range(5_000)})),
                "/properties",
                "5,005 fields",
            ),
        ],
    )
    def test_says_where_and_what_to_do(self, content, path, words):
        started = time.monotonic()
        with pytest.raises(SchemaInvalid) as caught:
            read(content)
        assert words in caught.value.message
        if path:
            assert caught.value.path == path
        assert time.monotonic() - started < 5

    def test_every_refusal_of_a_file_has_a_remedy(self):
        for content in (b"no", {"openapi": "3.0"}, RECURSIVE, BOMB, schema(**tenant_fields(a={"type": "text"}))):
            with pytest.raises(SchemaInvalid) as caught:
                read(content)
            assert caught.value.remedy.endswith(".")
