import hashlib
import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfoNotFoundError

import numpy as np
import pytest

from dataflows.mapping import KEY_FIELDS, Lines, TimeReading, bind, compile_plan
from dataflows.mapping.automap import propose
from dataflows.schemas import XdmSchema, mixpanel_events
from tests.dataflows.mapping.agreement import agree, rows_of
from tests.dataflows.mapping.conftest import UTC_READING, event, make_plan, make_schema


@pytest.fixture(scope="module")
def default_plan():
    schema = XdmSchema.from_json(mixpanel_events())
    return compile_plan(bind([found.row for found in propose([], schema)], schema), UTC_READING)


ANY_PLAN = make_plan({"id": "event"}, make_schema({"id": {"type": "string"}}))
FULL = {
    "distinct_id": "user-42",
    "$insert_id": "29fc2962",
    "$mp_api_timestamp_ms": 1788249601733,
    "mp_processing_time_ms": 1788249602018,
}


class TestDefaultMapping:
    def test_maps_a_record(self, default_plan):
        row = default_plan.evaluate_record(event(**FULL), 1)
        assert row["_id"] == hashlib.sha256(b"E|user-42|1788249600|29fc2962").hexdigest()
        assert row["timestamp"] == datetime(2026, 9, 1, 8, 0, tzinfo=UTC)
        assert (row["eventType"], row["producedBy"]) == ("E", "mixpanel")
        assert row["_tributary"]["time"] == 1788249600
        assert row["_tributary"]["city"] is None

    def test_reads_every_source_once_and_leaves_out_constants_and_empty_columns(self, default_plan):
        batch = agree(default_plan, event(**FULL) * 3).batch
        assert batch.num_columns == 10 + len(KEY_FIELDS)
        assert default_plan.dataset_batch(batch).schema == default_plan.schema

    def test_without_an_insert_id_the_line_itself_is_the_identity(self, default_plan):
        line = event(distinct_id="u")
        row = default_plan.evaluate_record(line, 1)
        assert row["_id"] == hashlib.sha256(line[:-1]).hexdigest()

    def test_the_same_insert_id_on_two_events_makes_two_ids(self, default_plan):
        other = event(**FULL | {"distinct_id": "user-43"})
        assert len({row["_id"] for row in rows_of(default_plan, event(**FULL) + other)}) == 2


class TestKeys:
    def keys(self, line):
        batch = agree(ANY_PLAN, line).batch
        return batch.select([field.name for field in KEY_FIELDS]).to_pylist()

    def test_say_who_and_which_copy(self):
        (found,) = self.keys(event(**FULL))
        assert found["__key"].hex() == hashlib.sha256(b"E|user-42|1788249600|29fc2962").hexdigest()
        assert (found["__split"], found["__processed"], found["__received"]) == (0, 1788249602018, 1788249601733)

    @pytest.mark.parametrize("more", [{}, {"$insert_id": ""}, {"$insert_id": None}])
    def test_are_those_of_the_line_without_an_insert_id(self, more):
        line = event(**more)
        (found,) = self.keys(line)
        assert found["__key"] == hashlib.sha256(line[:-1]).digest()
        assert (found["__split"], found["__processed"], found["__received"]) == (-1, 0, 0)

    @pytest.mark.parametrize(
        ("one", "other", "same"),
        [
            ({}, {"mp_processing_time_ms": 1}, True),
            ({}, {"$insert_id": "x"}, False),
            ({}, {"distinct_id": "x"}, False),
            ({}, {"time": 1788249601}, False),
            ({"distinct_id": 7}, {"distinct_id": "7"}, True),
            ({"distinct_id": None}, {"distinct_id": ""}, False),
            ({"distinct_id": {"b": 1, "a": 2}}, {"distinct_id": {"a": 2, "b": 1}}, True),
            (
                {"distinct_id": "a|1788249600", "$insert_id": "x"},
                {"distinct_id": "a", "$insert_id": "1788249600|x"},
                False,
            ),
            ({"distinct_id": "\ud83d"}, {"distinct_id": "\ud83e"}, False),
        ],
    )
    def test_are_equal_exactly_for_equal_identities(self, one, other, same):
        first, second = self.keys(event(**FULL | one) + event(**FULL | other))
        assert ((first["__key"], first["__split"]) == (second["__key"], second["__split"])) is same

    def test_tell_apart_what_a_separator_inside_a_part_makes_look_alike(self):
        plain = event(**FULL | {"distinct_id": None, "$insert_id": "|7|i"}, time=1788249600)
        tricky = event(**FULL | {"distinct_id": None, "$insert_id": "i"}, time=7)
        first, second = self.keys(plain + tricky.replace(b'"event": "E"', b'"event": "E||1788249600"'))
        assert first["__key"] == second["__key"]
        assert first["__split"] != second["__split"]


