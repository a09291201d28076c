import time

import pytest

from dataflows.mapping import MappingRow, bind
from dataflows.mapping.automap import alternatives, propose
from dataflows.mapping.source_fields import infer
from dataflows.schemas import XdmSchema, mixpanel_events

ADOBE_SAMPLE = {
    "event": "Items purchased",
    "properties": {
        "time": 1652825148,
        "distinct_id": "someone",
        "$insert_id": "29fc2962",
        "$import": True,
        "$mp_api_endpoint": "api.mixpanel.com",
        "$mp_api_timestamp_ms": 1652850348643,
        "mp_processing_time_ms": 1652850348700,
        "item_id": "I1",
        "item_name": "Jacket",
        "item_price": "129.00",
    },
}
DEFAULT = {
    "_id": "tributary.event_id",
    "timestamp": "tributary.timestamp",
    "eventType": "event",
    "producedBy": "mixpanel",
    "_tributary.distinct_id": "properties.distinct_id",
    "_tributary.event_name": "event",
    "_tributary.import": "properties.$import",
    "_tributary.insert_id": "properties.$insert_id",
    "_tributary.item_id": "properties.item_id",
    "_tributary.item_name": "properties.item_name",
    "_tributary.item_price": "properties.item_price",
    "_tributary.mp_api_endpoint": "properties.$mp_api_endpoint",
    "_tributary.mp_api_timestamp_ms": "properties.$mp_api_timestamp_ms",
    "_tributary.mp_processing_time_ms": "properties.mp_processing_time_ms",
    "_tributary.time": "properties.time",
}


def proposed(records, schema):
    return {found.destination: found.source for found in propose(infer(records), schema)}


class TestPropose:
    def test_gives_exactly_the_default_mapping_for_adobes_sample(self, mixpanel_schema):
        found = propose(infer([ADOBE_SAMPLE]), mixpanel_schema)
        assert {proposal.destination: proposal.source for proposal in found} == DEFAULT
        assert {p.row.source_type for p in found if p.destination == "producedBy"} == {"STATIC"}
        bind([proposal.row for proposal in found], mixpanel_schema)

    def test_without_a_sample_it_still_maps_what_every_record_has(self, mixpanel_schema):
        custom = {name for name in DEFAULT if ".item_" in name}
        assert proposed([], mixpanel_schema) == {k: v for k, v in DEFAULT.items() if k not in custom}

    def test_finds_what_mixpanels_libraries_set(self, mixpanel_schema):
        record = {
            "event": "E",
            "properties": {"$city": "Berlin", "mp_lib": "web", "mp_country_code": "DE", "$os": "iOS", "$user_id": "u"},
        }
        found = proposed([record], mixpanel_schema)
        assert found["_tributary.city"] == "properties.$city"
        assert found["_tributary.lib"] == "properties.mp_lib"
        assert found["_tributary.country_code"] == "properties.mp_country_code"
        assert found["_tributary.os"] == "properties.$os"
        assert found["_tributary.user_id"] == "properties.$user_id"
        assert "_tributary.device_id" not in found

    def test_never_takes_a_property_for_id_or_timestamp(self, mixpanel_schema):
        record = {"event": "E", "properties": {"_id": "x", "timestamp": "2026-01-01"}}
        found = proposed([record], mixpanel_schema)
        assert (found["_id"], found["timestamp"]) == ("tributary.event_id", "tributary.timestamp")

    def test_prefers_mixpanels_own_property_among_equals(self, mixpanel_schema):
        record = {"event": "E", "properties": {"city": "a", "$city": "b", "home": {"city": "c"}}}
        assert proposed([record], mixpanel_schema)["_tributary.city"] == "properties.$city"

    def test_leaves_out_what_does_not_fit_the_type(self, mixpanel_schema):
        assert "_tributary.browser" not in proposed([{"event": "E", "properties": {"browser": ["a"]}}], mixpanel_schema)


