"""Each hostile record of ``docs/exactness.md`` through a whole run: what is in the dataset, and what is set aside.

That both evaluators agree about each is tested in ``tests/dataflows/mapping/test_records.py``.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from dataflows import stores
from dataflows.messages import message_for
from dataflows.models import Dataset, RunStatus, Schema
from dataflows.runs import rejects
from tests.dataflows.mapping.conftest import event as record
from tests.dataflows.mapping.conftest import make_plan, make_schema
from tests.dataflows.mapping.record_cases import CASES, FILE, line_of, mapping_of, row_of
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events

PLAN_SCHEMA = make_schema(FILE["schema"], FILE["required"])
DOCUMENT = {
    "$id": "https://ns.example/hostile",
    "title": "Hostile records",
    "meta:class": "https://ns.adobe.com/xdm/context/profile",
    "type": "object",
    "properties": FILE["schema"],
    "required": FILE["required"],
}
FULL = {"key": "k", "y": "y", "t": "good", "c": "a", "n": 1}
BEFORE = b"".join(record(**FULL, **{"$insert_id": f"before-{number}"}) for number in range(3))
BEHIND = b"".join(record(**FULL, **{"$insert_id": f"behind-{number}"}) for number in range(3))


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What is tested here does not depend on the kind of store, so a folder is enough."""
    return str(tmp_path)


@pytest.fixture
def hostile(bench: Bench) -> Bench:
    """A dataflow into a dataset of the cases' own schema, which tolerates any share of rejected records."""
    schema = Schema.objects.create(title=DOCUMENT["title"], document=DOCUMENT)
    bench.flow.dataset = Dataset.objects.create(name="Hostile", schema=schema)
    stores.lake().create(bench.flow.dataset.table, schema.xdm.arrow_schema())
    bench.flow.error_threshold = 100
    bench.flow.save()
    return bench


def as_stored(mapping: dict[str, str]) -> list[dict[str, str]]:
    rows = []
    for destination, source in mapping.items():
        kind = "STATIC" if source.startswith("=") else "ATTRIBUTE"
        rows.append({"sourceType": kind, "source": source.removeprefix("="), "destination": destination})
    return rows


def run_of(bench: Bench, case: dict[str, Any]) -> Any:
    bench.flow.mapping = as_stored(mapping_of(case))
    bench.flow.save()
    bench.export(BEFORE + line_of(case) + BEHIND)
    run = bench.advance(bench.start())
    assert run.status == RunStatus.SUCCEEDED, run.error_detail
    return run


def loaded(bench: Bench) -> list[dict[str, Any]]:
    found = stores.lake().open(bench.flow.dataset.table).load().scan().to_arrow()
    return list(found.to_pylist(maps_as_pydicts="strict"))


KEPT = [case for case in CASES if "error" not in case]
REJECTED = [case for case in CASES if "error" in case]


@pytest.mark.parametrize("case", KEPT, ids=lambda case: case["name"])
def test_is_in_the_dataset_exactly(hostile: Bench, case: dict[str, Any]):
    run = run_of(hostile, case)
    assert (run.received, run.loaded, run.duplicate, run.rejected) == (7, 7, 0, 0)
    expected = make_plan(mapping_of(case), PLAN_SCHEMA).evaluate_record(line_of(case), 4)
    (row,) = [row for row in loaded(hostile) if row["id"] == expected["id"]]
    assert json.dumps({name: row[name] for name in case["row"]}) == json.dumps(row_of(case))
    warnings = [reason for reason in run.windows.get().errors if reason["kind"] == "warning"]
    assert sorted(warning["field"] for warning in warnings) == sorted(case.get("warnings", []))
    assert all(message_for(warning["code"]).todo for warning in warnings)


