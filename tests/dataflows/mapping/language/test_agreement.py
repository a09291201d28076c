"""Random expressions over random records: the columnar evaluator says what the row evaluator says."""

import json

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from dataflows.mapping.language import FUNCTIONS, ExpressionInvalid, compile_expression
from tests.dataflows.mapping.language.expressions import both, line_of

PATHS = (
    "event", "properties.a", "properties.b", "properties.c", "properties.${d e}", "properties.c.x", "properties.b[0]",
    "properties.c[*].x", "properties.time", "tributary.timestamp", "tributary.event_id",
)  # fmt: skip
TEXTS = (
    "", "a", "A b", "5", "1.5", "true", "2020-02-03", "2020-02-03T04:05:06Z", "2020-02-03 04:05:06.7",
    "https://x.y/z?a=b#c", "ß İ", "a,b", "k:v", '{"a": 1}', "yyyy-MM-dd HH:mm:ss.SSSX", "[a-z]+", "MM",
    "Europe/Paris", "UTF-8", "\ud800", "é" * 30,
)  # fmt: skip
NUMBERS = (0, 1, -1, 7, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 2**64, 0.5, -0.0, 1e300, 1788249600, 1788249600123)
SCALARS = st.one_of(st.sampled_from(TEXTS), st.sampled_from(NUMBERS), st.booleans(), st.none())
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("xyk"), inner, max_size=3),
    max_leaves=6,
)
READING = ("contains_key", "is_set")
LITERALS = st.sampled_from(TEXTS).map(json.dumps) | st.sampled_from((0, 1, 2, 3, 10, 1000, 0.5, 100000000000)).map(str)
LITERALS |= st.sampled_from(("true", "false", "null", "[1, null, 'a']", "{'x': 1}"))
USABLE = sorted(
    name for name, function in FUNCTIONS.items() if not function.refused and name not in ("contains_key", "is_set")
)
BINARY = ("+", "-", "*", "/", "%", "==", "!=", "<", "<=", ">", ">=", "=~", "!~", "&&", "||")
RECORDS = st.lists(
    st.fixed_dictionaries({}, optional=dict.fromkeys(("a", "b", "c", "d e"), VALUES)), min_size=1, max_size=6
)
PLAIN = st.lists(
    st.fixed_dictionaries(
        {"a": st.sampled_from(TEXTS[:16])},
        optional={"b": st.sampled_from(NUMBERS[:8]), "c": st.booleans(), "d e": st.sampled_from(TEXTS[:4])},
    ),
    min_size=1,
    max_size=8,
)


def calls(inner):
    def call(name):
        function = FUNCTIONS[name]
        most = function.most if function.most is not None else function.least + 3
        return st.lists(inner, min_size=function.least, max_size=max(most, function.least)).map(
            lambda given: f"{name}({', '.join(given)})"
        )

    return st.sampled_from(USABLE).flatmap(call)


def operations(inner):
    return st.one_of(
        st.tuples(inner, st.sampled_from(BINARY), inner).map(lambda parts: f"({' '.join(parts)})"),
        st.tuples(st.sampled_from(("-", "!", "~", "empty ", "size ")), inner).map(lambda parts: f"({''.join(parts)})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
        st.tuples(inner, inner).map(lambda parts: f"({parts[0]})[{parts[1]}]"),
        inner.map(lambda part: f"({part}).x"),
    )


EXPRESSIONS = st.recursive(
    st.sampled_from(PATHS) | LITERALS, lambda inner: calls(inner) | operations(inner), max_leaves=6
)


def compiled(text):
    """The program, or nothing for what is refused beforehand."""
    try:
        return compile_expression(text)
    except ExpressionInvalid:
        return assume(condition=False)


@given(text=EXPRESSIONS, records=RECORDS | PLAIN)
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@example(text="properties.b + properties.b", records=[{"b": 2**63 - 1}, {}])
@example(text="lower(properties.a)", records=[{"a": "X"}] * 9 + [{}])
@example(text="lower(properties.a)", records=[{"a": "X"}] * 9 + [{"a": [1]}])
@example(text="date(properties.a)", records=[{"a": "2020-02-30T00:00:00Z"}, {"a": "2020-02-03T00:00:00Z"}])
@example(text="dformat(properties.b, 5)", records=[{"b": 1788249600000}])
@example(text="date(properties.a, 'yyyy', 'x')", records=[{"a": "2020"}] * 9 + [{}])
@example(
    text="iif(properties.c, properties.a, null)", records=[{"a": "x", "c": True}, {"a": "y", "c": False}, {"a": "z"}]
)
def test_both_evaluators_agree(text, records):
    both(compiled(text), [line_of(record) for record in records])


@example(text="left(event, null)", records=[{}] * 5)
@given(text=calls(st.sampled_from(PATHS) | LITERALS), records=RECORDS | PLAIN)
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_evaluators_agree_on_every_function(text, records):
    both(compiled(text), [line_of(record) for record in records])
