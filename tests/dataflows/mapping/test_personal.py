"""Which fields look like they say who somebody is."""

from __future__ import annotations

import pytest

from dataflows.mapping.personal import Personal, masks, personal
from dataflows.mapping.source_fields import infer


def field(name: str, *values: object):
    found = infer([{"event": "E", "properties": {name: value}} for value in values])
    return next(each for each in found if each.names[-1] == name)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("$email", "x", Personal.EMAIL),
        ("userEmail", "x", Personal.EMAIL),
        ("contact", "ann@example.org", Personal.EMAIL),
        ("Phone Number", "x", Personal.PHONE),
        ("mobile", "x", Personal.PHONE),
        ("reach", "+49 30 901820", Personal.PHONE),
        ("$name", "x", Personal.NAME),
        ("first_name", "x", Personal.NAME),
        ("Customer Name", "x", Personal.NAME),
        ("ip", "x", Personal.IP),
        ("source", "192.168.0.1", Personal.IP),
        ("source", "2001:db8::1", Personal.IP),
        ("item_name", "Jacket", None),
        ("event_name", "View", None),
        ("campaign name", "Spring", None),
        ("zip", "10115", None),
        ("order", "4711000815", None),
        ("version", "4.3.1", None),
        ("day", "2026-03-01", None),
        ("clock", "12:30:00", None),
        ("mobile", True, None),
    ],
)
def test_names_and_values_tell(name: str, value: object, kind: Personal | None):
    assert personal(field(name, value)) == kind


def test_most_of_the_values_decide():
    assert personal(field("note", "ann@example.org", "none", "nobody")) is None
    assert personal(field("note", "ann@example.org", "bob@example.org", "none")) is Personal.EMAIL


@pytest.mark.parametrize("kind", list(Personal))
def test_every_kind_can_be_hashed_with_and_without_key_and_truncated(kind: Personal):
    assert [mask.slug for mask in masks(kind)] == ["keyed_hash", "sha256", "truncate"]
    assert all("properties.x" in mask.expression("properties.x") for mask in masks(kind))
