"""A field that becomes required: what that does to the dataflows that load with the schema is said first."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.nodes import node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT
from tests.dataflows.factories import make_dataset, make_flow

pytestmark = pytest.mark.django_db


def row(source: str, destination: str) -> dict[str, str]:
    return {"sourceType": "ATTRIBUTE", "source": source, "destination": destination}


REQUIRED = [row("tributary.event_id", "_id"), row("tributary.timestamp", "timestamp")]
NAMED = [*REQUIRED, row("properties.city", "_tributary.city")]
MAPPED = [*NAMED, row("properties.coupon", "_tributary.coupon")]


def event(number: int, **more: Any) -> dict[str, Any]:
    return {"event": "Order", "properties": {"time": 1772323200 + number, "city": "Bonn", **more}}


@pytest.fixture
def schema(settings) -> Schema:
    document = new_document("Shop", "", EXPERIENCE_EVENT, [], tenant=settings.TENANT, key="ab")
    for name in ("city", "coupon"):
        document = with_field(document, ("_tributary", name), node_of("string", title=name))
    return schema_changes.create(document, by=None)


@pytest.fixture
def flow(schema: Schema):
    sample = [event(0, coupon="A"), event(1), event(2)]
    return make_flow(dataset=make_dataset(schema=schema), mapping=MAPPED, sample=sample)


@pytest.fixture
def require(browse, analyst, schema):
    """Tick Required on a field; the answer."""

    def send(name: str, **more: Any) -> Any:
        address = reverse("dataflows:schema_field_edit", args=[schema.pk]) + f"?path=_tributary.{name}"
        sent = {"version": Schema.objects.get(pk=schema.pk).version, "kind": "string", "required": "on", **more}
        return browse(analyst).post(address, sent)

    return send


def is_required(schema: Schema, name: str) -> bool:
    schema.refresh_from_db()
    return schema.xdm.field(f"_tributary.{name}").required_in_parent


def test_asks_when_records_would_be_rejected(require, schema, flow):
    answer = require("coupon")
    assert f"{flow}: 2 of 3 sample records would be rejected; now it is 0." in answer.content.decode()
    assert not is_required(schema, "coupon")
    require("coupon", confirmed=answer.context["refusal"].confirmed)
    assert is_required(schema, "coupon")


def test_does_not_ask_when_every_record_has_it(require, schema, flow):
    require("city")
    assert is_required(schema, "city")


def test_does_not_ask_about_drafts(require, schema, flow):
    type(flow).objects.filter(pk=flow.pk).update(status="draft")
    require("coupon")
    assert is_required(schema, "coupon")


def test_a_new_field_that_nobody_could_map_yet_is_added_as_an_optional_one(browse, analyst, schema, flow):
    sent = {"version": 1, "kind": "string", "parent": "_tributary", "name": "plan", "required": "on"}
    page = browse(analyst).post(reverse("dataflows:schema_field_new", args=[schema.pk]), sent).content.decode()
    assert "Add the field as an optional one, map it in every dataflow, then make it required." in page


def test_a_field_that_is_there_is_mapped_first(require, flow):
    type(flow).objects.filter(pk=flow.pk).update(mapping=NAMED)
    assert "Map the field there first, or leave it optional." in require("coupon").content.decode()
