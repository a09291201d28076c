import copy

import pyarrow as pa
import pytest

from dataflows.schemas import Identity, SchemaInvalid, XdmSchema, XdmType, mixpanel_events


def document(properties, required=(), **more):
    return {
        "$id": "https://ns.example/s",
        "title": "S",
        "meta:class": "https://ns.adobe.com/xdm/context/profile",
        "type": "object",
        "properties": properties,
        "required": list(required),
        **more,
    }


class TestMixpanelEvents:
    schema = XdmSchema.from_json(mixpanel_events("acme"))

    def test_requires_id_and_timestamp_and_nothing_else(self):
        assert self.schema.required_paths() == [("_id",), ("timestamp",)]

    def test_puts_its_own_fields_under_the_tenant(self):
        assert self.schema.field("_acme.item_price").xdm_type is XdmType.STRING
        assert self.schema.field("_acme.time").xdm_type is XdmType.LONG
        assert self.schema.field("_acme.import").xdm_type is XdmType.BOOLEAN

    def test_names_the_distinct_id_as_primary_identity(self):
        found = {field.name: field.identity for field in self.schema.fields() if field.identity}
        assert found == {"_acme.distinct_id": Identity(primary=True, namespace="MixpanelDistinctId")}

    def test_keeps_nesting_in_its_columns(self):
        columns = self.schema.arrow_schema()
        assert columns.names == ["_id", "timestamp", "eventType", "producedBy", "_acme"]
        assert columns.field("timestamp").type == pa.timestamp("us", tz="UTC")
        assert columns.field("_acme").type.field("mp_api_timestamp_ms").type == pa.int64()


class TestTypes:
    @pytest.mark.parametrize(
        ("node", "xdm_type", "arrow"),
        [
            ({"type": "string"}, "string", pa.string()),
            ({"type": "string", "format": "uri"}, "string", pa.string()),
            ({"type": "string", "format": "date"}, "date", pa.date32()),
            ({"type": "string", "format": "date-time"}, "date-time", pa.timestamp("us", tz="UTC")),
            ({"type": "number"}, "double", pa.float64()),
            ({"type": "integer"}, "long", pa.int64()),
            ({"type": "integer", "minimum": -(2**53), "maximum": 2**53}, "long", pa.int64()),
            ({"type": "integer", "minimum": -(2**31), "maximum": 2**31}, "integer", pa.int32()),
            ({"type": "integer", "minimum": -32768, "maximum": 32768}, "short", pa.int32()),
            ({"type": "integer", "minimum": -128, "maximum": 128}, "byte", pa.int32()),
            ({"type": "boolean"}, "boolean", pa.bool_()),
            ({"type": "array", "items": {"type": "number"}}, "array", pa.list_(pa.float64())),
            (
                {"type": "object", "additionalProperties": {"type": "integer"}},
                "map",
                pa.map_(pa.string(), pa.int64()),
            ),
            (
                {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "string"}}}},
                "object",
                pa.struct([("x", pa.list_(pa.string()))]),
            ),
        ],
    )
    def test_every_xdm_type_has_its_column(self, node, xdm_type, arrow):
        field = XdmSchema.from_json(document({"f": node})).field("f")
        assert field.xdm_type == xdm_type
        assert field.shape.arrow == arrow


class TestRequired:
    schema = XdmSchema.from_json(
        document(
            {
                "a": {"type": "object", "properties": {"x": {"type": "string"}}, "required": ["x"]},
                "b": {"type": "object", "properties": {"y": {"type": "string"}}, "required": ["y"]},
            },
            required=["a"],
        )
    )

    def test_a_child_is_required_only_if_its_parents_are(self):
        assert self.schema.required_paths() == [("a",), ("a", "x")]

    def test_a_child_of_an_optional_object_is_required_within_it(self):
        field = self.schema.field("b.y")
        assert (field.required, field.required_in_parent) == (False, True)


def without(key):
    broken = copy.deepcopy(mixpanel_events())
    del broken[key]
    return broken


class TestInvalid:
    @pytest.mark.parametrize(
        ("broken", "path"),
        [
            (without("$id"), "/$id"),
            (without("title"), "/title"),
            (without("meta:class"), "/meta:class"),
            (without("required"), "/required"),
            ([], "/properties"),
            (document({}), "/properties"),
            (document({"a": {"type": "text"}}), "/properties/a/type"),
            (document({"a": {"type": ["string"]}}), "/properties/a/type"),
            (document({"a": 1}), "/properties/a"),
            (document({"a": {"$ref": "x"}}), "/properties/a/$ref"),
            (document({"a b": {"type": "string"}}), "/properties/a b"),
            (document({"__x": {"type": "string"}}), "/properties/__x"),
            (document({"$x": {"type": "string"}}), "/properties/$x"),
            (document({"ab": {"type": "string"}, "AB": {"type": "string"}}), "/properties/AB"),
            (document({"a": {"type": "array"}}), "/properties/a/items"),
            (document({"a": {"type": "object"}}), "/properties/a/additionalProperties"),
            (document({"a": {"type": "number", "enum": ["1"]}}), "/properties/a/enum"),
            (document({"a": {"type": "string", "enum": [1]}}), "/properties/a/enum"),
            (document({"a": {"type": "string", "title": 7}}), "/properties/a/title"),
            (document({"a": {"type": "string"}}, required=["b"]), "/required"),
            (document({"a": {"type": "string"}}, **{"meta:descriptors": {}}), "/meta:descriptors"),
            (
                document({"a": {"type": "string"}}, **{"meta:descriptors": [{"@type": "xdm:descriptorIdentity"}]}),
                "/meta:descriptors/0",
            ),
        ],
    )
    def test_says_where(self, broken, path):
        with pytest.raises(SchemaInvalid) as caught:
            XdmSchema.from_json(broken)
        assert caught.value.path == path
        assert caught.value.message.endswith(".")

    def test_an_endless_nesting_is_refused(self):
        node = {"type": "string"}
        for _ in range(30):
            node = {"type": "object", "properties": {"n": node}}
        with pytest.raises(SchemaInvalid, match="deep"):
            XdmSchema.from_json(document({"a": node}))

    def test_a_second_primary_identity_is_refused(self):
        broken = mixpanel_events()
        broken["meta:descriptors"] *= 2
        with pytest.raises(SchemaInvalid, match="one primary"):
            XdmSchema.from_json(broken)