class TestLocalTime:
    reading = TimeReading("legacy", "Europe/Berlin")
    plan = make_plan(
        {"id": "event", "when": "tributary.timestamp", "flag": "tributary.time_flag", "raw": "properties.time"},
        make_schema(
            {
                "id": {"type": "string"},
                "when": {"type": "string", "format": "date-time"},
                "flag": {"type": "string"},
                "raw": {"type": "integer"},
            },
            ["id", "when"],
        ),
        reading,
    )

    def mapped(self, wall, **more):
        raw = int(datetime.fromisoformat(wall).replace(tzinfo=UTC).timestamp())
        (row,) = rows_of(self.plan, event(time=raw, **more))
        found = self.plan.evaluate(Lines(event(time=raw, **more)), 1)
        assert row["raw"] == raw
        assert [flagged.name for flagged in found.flags] == ([row["flag"]] if row["flag"] else [])
        return f"{row['when']:%d %H:%M}", row["flag"], str(np.datetime64(int(found.days[0]), "D"))

    def test_is_converted_and_its_day_stays_the_day_mixpanel_was_asked_for(self):
        assert self.mapped("2026-07-02T00:30:00") == ("01 22:30", None, "2026-07-02")

    def test_in_the_gap_is_moved_and_flagged(self):
        assert self.mapped("2026-03-29T02:30:00") == ("29 01:30", "nonexistent_local_time", "2026-03-29")

    def test_in_the_overlap_is_settled_by_receipt_or_flagged(self):
        late = int(datetime(2026, 10, 25, 1, 31, tzinfo=UTC).timestamp() * 1000)
        assert self.mapped("2026-10-25T02:30:00", **{"$mp_api_timestamp_ms": late})[:2] == ("25 01:30", None)
        imported = {"$mp_api_timestamp_ms": late, "$import": True}
        assert self.mapped("2026-10-25T02:30:00", **imported)[:2] == ("25 00:30", "ambiguous_local_time")

    def test_an_unknown_zone_is_refused_before_any_record(self):
        with pytest.raises(ZoneInfoNotFoundError):
            compile_plan(self.plan.bound, TimeReading("legacy", "Europe/Atlantis"))


class TestPreview:
    plan = make_plan(
        {"id": "properties.key", "n": "properties.n"},
        make_schema({"id": {"type": "string"}, "n": {"type": "integer"}}, ["id"]),
    )

    def preview(self, **properties):
        return self.plan.preview([json.loads(event(**properties))])[0]

    def test_shows_values(self):
        shown = self.preview(key="k", n="7")
        assert (shown.values, shown.errors, shown.rejected) == ({"id": "k", "n": 7}, {}, None)

    def test_shows_what_was_left_out(self):
        shown = self.preview(key="k", n="x")
        assert shown.values == {"id": "k", "n": None}
        assert list(shown.errors) == ["n"]
        assert shown.rejected is None

    def test_shows_the_other_cells_of_a_rejected_record_too(self):
        shown = self.preview(n=7)
        assert shown.values["n"] == 7
        assert list(shown.errors) == ["id"]
        assert shown.rejected.code == "INGEST-1555-400"

    def test_shows_a_record_without_time(self):
        shown = self.preview(time=None)
        assert shown.values == {}
        assert list(shown.errors) == ["properties.time"]
