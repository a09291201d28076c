"""What is wrong in a record is marked in its raw text, however odd the record is."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.diagnostics.json_places import broken_at, place_of
from dataflows.diagnostics.marking import absent, marked, visible

RECORD = '{"event": "Buy", "properties": {"price": "12 €", "tags": ["a", {"b": 1.5}], "price": "13 €", "empty": null}}'


def at(text: str, *path: str | int) -> str | None:
    place = place_of(text, path)
    return text[slice(*place)] if place else None


@pytest.mark.parametrize(
    ("path", "found"),
    [
        (("event",), '"Buy"'),
        (("properties", "tags"), '["a", {"b": 1.5}]'),
        (("properties", "tags", 1), '{"b": 1.5}'),
        (("properties", "tags", 1, "b"), "1.5"),
        (("properties", "empty"), "null"),
        (("properties", "tags", 2), None),
        (("properties", "nothing"), None),
        (("event", "x"), None),
        (("properties", 0), None),
    ],
)
def test_a_value_is_found_by_its_path(path, found):
    assert at(RECORD, *path) == found


def test_of_a_name_that_comes_twice_the_last_counts():
    assert at(RECORD, "properties", "price") == '"13 €"'


def test_a_value_is_found_in_a_text_that_was_cut():
    cut = RECORD[: RECORD.index('"empty"') + 4]
    assert at(cut, "properties", "tags", 0) == '"a"'
    assert at(cut, "properties", "empty") is None
    assert at("", "event") is None


def test_nesting_without_end_is_no_place():
    assert place_of('{"a":' + "[" * 100_000, ("b",)) is None
    assert broken_at("[" * 100_000) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(st.dictionaries(st.text(), JSON, min_size=1), st.booleans(), st.data())
def test_what_is_found_is_the_value(record, ascii_only, data):
    text = json.dumps(record, ensure_ascii=ascii_only, indent=data.draw(st.sampled_from([None, 2])))
    path, value = [], record
    while isinstance(value, dict | list) and value and (not path or data.draw(st.booleans())):
        step = data.draw(st.sampled_from(sorted(value) if isinstance(value, dict) else range(len(value))))
        path, value = [*path, step], value[step]
    assert json.loads(at(text, *path)) == value
    assert broken_at(text) is None


@pytest.mark.parametrize(
    ("text", "place"),
    [('{"a": 1,,}', 8), ("not json", 0), ('{"a": 1} tail', 9), ('{"a": "open', 6), ("", 0), ('{"a"', 3)],
)
def test_the_place_is_found_where_a_text_stops_being_json(text, place):
    assert broken_at(text) == place


def shown(pieces) -> str:
    return "".join(f"[{piece.text}]" if piece.marked else piece.text or f"…{piece.skipped}…" for piece in pieces)


PRICE = [("properties", "price")]


def test_the_value_is_marked():
    assert shown(marked('{"properties": {"price": "x"}}', PRICE)) == '{"properties": {"price": ["x"]}}'


def test_a_record_without_the_value_is_told():
    assert absent("{}", PRICE)
    assert not absent(RECORD, PRICE)
    assert not absent("{}", [])


def test_a_value_inside_another_is_marked_once():
    pieces = marked('{"properties": {"price": {"of": 1}}}', [("properties", "price"), ("properties", "price", "of")])
    assert shown(pieces) == '{"properties": {"price": [{"of": 1}]}}'


def test_a_long_record_is_cut_around_the_value():
    raw = json.dumps({"before": "b" * 5000, "properties": {"price": "zebra"}, "after": "a" * 5000})
    pieces = marked(raw, PRICE)
    assert '["zebra"]' in shown(pieces)
    assert sum(len(piece.text) for piece in pieces) < 600
    assert sum(len(piece.text) + piece.skipped for piece in pieces) == len(raw)
    assert [piece.skipped > 4000 for piece in pieces if piece.skipped] == [True, True]


def test_a_value_of_two_megabytes_keeps_its_beginning_and_end():
    raw = json.dumps({"properties": {"price": "x" * 2_000_000}})
    pieces = marked(raw, PRICE)
    assert sum(len(piece.text) for piece in pieces) < 1500
    assert [piece.text[:3] for piece in pieces if piece.marked] == ['"xx', "xxx"]


def test_a_long_record_without_a_place_shows_its_beginning():
    pieces = marked("y" * 10_000, [])
    assert (pieces[0].text, pieces[1].skipped) == ("y" * 700, 9300)


def test_what_is_no_json_is_marked_where_it_breaks():
    assert shown(marked('{"a": 1,,}', [], broken=True)) == '{"a": 1,[,]}'


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("a\x00b\x1b", "a\\x00b\\x1b"),
        ("a\u202eb\u200f", "a\\u202eb\\u200f"),
        (b"caf\xe9".decode("utf-8", "surrogateescape"), "caf\\xe9"),
        ("\ud800", "\\ud800"),
        ("a\nb\tc\xa0", "a\\nb\\tc\\xa0"),
        ("\U000e0041", "\\U000e0041"),
        ("שלום café 日本", "שלום café 日本"),
    ],
)
def test_signs_that_no_screen_shows_become_visible(text, seen):
    assert visible(text) == seen


@given(st.text(max_size=3000), st.booleans())
def test_no_sign_is_lost_without_being_counted(raw, broken):
    pieces = marked(raw, PRICE, broken=broken)
    plain = "".join(piece.text for piece in pieces)
    plain.encode()
    assert len(plain) + sum(piece.skipped for piece in pieces) >= len(raw)
