"""From the field that a rejection names to the place in the record."""

from __future__ import annotations

import pytest

from dataflows.diagnostics.sources import is_target, paths_of


def row(source: str, destination: str, kind: str = "ATTRIBUTE") -> dict[str, str]:
    return {"sourceType": kind, "source": source, "destination": destination}


MAPPING = [
    row("properties.price", "_acme.price"),
    row("properties.${Plan Type}", "_acme.plan"),
    row("properties.cart", "_acme.cart"),
    row("tributary.event_id", "_id"),
    row("tributary.timestamp", "timestamp"),
    row("shop", "_acme.origin", "STATIC"),
    row("iif(properties.a.b > 1, lower(properties.${Plan Type}), 'properties.no')", "_acme.mixed", "EXPRESSION"),
    row("properties.items[*].sku", "_acme.skus", "EXPRESSION"),
    row("upper('unclosed", "_acme.broken", "EXPRESSION"),
    row("concat(event, properties.tags[0])", "_acme.name", "EXPRESSION"),
]


@pytest.mark.parametrize(
    ("field", "paths"),
    [
        ("_acme.price", [("properties", "price")]),
        ("_acme.plan", [("properties", "Plan Type")]),
        ("_acme.cart.total", [("properties", "cart", "total")]),
        ("_id", [("event",), ("properties", "distinct_id"), ("properties", "time"), ("properties", "$insert_id")]),
        ("timestamp", [("properties", "time")]),
        ("_acme.origin", []),
        ("_acme.mixed", [("properties", "a", "b"), ("properties", "Plan Type")]),
        ("_acme.name", [("event",), ("properties", "tags", 0)]),
        ("_acme.skus", [("properties", "items")]),
        ("_acme.broken", []),
        ("properties.time", [("properties", "time")]),
        ("event", [("event",)]),
        ("_acme.unmapped", []),
        ("_acme", [("properties", "price")]),
        ("", []),
        ("properties.}{", []),
    ],
)
def test_a_field_leads_to_the_values_it_came_from(field, paths):
    assert paths_of(field, MAPPING) == paths


def test_only_fields_of_the_dataset_have_a_mapping_row():
    assert [is_target(field) for field in ("_acme.price", "_id", "event", "properties.time", "")] == [
        True,
        True,
        False,
        False,
        False,
    ]
