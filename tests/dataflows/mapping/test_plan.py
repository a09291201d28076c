import hashlib
import json
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfoNotFoundError

import pytest

from dataflows.mapping import KEY_FIELDS, TimeReading, bind, compile_plan
from dataflows.mapping.automap import propose
from dataflows.schemas import XdmSchema, mixpanel_events
from tests.dataflows.mapping.agreement import agree
from tests.dataflows.mapping.conftest import UTC_READING, event, make_plan, make_schema


@pytest.fixture(scope="module")
def default_plan():
    schema = XdmSchema.from_json(mixpanel_events())
    return compile_plan(bind([found.row for found in propose([], schema)], schema), UTC_READING)


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

    def test_the_batch_has_all_columns_of_the_schema_and_the_keys(self, default_plan):
        batch = agree(default_plan, event(**FULL) * 3).batch
        assert batch.schema.names == default_plan.schema.names + [field.name for field in KEY_FIELDS]

    def test_without_an_insert_id_the_line_itself_is_the_identity(self, default_plan):
        line = event(distinct_id="u")
        row = default_plan.evaluate_record(line, 1)
        assert row["_id"] == hashlib.sha256(line[:-1]).hexdigest()

    def test_the_same_insert_id_on_two_events_makes_two_ids(self, default_plan):
        other = event(**FULL | {"distinct_id": "user-43"})
        batch = agree(default_plan, event(**FULL) + other).batch
        assert len(set(batch.column("_id").to_pylist())) == 2


class TestKeys:
    def keys(self, plan, line):
        row = agree(plan, line, first_line=5).batch.to_pylist()[0]
        return {field.name: row[field.name] for field in KEY_FIELDS}

    def test_say_who_when_and_which(self, default_plan):
        found = self.keys(default_plan, event(**FULL))
        assert isinstance(found.pop("__hash"), int)
        assert found == {
            "__line": 5,
            "__day": date(2026, 9, 1),
            "__event": "E",
            "__distinct_id": "user-42",
            "__time": 1788249600,
            "__insert_id": "29fc2962",
            "__line_digest": None,
            "__processed": 1788249602018,
            "__received": 1788249601733,
        }

    @pytest.mark.parametrize("more", [{}, {"$insert_id": ""}, {"$insert_id": None}])
    def test_take_the_digest_of_the_line_without_an_insert_id(self, default_plan, more):
        line = event(**more)
        found = self.keys(default_plan, line)
        assert found["__insert_id"] is None
        assert found["__line_digest"] == hashlib.blake2b(line[:-1], digest_size=16).digest()
        assert (found["__processed"], found["__received"]) == (0, 0)

    @pytest.mark.parametrize(
        ("given", "text"), [(7, "7"), ("7", "7"), ({"b": 1, "a": 2}, '{"a":2,"b":1}'), (True, "true")]
    )
    def test_write_any_distinct_id_as_text(self, given, text):
        plan = make_plan({"id": "event"}, make_schema({"id": {"type": "string"}}, ["id"]))
        assert self.keys(plan, event(distinct_id=given))["__distinct_id"] == text

    def test_the_hash_is_equal_exactly_for_equal_identities(self, default_plan):
        again = event(**FULL | {"mp_processing_time_ms": 1788249609999})
        other = event(**FULL | {"$insert_id": "x"})
        first, second, third = agree(default_plan, event(**FULL) + again + other).batch.column("__hash").to_pylist()
        assert first == second != third


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
        row = agree(self.plan, event(time=raw, **more)).batch.to_pylist()[0]
        assert row["raw"] == raw
        return f"{row['when']:%d %H:%M}", row["flag"], row["__day"].isoformat()

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
