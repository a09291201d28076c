"""What is wrong with an expression is told at its place, with the remedy."""

import time

import pytest

from dataflows.mapping.language import ExpressionInvalid, compile_expression
from dataflows.mapping.language.kinds import ARRAY, BOOLEAN

SOURCES = {("properties", "tags"): ARRAY, ("properties", "email"): frozenset(), ("properties", "ok"): BOOLEAN} | {
    ("properties", "$mp_api_timestamp_ms"): frozenset()
}


@pytest.mark.parametrize(
    ("text", "position", "message", "remedy"),
    [
        ("lowr(event)", 0, "There is no function lowr().", "Did you mean lower()?"),
        ("concat(lower(event), uper(event))", 21, "There is no function uper().", "Did you mean upper()?"),
        ("completely(event)", 0, "There is no function completely().", "Choose a function from the list."),
        ("substr(event, 1)", 0, "substr() takes 3 arguments, here it gets 2.", "substr(INPUT, START, LENGTH)"),
        ("now(1)", 0, "now() takes 0 arguments, here it gets 1.", "now()"),
        ("explode(event, ',', 1)", 0, "explode() takes 1 to 2 arguments, here it gets 3.", "explode(INPUT [, REGEX])"),
        ('concat("a, event)', 7, "The quote is not closed.", 'Close the text with ".'),
        ("concat('a, event)", 7, "The quote is not closed.", "Close the text with '."),
        ("lower(event", 5, "The closing ) is missing.", "Close it with )."),
        ("lower(event))", 12, "“)” does not belong here.", "An operator or the end"),
        ("properties.${Plan", 11, "The closing } is missing.", "${Plan Type}"),
        ("event = 'x'", 6, "A single = compares nothing.", "Write == "),
        ("event & true", 6, "A single & is no operator.", "Write &&."),
        ("", 0, "The expression is empty.", "Write an expression"),
        ("email", 0, "There is no source field email.", "Did you mean properties.email?"),
        ("timestamp", 0, "There is no source field timestamp.", "Did you mean tributary.timestamp?"),
        ("event + nowhere", 8, "There is no source field nowhere.", "Begin with event or properties."),
        ("tributary.magic", 0, "There is no source field tributary.magic.", "Begin with"),
        ("lower(properties.tags)", 6, "lower() takes a string or", "Join the array first"),
        ("join(',', event)", 10, "join() takes an array as objects, this is a string.", "Split the text first"),
        ("sha256(event, 'EBCDIC')", 14, "The charset is none of", "could never give a value"),
        ("matches_regex(event, '(a')", 21, "The regular expression cannot be used", "could never give a value"),
        ("matches_regex(event, '(a)\\\\1')", 21, "The regular expression cannot be used", "could never give a value"),
        ("event =~ '(?=a)'", 9, "Looking ahead or behind", "could never give a value"),
        ("date(event, 'yyyy-bb')", 12, "The date pattern has the letter b", "could never give a value"),
        ("date(event, 'YYYY-MM-dd')", 12, "A date cannot be read by the letter Y; use yyyy.", "could never"),
        ("zone_date_to_zone(now(), 'Europe/Berlinn')", 25, "There is no such time zone.", "could never"),
        ("1 / 0", 2, "Nothing can be divided by zero.", "always fails"),
        ("to_integer('twelve')", 0, "A whole number was expected", "always fails"),
        ("contains_key(event)", 13, "contains_key() takes a path in quotes.", 'contains_key("properties.plan")'),
        ("contains_key('properties.a b')", 26, "A name with this sign must be wrapped", "Correct the path."),
        ("x -> x > 0", 0, "Functions written with -> are for destinations", "functions for arrays"),
        ("fpid_to_ecid(event)", 0, "fpid_to_ecid() is not available here.", "not published"),
        ("event.name", 0, "There is no source field event.name.", "Begin with"),
    ],
)
def test_points_at_the_mistake(text, position, message, remedy):
    with pytest.raises(ExpressionInvalid) as caught:
        compile_expression(text, SOURCES)
    error = caught.value
    assert error.message.startswith(message)
    assert remedy in error.remedy
    assert error.position == position
    assert str(error) == f"{error.message}\n{text}\n{' ' * position}^"


def test_a_long_line_is_cut_to_what_surrounds_the_place():
    with pytest.raises(ExpressionInvalid) as caught:
        compile_expression(f"concat('{'x' * 500}', lowr(event), '{'y' * 500}')")
    _, line, caret = str(caught.value).split("\n")
    assert line.startswith("…")
    assert len(line) < 130
    assert line[len(caret) - 1 :].startswith("lowr(event)")


def test_of_several_lines_the_one_is_shown():
    with pytest.raises(ExpressionInvalid) as caught:
        compile_expression("concat(event,\n  lowr(event),\n  'x')")
    assert str(caught.value).endswith("\n  lowr(event),\n  ^")


class TestTooMuch:
    def test_4097_characters(self):
        compile_expression(f"'{'x' * 4094}'")
        with pytest.raises(ExpressionInvalid, match="has 4097 characters, at most 4096 are allowed"):
            compile_expression(f"'{'x' * 4095}'")

    @pytest.mark.parametrize(
        "text",
        [
            "lower(" * 200 + "event" + ")" * 200,
            "1" + "+1" * 2000,
            "!" * 4000 + "true",
            "event" + "[*]" * 1300,
            "[" * 2000 + "]" * 2000,
        ],
        ids=["calls", "a chain", "negations", "elements", "arrays"],
    )  # fmt: skip
    def test_nested_too_deep(self, text):
        started = time.monotonic()
        with pytest.raises(ExpressionInvalid, match=r"nested more than 100 deep|no function|nothing inside"):
            compile_expression(text)
        assert time.monotonic() - started < 5

    def test_parentheses_alone_are_no_depth(self):
        compile_expression("(" * 1500 + "1" + ")" * 1500)

    def test_a_regular_expression_that_would_explode_elsewhere(self):
        program = compile_expression("matches_regex(concat(properties.a, '!'), '(a+)+b')")
        started = time.monotonic()

        class Scope:
            def read(self, parts):
                return "a" * 100_000

        assert program.value(Scope()) is False
        assert time.monotonic() - started < 1

    def test_a_text_that_grows_and_grows(self):
        text = "lpad('x', 3000000)"
        with pytest.raises(ExpressionInvalid, match="The text that was made is too long"):
            compile_expression(f"concat({text}, {text})")


def test_nothing_of_python_can_be_reached():
    for text in ("event.__class__", "__import__('os')", "properties.__class__.__mro__", "lower.__globals__"):
        try:
            program = compile_expression(text)
        except ExpressionInvalid:
            continue
        assert all(parts[0] == "properties" for parts in program.paths)
