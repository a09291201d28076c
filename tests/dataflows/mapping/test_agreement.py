"""Hostile records and random mappings: the columnar evaluator says what the row evaluator says."""

import json
import math

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dataflows.mapping import TimeReading
from tests.dataflows.mapping.agreement import agree
from tests.dataflows.mapping.conftest import make_plan, make_schema

INNER_BOX = {
    "type": "object",
    "properties": {"y": {"type": "integer"}, "z": {"type": "string"}},
    "required": ["y"],
}
SCHEMA = make_schema(
    {
        "id": {"type": "string"},
        "text": {"type": "string"},
        "choice": {"type": "string", "enum": ["a", "5", ""]},
        "double": {"type": "number"},
        "long": {"type": "integer"},
        "byte": {"type": "integer", "minimum": -128, "maximum": 128},
        "flag": {"type": "boolean"},
        "day": {"type": "string", "format": "date"},
        "when": {"type": "string", "format": "date-time"},
        "mark": {"type": "string"},
        "list": {"type": "array", "items": {"type": "integer"}},
        "map": {"type": "object", "additionalProperties": {"type": "string"}},
        "box": {"type": "object", "properties": {"x": {"type": "string"}, "in": INNER_BOX}},
        "must": {"type": "object", "properties": {"v": {"type": "string"}}},
    },
    required=["id", "must"],
)
BELOW = ("properties.a", "properties.b", "properties.${c d}", "properties.a.x", "properties.b[0]", "properties.time")
SOURCES = st.sampled_from(("event", *BELOW))
OBJECTS = st.sampled_from(("properties.a", "properties.b", "properties"))
ARRAYS = st.sampled_from(("properties.a", "properties.b", "properties.b[0]"))
BOXES = st.sampled_from(
    (
        {},
        {"box": "properties.a"},
        {"box.x": "event", "box.in.y": "properties.b"},
        {"box.in.y": "properties.a", "box.in.z": "properties.b"},
    )
)

NUMBERS = st.sampled_from((0, 1, -1, 127, 128, 2**31, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30, 1788249600000))
FLOATS = st.sampled_from((0.0, -0.0, 1.0, 1.5, 1e22, 5e-324, 2.0**53, math.inf, -math.inf, math.nan))
ODD_TEXTS = ("", "a", "5", " 7 ", "12.0", "1e3", "true", "NO", "2026-03-01", "12112020", "é", "\ud83d", "\x00")
TEXTS = st.one_of(st.sampled_from(ODD_TEXTS), st.text(max_size=6))
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, FLOATS, TEXTS)
NAMES = st.sampled_from(("x", "y", "z", "in", "\udc00"))
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=5,
)


def mostly(good, odd):
    """``one_of`` would weigh every alternative inside ``odd`` as much as ``good``; here it is one in ten."""
    return st.integers(0, 9).flatmap(lambda dice: odd if dice == 9 else good)


# The night of 26 October 2025, when Berlin's clocks went back.
NIGHT = st.integers(1761436800, 1761451200)
TIMES = mostly(st.one_of(NIGHT, st.sampled_from((1761444000000, "1761444000", 1.761444e9))), VALUES)


USUAL = st.sampled_from(
    (1, "5", 2.5, True, "no", "2026-03-01", "a", [1, "2", None], {"x": "a", "y": 1, "in": {"y": 2}})
)


# A column of one type takes the short way through the columnar evaluator, so often all its values are of one.
FLAVOURS = st.sampled_from((NUMBERS, NUMBERS, FLOATS, FLOATS, TEXTS, st.booleans(), USUAL, USUAL | VALUES))


@st.composite
def records(draw, a, b):
    properties = draw(
        st.fixed_dictionaries(
            {"time": TIMES, "a": a, "b": b},
            optional={
                "c d": USUAL | VALUES,
                "unwanted": VALUES,
                "distinct_id": mostly(st.sampled_from(("someone", 7)), VALUES),
                "$insert_id": mostly(st.sampled_from(("abc", "", 5)), VALUES),
                "$import": VALUES,
                "$mp_api_timestamp_ms": mostly(NIGHT.map(lambda second: second * 1000), VALUES),
                "mp_processing_time_ms": a,
            },
        )
    )
    event = draw(mostly(st.sampled_from(("E", "Ünter")), TEXTS | VALUES))
    text = json.dumps({"event": event, "properties": properties}, ensure_ascii=draw(st.booleans()))
    return text.encode("utf-8", "surrogatepass")


ODD_LINES = (b"", b"  ", b"\r", b"{", b"[]", b"null", b"NaN", b"{}{}", b'{"event":"E"}', b"\xff", b"terminated early")
NOISE = st.binary(max_size=8).map(lambda line: line.replace(b"\n", b""))


@st.composite
def blocks(draw):
    record = records(draw(FLAVOURS), draw(FLAVOURS))
    lines = draw(st.lists(mostly(record, st.sampled_from(ODD_LINES) | NOISE), min_size=1, max_size=8))
    return b"".join(line + b"\n" for line in lines)


MAPPINGS = st.fixed_dictionaries(
    {
        "id": mostly(
            st.sampled_from(("tributary.event_id", "=fixed")),
            st.sampled_from(("properties.$insert_id", "properties.a")),
        ),
        "must.v": mostly(st.sampled_from(("event", "=fixed")), st.just("properties.a")),
        "text": SOURCES,
        "double": SOURCES,
        "long": SOURCES,
        "byte": st.one_of(SOURCES, st.just("=5")),
        "flag": SOURCES,
        "day": SOURCES,
        "when": st.one_of(SOURCES, st.just("tributary.timestamp")),
        "mark": st.sampled_from(("tributary.time_flag", "tributary.event_id")),
        "list": ARRAYS,
        "map": OBJECTS,
    },
    optional={"choice": SOURCES},
)
READINGS = st.sampled_from((TimeReading("utc", "UTC"), TimeReading("legacy", "Europe/Berlin")))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(MAPPINGS, BOXES, READINGS, blocks())
def test_both_evaluators_agree(mapping, boxes, reading, block):
    agree(make_plan(mapping | boxes, SCHEMA, reading), block, first_line=11)
