"""Few records that show everything, chosen from many."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from dataflows.mapping.choosing import _features, choose


def record(event: str = "View", **properties: Any) -> dict[str, Any]:
    return {"event": event, "properties": properties}


PLENTY = 1_000_000


class TestChoose:
    def test_shows_every_event_and_every_type_of_a_property_first(self):
        rare = [record("Refund", price=1), record(price="1.0"), record(price=None), record(price=1.5)]
        many = [record(price=n) for n in range(1000)]
        chosen = choose([*many, *rare], 5, PLENTY)
        assert {each["event"] for each in chosen} == {"View", "Refund"}
        assert {type(each["properties"]["price"]) for each in chosen} == {int, str, float, type(None)}

    def test_prefers_the_record_that_shows_most(self):
        chosen = choose([record(a=1), record(a=1, b=1, c=1), record(b=1)], 1, PLENTY)
        assert chosen == [record(a=1, b=1, c=1)]

    def test_sees_types_inside_objects(self):
        chosen = choose([record(who={"age": 1}), record(who={"age": 2}), record(who={"age": "3"})], 2, PLENTY)
        assert chosen == [record(who={"age": 1}), record(who={"age": "3"})]

    def test_lets_events_take_turns_when_all_is_seen(self):
        chosen = choose([record("A", n=n) for n in range(50)] + [record("B", n=n) for n in range(2)], 6, PLENTY)
        assert sorted(each["event"] for each in chosen) == ["A", "A", "A", "A", "B", "B"]

    def test_keeps_to_the_size_allowed(self):
        chosen = choose([record(text="x" * 500) for _ in range(10)], 10, 1200)
        assert len(chosen) == 2

    def test_of_nothing_is_nothing(self):
        assert choose([], 5, PLENTY) == []


VALUES = st.sampled_from([None, True, 1, 2, 0.5, "text", [], {"inside": 1}, {"inside": "text"}])
RECORDS = st.lists(
    st.builds(
        lambda event, properties: {"event": event, "properties": properties},
        st.sampled_from("ABC"),
        st.dictionaries(st.sampled_from("xyz"), VALUES),
    ),
    max_size=30,
)


@given(RECORDS)
def test_nothing_is_left_unseen_and_nothing_is_shown_twice(records: list[dict[str, Any]]):
    chosen = choose(records, len(records), PLENTY)
    assert sorted(map(id, chosen)) == sorted(map(id, records))
    everything = {feature for each in records for feature in _features(each)}
    needed = choose(records, len(everything), PLENTY)
    assert {feature for each in needed for feature in _features(each)} == everything
    assert [id(each) for each in choose(records, 5, PLENTY)] == [id(each) for each in chosen[:5]]
