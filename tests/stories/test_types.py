"""Stories of others: names that collide, values that change their type, one odd record that spoils everything.

What becomes of every kind of value is decided in ``docs/exactness.md`` and tested with it.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from dataflows import stores
from dataflows.models import Dataset, RunStatus, Schema
from dataflows.runs import rejects
from dataflows.schemas import XdmSchema
from dataflows.schemas.reading import SchemaInvalid
from tests.connectors.mixpanel.fault_server import gzip_answer
from tests.dataflows.runs.conftest import FIRST, MAPPING, Bench, event, events

TEXT = {"type": "string"}
DOCUMENT = {
    "$id": "https://ns.example/collision",
    "title": "Collision",
    "meta:class": "https://ns.adobe.com/xdm/context/profile",
    "type": "object",
}
FIELDS: dict[str, Any] = {
    "lower_name": {"type": "string"},
    "camel_name": {"type": "string"},
    "own_browser": {"type": "string"},
    "price": {"type": "number"},
    "quantity": {"type": "integer"},
    "gift": {"type": "boolean"},
    "browser_version": {"type": "string"},
    "items": {"type": "array", "items": {"type": "object", "properties": {"sku": {"type": "string"}}}},
}
SOURCES = {
    "lower_name": "properties.username",
    "camel_name": "properties.userName",
    "browser": "properties.browser",
    "own_browser": "properties.$browser",
    "price": "properties.price",
    "quantity": "properties.quantity",
    "gift": "properties.${Is Gift}",
    "browser_version": "properties.$browser_version",
    "items": "properties.items",
}


@pytest.fixture
def shop(bench: Bench) -> Bench:
    """A dataflow into a dataset with fields of many types beside the usual ones."""
    document = json.loads(json.dumps(bench.flow.dataset.schema.document))
    document["title"] = "Shop"
    document["properties"]["_tributary"]["properties"] |= FIELDS
    schema = Schema.objects.create(title="Shop", document=document)
    bench.flow.dataset = Dataset.objects.create(name="Typed", schema=schema)
    stores.lake().create(bench.flow.dataset.table, schema.xdm.arrow_schema())
    rows = [
        {"sourceType": "ATTRIBUTE", "source": source, "destination": f"_tributary.{name}"}
        for name, source in SOURCES.items()
    ]
    bench.flow.mapping = MAPPING + rows
    bench.flow.save()
    return bench


def loaded(bench: Bench, *records: bytes) -> list[dict[str, Any]]:
    """The tenant's object of every row, in the order of the users."""
    bench.export(b"".join(records))
    run = bench.run()
    assert run.status == RunStatus.SUCCEEDED, run.error_detail
    return sorted((row["_tributary"] for row in bench.rows()), key=lambda found: found["distinct_id"])


def test_names_that_differ_only_in_case_collide(shop: Bench):
    """airbytehq/airbyte#5355: ``username`` and ``userName`` of Mixpanel collided."""
    (found,) = loaded(shop, event(FIRST, 1, username="lower", userName="camel"))
    assert (found["lower_name"], found["camel_name"]) == ("lower", "camel")


def test_names_that_differ_only_in_case_collide_in_the_table():
    """airbytehq/airbyte#5355: a schema with both names is refused before there is a table."""
    with pytest.raises(SchemaInvalid, match="differ only in capitals"):
        XdmSchema.from_json(DOCUMENT | {"properties": {"username": TEXT, "userName": TEXT}})


def test_a_name_loses_its_dollar_sign_and_collides(shop: Bench):
    """singer-io/tap-mixpanel and airbytehq/airbyte: ``$browser`` became ``browser``."""
    (found,) = loaded(shop, event(FIRST, 1, browser="mine", **{"$browser": "Chrome"}))
    assert (found["browser"], found["own_browser"]) == ("mine", "Chrome")


def test_a_newline_inside_a_text_breaks_the_row(shop: Bench):
    """airbytehq/airbyte#11018: a text splitter took U+2028 and its like for the end of a line."""
    text = "a\u2028b\u2029c\u0085d\u000be\u000cf\u001cg\nh\r\ni"
    # As bytes of their own, but for the newline, which JSON can only have escaped.
    raw = json.dumps(text, ensure_ascii=False)
    for escaped, sign in (("\\u000b", "\u000b"), ("\\f", "\u000c"), ("\\u001c", "\u001c")):
        raw = raw.replace(escaped, sign)
    record = event(FIRST, 1, city="PLACE").replace(b'"PLACE"', raw.encode())
    (found,) = loaded(shop, record)
    assert found["city"] == text