class TestAlternatives:
    def test_lists_weaker_matches_too(self, mixpanel_schema):
        fields = infer([{"event": "E", "properties": {"item_name": "a", "name": "b", "item_title": "c"}}])
        found = alternatives(fields, mixpanel_schema.field("_tributary.item_name"))
        assert [proposal.source for proposal in found][:2] == ["properties.item_name", "properties.name"]
        assert found[0].score == 1.0 > found[1].score

    def test_for_the_id_there_is_nothing_but_the_derived_field(self, mixpanel_schema):
        fields = infer([{"event": "E", "properties": {"id": "1", "_id": "2"}}])
        found = alternatives(fields, mixpanel_schema.field("_id"))
        assert [proposal.source for proposal in found] == ["tributary.event_id"]


class TestInfer:
    records = [
        {"event": "A", "properties": {"n": 1, "Plan Type": "pro", "deep": {"x.y": True}, "list": [1], "": 1}},
        {"event": "B", "properties": {"n": "two", "deep": {}, "gone": None}},
        {"event": "C", "properties": {"n": 3.5}},
        {"event": "D", "properties": {"n": 1}},
    ]

    def found(self):
        return {field.path: field for field in infer(self.records)}

    def test_shares_types_and_samples(self):
        field = self.found()["properties.n"]
        assert dict(field.types) == {"integer": 0.5, "string": 0.25, "number": 0.25}
        assert field.fill == 1.0
        assert field.samples == (1, "two", 3.5)

    def test_writes_paths_that_bind(self, mixpanel_schema):
        assert "properties.${Plan Type}" in self.found()
        assert self.found()["properties.deep.${x\\.y}"].type == "boolean"
        base = [
            MappingRow("ATTRIBUTE", "tributary.event_id", "_id"),
            MappingRow("ATTRIBUTE", "tributary.timestamp", "timestamp"),
        ]
        for path in self.found():
            bind([*base, MappingRow("ATTRIBUTE", path, "_tributary.city")], mixpanel_schema)

    def test_counts_a_null_as_no_value(self):
        assert self.found()["properties.gone"].fill == 0
        assert self.found()["properties.gone"].type == "null"

    @pytest.mark.parametrize("path", ["properties", "properties.", "properties.list[0]"])
    def test_lists_neither_the_frame_nor_elements(self, path):
        assert path not in self.found()


class TestScores:
    def score(self, name, value, target, schema):
        fields = infer([{"event": "E", "properties": {name: value}}])
        found = alternatives(fields, schema.field(target))
        return next((each.score for each in found if each.source.endswith(name)), 0)

    def test_know_other_names_of_the_same_thing(self, mixpanel_schema):
        assert self.score("platform", "iOS", "_tributary.os", mixpanel_schema) == 0.9

    def test_fall_when_values_do_not_become_the_type(self, mixpanel_schema):
        assert self.score("processing_ms", "soon", "_tributary.mp_processing_time_ms", mixpanel_schema) == 0.12
        assert self.score("processing_ms", "17", "_tributary.mp_processing_time_ms", mixpanel_schema) == 0.4

    def test_rise_when_values_look_like_what_the_target_is_for(self):
        document = mixpanel_events()
        document["properties"]["_tributary"]["properties"]["email"] = {"type": "string"}
        schema = XdmSchema.from_json(document)
        assert self.score("contact", "ann@example.org", "_tributary.email", schema) == 0.7
        assert self.score("contact", "Ann", "_tributary.email", schema) == 0

    def test_come_quickly_for_a_thousand_fields_and_a_thousand_targets(self):
        document = mixpanel_events()
        targets = {f"some_field_{n}": {"type": "string"} for n in range(1000)}
        document["properties"]["_tributary"]["properties"] |= targets
        fields = infer([{"event": "E", "properties": {f"some field {n}": "x" for n in range(1000)}}])
        began = time.perf_counter()
        found = propose(fields, XdmSchema.from_json(document))
        assert time.perf_counter() - began < 2
        assert sum(1 for proposal in found if "some_field_" in proposal.destination) == 1000
