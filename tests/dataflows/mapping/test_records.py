from datetime import date

import pytest

from dataflows.mapping import Rejected
from tests.dataflows.mapping.agreement import agree
from tests.dataflows.mapping.conftest import event, make_plan, make_schema
from tests.dataflows.mapping.record_cases import CASES, FILE, line_of, mapping_of, row_of

SCHEMA = make_schema(FILE["schema"], FILE["required"])


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
class TestOneRecord:
    def plan(self, case):
        return make_plan(mapping_of(case), SCHEMA)

    def test_comes_out_as_it_should(self, case):
        found = self.plan(case).evaluate_record(line_of(case), 7)
        if "error" in case:
            assert isinstance(found, Rejected)
            assert [found.code, found.field] == case["error"]
            assert (found.line, found.raw) == (7, line_of(case)[:-1])
            assert found.day == (date.fromisoformat(case["day"]) if "day" in case else None)
        else:
            # By their text, because 0.0 and -0.0 are equal.
            assert repr({name: found[name] for name in case["row"]}) == repr(row_of(case))

    def test_comes_out_the_same_from_a_block_and_costs_no_neighbour(self, case):
        good = event(key="k", y="y", t="good", c="a")
        found = agree(self.plan(case), good * 3 + line_of(case) + b"\n" + good * 3, first_line=100)
        accepted = 6 if "error" in case else 7
        assert found.batch.num_rows == accepted
        assert [rejected.line for rejected in found.rejected] == ([103] if "error" in case else [])
        assert sorted({target for _, target, *_ in found.warnings}) == sorted(case.get("warnings", []))


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