@pytest.mark.parametrize("case", REJECTED, ids=lambda case: case["name"])
def test_is_set_aside_byte_for_byte(hostile: Bench, case: dict[str, Any]):
    run = run_of(hostile, case)
    assert (run.received, run.loaded, run.duplicate, run.rejected) == (7, 6, 0, 1)
    assert len(loaded(hostile)) == 6
    window = run.windows.get()
    (kept,) = rejects.read(stores.landing(), [window.days[0]["rejected_key"]])
    assert kept["raw"].encode("utf-8", "surrogateescape") + b"\n" == line_of(case)
    assert [kept["code"], kept["field"], kept["line"]] == [*case["error"], 4]
    (reason,) = [reason for reason in window.errors if reason["kind"] == "rejected"]
    assert [reason["code"], reason["field"], reason["count"]] == [*case["error"], 1]
    assert message_for(kept["code"]).todo


def test_all_of_them_in_one_answer_cost_nobody_else(hostile: Bench):
    """Two thousand good records among all hostile ones."""
    good = [record(**FULL, **{"$insert_id": f"good-{number}"}) for number in range(20 * len(CASES))]
    lines = b"".join(b"".join(good[20 * at : 20 * at + 20]) + line_of(case) for at, case in enumerate(CASES))
    hostile.flow.mapping = as_stored({"id": "tributary.event_id", "text": "properties.t", "number": "properties.n"})
    hostile.flow.save()
    hostile.export(lines + BEHIND)
    run = hostile.advance(hostile.start())
    assert run.status == RunStatus.SUCCEEDED
    assert run.received == len(good) + len(CASES) + 3
    assert run.received == run.loaded + run.duplicate + run.rejected
    assert len([row for row in loaded(hostile) if row["text"] == "good"]) == len(good) + 3


def test_a_hostile_last_record_does_not_make_the_answer_incomplete(hostile: Bench):
    hostile.flow.mapping = as_stored({"id": "tributary.event_id"})
    hostile.flow.save()
    no_event = {"", "properties", "event"}
    for case in [case for case in CASES if "error" not in case or case["error"][1] not in no_event]:
        hostile.export(BEFORE + line_of(case))
        run = hostile.advance(hostile.start())
        assert (run.status, run.received) == (RunStatus.SUCCEEDED, 4), case["name"]


class TestARecordOfAnotherDay:
    @pytest.mark.parametrize("seconds", [-1, 0, 86_400, 253_402_000_000], ids=["1969", "1970", "1970-01-02", "far"])
    def test_is_rejected_with_its_text_and_not_loaded_anywhere(self, bench: Bench, seconds: int):
        foreign = event(FIRST, 5, time=seconds)
        bench.export(events(FIRST, 99) + foreign)
        run = bench.run()
        assert (run.received, run.loaded, run.rejected) == (100, 99, 1)
        (kept,) = rejects.read(stores.landing(), [bench.flow.days.get().rejected_key])
        assert kept["code"] == "INGEST-1502-400"
        assert kept["raw"].encode() + b"\n" == foreign
        assert {row["_day"] for row in bench.rows()} == {FIRST}

    def test_at_midnight_belongs_to_the_day_that_begins(self, bench: Bench):
        midnight = int(datetime(SECOND.year, SECOND.month, SECOND.day, tzinfo=UTC).timestamp())
        last, first = event(FIRST, 1, time=midnight - 1), event(SECOND, 2, time=midnight)
        bench.export(last + first)
        bench.flow.error_threshold = 100
        bench.flow.save()
        run = bench.run()
        assert (run.loaded, run.rejected) == (1, 1)
        assert bench.rows()[0]["timestamp"] == datetime.fromtimestamp(midnight - 1, UTC)


class TestSecondReadings:
    def test_of_hostile_records_change_nothing(self, hostile: Bench):
        body = BEFORE + b"".join(map(line_of, CASES)) + BEHIND
        hostile.flow.mapping = as_stored({"id": "tributary.event_id", "text": "properties.t"})
        hostile.flow.save()
        hostile.export(body)
        hostile.run()
        first = sorted(map(str, loaded(hostile)))
        run = hostile.finish(hostile.start())
        assert run.status == RunStatus.SUCCEEDED
        assert sorted(map(str, loaded(hostile))) == first
