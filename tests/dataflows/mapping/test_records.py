import json
from datetime import date
from pathlib import Path

import pytest

from dataflows.mapping import Rejected
from tests.dataflows.mapping.agreement import agree, rows_of
from tests.dataflows.mapping.conftest import event, make_plan, make_schema

CASES = json.loads((Path(__file__).parent / "cases" / "records.json").read_text())
SCHEMA = make_schema(CASES["schema"], CASES["required"])


def line_of(case):
    if "line" in case:
        return case["line"].encode("latin-1") + b"\n"
    return event(**case["given"])


@pytest.mark.parametrize("case", CASES["cases"], ids=lambda case: case["name"])
class TestOneRecord:
    def plan(self, case):
        return make_plan({"id": "tributary.event_id"} | case["mapping"], SCHEMA)

    def test_comes_out_as_it_should(self, case):
        found = self.plan(case).evaluate_record(line_of(case), 7)
        if "error" in case:
            assert isinstance(found, Rejected)
            assert [found.code, found.field] == case["error"]
            assert (found.line, found.raw) == (7, line_of(case)[:-1])
            assert found.day == (date.fromisoformat(case["day"]) if "day" in case else None)
        else:
            assert {name: found[name] for name in case["row"]} == case["row"]

    def test_comes_out_the_same_from_a_block_and_costs_no_neighbour(self, case):
        good = event(key="k", y="y", t="good", c="a")
        found = agree(self.plan(case), good * 3 + line_of(case) + b"\n" + good * 3, first_line=100)
        accepted = 6 if "error" in case else 7
        assert found.batch.num_rows == accepted
        assert [rejected.line for rejected in found.rejected] == ([103] if "error" in case else [])
        assert sorted({target for _, target, _ in found.warnings}) == sorted(case.get("warnings", []))


def test_a_record_nested_too_deep_is_rejected_and_its_neighbours_are_not():
    deep = b'{"event":"E","properties":{"time":1788249600,"u":' + b"[" * 2000 + b"]" * 2000 + b"}}\n"
    found = agree(make_plan({"id": "event"}, SCHEMA), event() + deep + event())
    assert [(rejected.line, rejected.code) for rejected in found.rejected] == [(2, "INGEST-1401-400")]
    assert found.batch.num_rows == 2


def test_a_text_of_two_megabytes_is_kept():
    (row,) = rows_of(make_plan({"id": "event", "text": "properties.t"}, SCHEMA), event(t="x" * 2_000_000))
    assert len(row["text"]) == 2_000_000


@pytest.mark.parametrize(
    "block",
    [
        b'{"event":"A","properties":{"time":1\n}}\n{"event":"B","properties":{"time":1}}{"event":"C","properties":{"time":1}}\n',
        b'{"event":"A","properties":{"time":1}\n,"x":1}\n{"event":"C","properties":{"time":1}}{"event":"D","properties":{"time":1}}\n',
        b'{"event":"A","properties":{"time":1}}{"event":"B","properties":{"time":1}}\n\n',
        b'\x0b\n  \r\n{"event":"A","properties":{"time":1}}\r\n',
        b'{"event":"A","properties":{"time":1}} \n {"event":"B","properties":{"time":1}}\n',
        b'{"event":"A","properties":{"time":1}}',
        b"\n\n",
        b"",
    ],
)
def test_a_newline_always_ends_a_record(block):
    agree(make_plan({"id": "event"}, SCHEMA), block)
