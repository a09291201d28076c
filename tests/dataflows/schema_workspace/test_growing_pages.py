"""Schemas generated from what was seen, and new properties taken in, on pages."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import timezone

from dataflows import stores
from dataflows.models import Dataflow, PropertyState, Schema
from dataflows.runs import properties, schema_changes
from dataflows.schemas import mixpanel_events
from dataflows.schemas.building import with_field
from dataflows.schemas.nodes import node_of
from tests.dataflows.factories import make_dataset, make_draft, make_flow

pytestmark = pytest.mark.django_db

MAPPING = [
    {"sourceType": "ATTRIBUTE", "source": source, "destination": target}
    for source, target in (
        ("tributary.event_id", "_id"),
        ("tributary.timestamp", "timestamp"),
        ("event", "eventType"),
    )
]
SAMPLE = [
    {
        "event": "Order",
        "properties": {
            "$insert_id": f"i{number}",
            "distinct_id": "p",
            "Plan Type": "free",
            "amount": number + 0.5 if number else "n/a",
            "items": [{"sku": "a", "the size": "L"}],
            "cart": {"total": 1},
        },
    }
    for number in range(50)
]


@pytest.fixture
def draft(db) -> Dataflow:
    return make_draft(name="Shop draft", project_name="Shop", sample=SAMPLE)


@pytest.fixture
def flow(db, settings) -> Dataflow:
    """A live dataflow whose runs have seen two properties that its mapping does not know."""
    schema = schema_changes.create(mixpanel_events(settings.TENANT) | {"$id": "https://x/1", "title": "Shop"}, by=None)
    flow = make_flow(dataset=make_dataset(schema=schema, name="Shop rows"), mapping=MAPPING)
    stores.lake().create(flow.dataset.table, schema.xdm.arrow_schema())
    properties.remember(flow, [{"event": "Order", "properties": {"city": "x"}}], now=timezone.now())
    later = [{"event": "Order", "properties": {"plan": "free", "Seat Count": number}} for number in range(4)]
    properties.note(flow, later, now=timezone.now())
    return flow


def generate(flow):
    return f"/schemas/generate/?dataflow={flow.pk}"


def sent(rows, **more):
    """A form as the page shows it: source → (name, kind)."""
    found = {}
    for number, (source, (name, kind)) in enumerate(rows.items()):
        found |= {f"source-{number}": source, f"pick-{number}": "on", f"name-{number}": name, f"kind-{number}": kind}
    return {**found, **more}


class TestGenerating:
    def test_the_page_shows_fill_variance_names_and_types(self, browse, analyst, draft):
        html = browse(analyst).get(generate(draft)).content.decode().replace("\xa0", " ")
        for text in (
            'value="insert_id"',
            'value="plan_type"',
            'value="cart.total"',
            "number 98 %, string 2 %",
            "100.0 %",
            "Array of objects (sku)",
            "Left out, for XDM does not allow the names: the size.",
            'value="Mixpanel Shop"',
        ):
            assert text in html

    def test_what_is_ticked_becomes_a_schema_for_the_draft(self, browse, analyst, draft):
        rows = {
            "event": ("event_name", "string"),
            "properties.distinct_id": ("distinct_id", "string"),
            "properties.items": ("items", "proposed"),
            "properties.amount": ("sum", "double"),
        }
        answer = browse(analyst).post(generate(draft), sent(rows, title="Made"))
        made = Schema.objects.get(title="Made")
        draft.refresh_from_db()
        assert answer.url == reverse("dataflows:wizard", args=[draft.pk, "dataset"])
        assert draft.new_dataset_schema == made
        names = [field.name for field in made.xdm.fields() if field.path[0] == "_tributary"]
        assert sorted(names) == [
            "_tributary",
            "_tributary.distinct_id",
            "_tributary.event_name",
            "_tributary.items",
            "_tributary.sum",
        ]
        assert made.xdm.field("_tributary.sum").xdm_type == "double"
        assert made.xdm.field("_tributary.sum").title == "amount"
        assert made.xdm.field("_tributary.distinct_id").identity.primary

    def test_a_wrong_name_is_marked_and_nothing_is_lost(self, browse, analyst, draft):
        rows = {"event": ("$no", "string"), "properties.cart.total": ("cart", "long"), "properties.items": ("a", "map")}
        html = browse(analyst).post(generate(draft), sent(rows, title="Made")).content.decode()
        assert "Some fields are not right yet" in html
        assert 'value="$no"' in html
        assert html.count("is-invalid") == 1
        assert not Schema.objects.filter(title="Made").exists()

    def test_a_live_dataflow_is_a_source_too(self, browse, analyst, flow):
        html = browse(analyst).get(generate(flow)).content.decode()
        assert 'value="seat_count"' in html
        assert str(flow) in html

    def test_without_records_it_says_where_they_come_from(self, browse, analyst):
        assert "No records are known yet" in browse(analyst).get("/schemas/generate/").content.decode()

    @pytest.mark.parametrize("asked", ["x", "999999", "", "1 OR 1=1"])
    def test_a_dataflow_that_is_not_there_is_not_chosen(self, browse, analyst, draft, asked):
        assert browse(analyst).get(f"/schemas/generate/?dataflow={asked}").status_code == 200


class TestNewProperties:
    def address(self, flow):
        return reverse("dataflows:new_properties", args=[flow.pk])

    ROWS = {"properties.plan": ("plan", "string"), "properties.${Seat Count}": ("seats", "long")}

    def test_are_reported_on_the_dataflows_page(self, browse, analyst, viewer, flow):
        html = browse(analyst).get(flow.get_absolute_url()).content.decode()
        assert "2 new properties since the mapping was made" in html
        assert "properties.plan" in html
        assert self.address(flow) in html
        html = browse(viewer).get(flow.get_absolute_url()).content.decode()
        assert "2 new properties since the mapping was made" in html
        assert self.address(flow) not in html

    def test_the_three_changes_are_shown_before_anything_is_changed(self, browse, analyst, flow):
        html = browse(analyst).post(self.address(flow), sent(self.ROWS, action="plan")).content.decode()
        for text in ("version 2", "Shop rows", "_tributary.seats", "Change all three"):
            assert text in html
        flow.refresh_from_db()
        assert flow.mapping == MAPPING
        assert flow.writes_to.schema.version == 1

    def test_and_made_together(self, browse, analyst, flow):
        confirmed = sent(self.ROWS, action="apply", version=1, revision=flow.revision)
        assert browse(analyst).post(self.address(flow), confirmed).url == flow.get_absolute_url()
        flow = Dataflow.objects.get(pk=flow.pk)
        assert flow.writes_to.schema.version == 2
        assert flow.mapping[-1]["destination"] == "_tributary.seats"
        inside = stores.lake().open(flow.dataset.table).schema.field("_tributary").type
        assert inside.get_field_index("seats") >= 0
        html = browse(analyst).get(flow.get_absolute_url()).content.decode()
        assert "new properties since" not in html

    def test_a_confirmation_of_older_changes_is_shown_again(self, browse, analyst, flow):
        schema = flow.writes_to.schema
        document = with_field(schema.document, ("_tributary", "other"), node_of("string"))
        schema_changes.save(schema, document, seen=1, by=None)
        confirmed = sent(self.ROWS, action="apply", version=1, revision=flow.revision)
        html = browse(analyst).post(self.address(flow), confirmed).content.decode()
        assert "was changed meanwhile" in html
        assert "version 3" in html
        assert Dataflow.objects.get(pk=flow.pk).mapping == MAPPING

    def test_a_name_that_is_taken_is_marked(self, browse, analyst, flow):
        rows = {"properties.plan": ("city", "string")}
        html = browse(analyst).post(self.address(flow), sent(rows, action="plan")).content.decode()
        assert "There is a field city already." in html

    def test_nothing_chosen_is_said(self, browse, analyst, flow):
        assert "Nothing is chosen." in browse(analyst).post(self.address(flow), {"action": "plan"}).content.decode()

    def test_they_can_be_dismissed(self, browse, analyst, flow):
        browse(analyst).post(reverse("dataflows:new_properties_dismiss", args=[flow.pk]))
        assert flow.properties.filter(state=PropertyState.DISMISSED).count() == 2
        assert "No new property" in browse(analyst).get(self.address(flow)).content.decode()

    def test_a_viewer_changes_nothing(self, browse, viewer, flow):
        for name in ("new_properties", "new_properties_dismiss"):
            assert browse(viewer).post(reverse(f"dataflows:{name}", args=[flow.pk])).status_code == 403