def test_everything_becomes_a_text(shop: Bench):
    """airbytehq/airbyte, source-mixpanel: every property came out as a string."""
    properties = {"price": 19.9, "quantity": 3, "Is Gift": True, "items": [{"sku": "A-1", "qty": 2}, {"sku": "B-2"}]}
    (found,) = loaded(shop, event(FIRST, 1, **properties))
    assert (found["price"], found["quantity"], found["gift"]) == (19.9, 3, True)
    assert found["items"] == [{"sku": "A-1"}, {"sku": "B-2"}]


def test_a_property_changes_its_type_from_event_to_event(shop: Bench):
    """airbytehq/airbyte#30025: ``$browser_version`` is 17 here and "17.1" there."""
    versions = [17, "17.1", 17.5, None]
    found = loaded(shop, *(event(FIRST, at, **{"$browser_version": version}) for at, version in enumerate(versions)))
    assert [row["browser_version"] for row in found] == ["17", "17.1", "17.5", None]


def test_one_bad_value_fails_everything(shop: Bench):
    """airbytehq/airbyte#19892, #2352, dlt-hub/dlt#135: do not fail on bad data, and keep it."""
    found = loaded(shop, *(event(FIRST, at, quantity="many" if at == 3 else at) for at in range(9)))
    assert [row["quantity"] for row in found] == [0, 1, 2, None, 4, 5, 6, 7, 8]
    (warning,) = shop.flow.runs.get().windows.get().errors
    assert (warning["kind"], warning["field"], warning["count"]) == ("warning", "_tributary.quantity", 1)


def test_a_malformed_line_is_skipped_and_only_a_debug_log_knows(shop: Bench):
    """ingestr: malformed lines were skipped at debug level; airbytehq/airbyte: fragments were joined or dropped."""
    pieces = event(FIRST, 50).rstrip(b"\n")
    halves = pieces[:40] + b"\n" + pieces[40:] + b"\n"
    shop.export(events(FIRST, 99) + halves + event(FIRST, 99))
    run = shop.run()
    assert (run.received, run.loaded, run.rejected) == (102, 100, 2)
    kept = list(rejects.read(stores.landing(), [shop.flow.days.get().rejected_key]))
    assert b"".join(record["raw"].encode() for record in kept) == pieces


def test_large_numbers_lose_their_last_digits(shop: Bench):
    """Doubles hold 53 bits: a number read as one and written as an integer is another number."""
    numbers = [2**53 + 1, 2**63 - 1, -(2**63)]
    found = loaded(shop, *(event(FIRST, at, quantity=number) for at, number in enumerate(numbers)))
    assert [row["quantity"] for row in found] == numbers


def test_a_boolean_in_quotes_is_lost(shop: Bench):
    """airbytehq/airbyte fixtures: booleans and numbers come as texts, and null as null."""
    given = ["true", "false", True, None, ""]
    found = loaded(shop, *(event(FIRST, at, **{"Is Gift": value}) for at, value in enumerate(given)))
    assert [row["gift"] for row in found] == [True, False, True, None, None]


def test_a_record_with_nul_breaks_the_ledger(shop: Bench):
    """PostHog/posthog#27179: NUL in a text broke what came after."""
    (found,) = loaded(shop, event(FIRST, 1, city="a\u0000b"))
    assert found["city"] == "a\u0000b"
    shop.export(gzip_answer(events(FIRST, 99) + b'{"event":"\x00"}\n' + event(FIRST, 99)))
    run = shop.run()
    assert run.status == RunStatus.SUCCEEDED
    assert "\x00" not in json.dumps(run.windows.get().errors, ensure_ascii=False)


def test_the_user_is_read_from_the_field_of_profiles(shop: Bench):
    """NangoHQ/nango#575: ``$distinct_id`` is the profile's field, events have ``distinct_id``."""
    (found,) = loaded(shop, event(FIRST, 1, distinct_id="ann", **{"$distinct_id": "somebody else"}))
    assert found["distinct_id"] == "ann"


def test_events_of_nobody_are_dropped(shop: Bench):
    """cloudquery/cloudquery#11620: missing or empty ``distinct_id``."""
    shop.export(event(FIRST, 1, distinct_id=None) + event(FIRST, 2, distinct_id=""))
    assert shop.run().loaded == 2
