"""Schemas are looked at, made, changed and deleted on pages."""

from __future__ import annotations

import pytest
from django.urls import reverse

from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schemas import mixpanel_events
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.components import COMMERCE, IDENTITY_MAP, WEB
from dataflows.schemas.nodes import node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT
from tests.dataflows.factories import make_dataset, make_draft, make_flow, make_schema

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(db, settings) -> Schema:
    """A schema with own fields under this installation's tenant, in its first version."""
    document = new_document(
        "Shop", "Shop events.", EXPERIENCE_EVENT, [COMMERCE, IDENTITY_MAP], tenant=settings.TENANT, key="ab"
    )
    document = with_field(document, ("_tributary", "plan"), node_of("string", title="Plan", enum=["free", "paid"]))
    return schema_changes.create(document, by=None)


def page(browse, user, url):
    return browse(user).get(url).content.decode()


def address(schema, name, path=""):
    return reverse(f"dataflows:{name}", args=[schema.pk]) + (f"?path={path}" if path else "")


def field_form(**changed):
    return {"version": 1, "kind": "string", **changed}


class TestLooking:
    def test_schemas_are_listed_and_filtered(self, browse, viewer):
        make_schema(title="Orders XDM")
        make_schema(title="Visits XDM")
        assert "Visits XDM" in page(browse, viewer, "/schemas/")
        assert "Visits XDM" not in page(browse, viewer, "/schemas/?q=orders")
        assert "No schema fits the filter" in page(browse, viewer, "/schemas/?q=zzz")

    def test_a_page_shows_fields_users_and_versions(self, browse, viewer):
        schema = make_schema()
        flow, draft = make_flow(dataset=make_dataset(schema=schema)), make_draft(new_dataset_schema=schema)
        html = page(browse, viewer, schema.get_absolute_url())
        for text in ("_acme.distinct_id", "MixpanelDistinctId", "date-time", "required", "Version 1"):
            assert text in html
        for used in (flow.dataset, flow, draft):
            assert used.get_absolute_url() in html
        assert "&quot;meta:class&quot;" in html

    def test_what_lies_in_arrays_and_maps_is_shown(self, browse, viewer, schema):
        html = page(browse, viewer, schema.get_absolute_url())
        for text in (
            "productListItems[].SKU",
            "identityMap{}[].id",
            "array of object",
            "free, paid",
            "Commerce details",
        ):
            assert text in html

    def test_fields_are_filtered(self, browse, viewer, schema):
        html = page(browse, viewer, f"{schema.get_absolute_url()}?field=sku")
        assert "productListItems[].SKU" in html
        assert "commerce.order.purchaseID" not in html
        assert "No field fits the filter" in page(browse, viewer, f"{schema.get_absolute_url()}?field=zzz")

    def test_a_schema_that_cannot_be_read_says_where(self, browse, analyst):
        broken = make_schema(document={"title": "half"})
        assert "The schema cannot be read." in page(browse, analyst, broken.get_absolute_url())
        assert browse(analyst).get(address(broken, "schema_field_new")).status_code == 404

    def test_three_hundred_fields_are_shown_with_few_queries(
        self, browse, viewer, schema, django_assert_max_num_queries
    ):
        document = schema.document
        for number in range(300):
            document = with_field(document, ("_tributary", f"field_{number}"), node_of("string"))
        schema_changes.save(schema, document, seen=1, by=None)
        browser = browse(viewer)
        with django_assert_max_num_queries(15):
            html = browser.get(schema.get_absolute_url()).content.decode()
        assert "_tributary.field_299" in html

    def test_versions_are_compared_with_any_other(self, browse, viewer, schema):
        for name in ("utm", "city"):
            document = with_field(schema.document, ("_tributary", name), node_of("string"))
            schema_changes.save(schema, document, seen=schema.version, note=f"Needs {name}", by=None)
        assert "Needs utm" in page(browse, viewer, schema.get_absolute_url())
        one = reverse("dataflows:schema_version", args=[schema.pk, 3])
        assert "_tributary.utm" not in page(browse, viewer, one).split("JSON Schema document")[0]
        assert "_tributary.utm" in page(browse, viewer, f"{one}?against=1").split("JSON Schema document")[0]
        for odd in ("0", "x", "9" * 40):
            assert browse(viewer).get(f"{one}?against={odd}").status_code == 200
        assert browse(viewer).get(reverse("dataflows:schema_version", args=[schema.pk, 9])).status_code == 404


class TestCreating:
    SENT = {"title": "Orders", "description": "", "class_id": EXPERIENCE_EVENT}

    def test_of_class_groups_and_own_fields(self, browse, analyst):
        sent = {
            **self.SENT,
            "groups": [WEB],
            "name-0": "plan",
            "kind-0": "string",
            "required-0": "on",
            "name-1": "cart.total",
            "title-1": "Total",
            "kind-1": "double",
            "name-2": "tags",
            "kind-2": "string",
            "array-2": "on",
            "name-3": "",
            "kind-3": "string",
        }
        answer = browse(analyst).post("/schemas/new/", sent)
        made = Schema.objects.get(title="Orders")
        assert answer.url == made.get_absolute_url()
        assert made.xdm.field("_tributary.cart.total").title == "Total"
        assert made.xdm.field("_tributary.plan").required_in_parent
        assert made.xdm.field("_tributary.tags").xdm_type == "array"
        assert made.xdm.has(("web", "webPageDetails", "URL"))
        assert made.versions.get().created_by == analyst

    def test_what_is_wrong_is_marked_and_nothing_is_lost(self, browse, analyst):
        sent = {**self.SENT, "name-0": "$plan", "title-0": "Plan", "kind-0": "double", "name-1": "a", "name-2": "A"}
        html = browse(analyst).post("/schemas/new/", sent).content.decode()
        assert "2 fields are not right yet; they are marked." in html
        assert "starts with a letter or digit" in html
        assert "only in capitals" in html
        assert 'value="$plan"' in html
        assert 'value="Plan"' in html
        assert not Schema.objects.filter(title="Orders").exists()

    def test_more_rows_keep_what_is_typed(self, browse, analyst):
        sent = {**self.SENT, "groups": [WEB], "name-0": "plan", "kind-0": "double", "action": "add"}
        html = browse(analyst).post("/schemas/new/", sent).content.decode()
        assert 'value="plan"' in html
        assert 'value="Orders"' in html
        assert 'name="name-3"' in html
        assert "Give the schema a title" not in html

    def test_a_title_that_is_taken_is_refused(self, browse, analyst, schema):
        html = browse(analyst).post("/schemas/new/", {**self.SENT, "title": "Shop"}).content.decode()
        assert "There is a schema called “Shop” already." in html

    def test_a_group_that_does_not_suit_the_class_is_refused(self, browse, analyst):
        sent = {**self.SENT, "class_id": "https://ns.adobe.com/xdm/context/profile", "groups": [WEB]}
        assert "does not suit this class" in browse(analyst).post("/schemas/new/", sent).content.decode()


class TestChanging:
    def test_title_and_groups(self, browse, analyst, schema):
        sent = {"title": "Web shop", "description": "", "groups": [WEB], "version": 1, "note": "Pages too"}
        browse(analyst).post(address(schema, "schema_edit"), sent)
        schema.refresh_from_db()
        assert (schema.title, schema.version, schema.document["title"]) == ("Web shop", 2, "Web shop")
        assert schema.xdm.has(("web", "webPageDetails", "URL"))
        assert schema.versions.first().note == "Pages too"

    def test_a_field_is_added_with_everything(self, browse, analyst, schema):
        sent = field_form(
            parent="_tributary",
            name="email",
            title="E-mail",
            required="on",
            namespace="Email",
            primary="on",
            pattern=".+@.+",
            maxLength=254,
        )
        browse(analyst).post(address(schema, "schema_field_new"), sent)
        schema.refresh_from_db()
        field = schema.xdm.field("_tributary.email")
        assert (field.required_in_parent, field.identity.namespace, field.identity.primary) == (True, "Email", True)
        node = schema.document["properties"]["_tributary"]["properties"]["email"]
        assert node == {"type": "string", "title": "E-mail", "pattern": ".+@.+", "maxLength": 254}

    def test_a_field_is_changed_and_what_the_form_does_not_speak_of_stays(self, browse, analyst, schema):
        url = address(schema, "schema_field_edit", "_tributary.plan")
        html = page(browse, analyst, url)
        assert "free\npaid" in html
        browse(analyst).post(url, field_form(title="Tariff", enum="free\npaid\n\ntrial\nfree"))
        schema.refresh_from_db()
        node = schema.document["properties"]["_tributary"]["properties"]["plan"]
        assert node == {"type": "string", "title": "Tariff", "enum": ["free", "paid", "trial"]}

    def test_an_integer_stays_the_integer_it_is(self, browse, analyst, schema):
        document = with_field(schema.document, ("_tributary", "size"), node_of("short"))
        schema_changes.save(schema, document, seen=1, by=None)
        url = address(schema, "schema_field_edit", "_tributary.size")
        browse(analyst).post(url, {"version": 2, "kind": "short", "title": "Size"})
        schema.refresh_from_db()
        assert schema.xdm.field("_tributary.size").xdm_type == "short"

    def test_a_field_of_a_group_keeps_name_and_type(self, browse, analyst, schema):
        url = address(schema, "schema_field_edit", "commerce.order.purchaseID")
        html = page(browse, analyst, url)
        assert "Belongs to Commerce details" in html
        assert 'name="kind"' not in html
        browse(analyst).post(url, {"version": 1, "title": "Order number", "required": "on", "kind": "double"})
        schema.refresh_from_db()
        field = schema.xdm.field("commerce.order.purchaseID")
        assert (field.title, field.xdm_type, field.required_in_parent) == ("Order number", "string", True)

    @pytest.mark.parametrize(
        ("sent", "words"),
        [
            ({"name": "$x"}, "starts with a letter or digit"),
            ({"name": ""}, "Give the field a name."),
            ({"name": "plan"}, "There is a field plan already."),
            ({"name": "PLAN"}, "only in capitals"),
            ({"name": "n", "kind": "long", "enum": "1"}, "Only a string can have this."),
            ({"name": "n", "kind": "string", "minimum": "1"}, "Only a double can have this"),
            ({"name": "n", "kind": "long", "namespace": "Email"}, "Only a string can be an identity."),
            ({"name": "n", "primary": "on"}, "Name the namespace"),
            ({"name": "n", "kind": "nonsense"}, "nonsense"),
        ],
    )
    def test_what_makes_no_sense_is_refused_at_its_field(self, browse, analyst, schema, sent, words):
        html = browse(analyst).post(address(schema, "schema_field_new"), field_form(parent="_tributary", **sent))
        assert words in html.content.decode()
        schema.refresh_from_db()
        assert schema.version == 1

    def test_who_saved_meanwhile_is_named_and_nothing_typed_is_lost(self, browse, analyst, schema):
        document = with_field(schema.document, ("_tributary", "utm"), node_of("string"))
        schema_changes.save(schema, document, seen=1, by=analyst)
        sent = field_form(parent="_tributary", name="city", title="The city")
        html = browse(analyst).post(address(schema, "schema_field_new"), sent).content.decode()
        assert "anna saved version 2 of this schema meanwhile." in html
        assert 'value="The city"' in html

    def test_a_field_is_removed_before_there_is_data(self, browse, analyst, schema):
        sent = {"path": "_tributary.plan", "version": 1}
        assert browse(analyst).post(address(schema, "schema_field_remove"), sent).status_code == 302
        schema.refresh_from_db()
        assert not schema.xdm.has(("_tributary", "plan"))
        sent = {"path": "_id", "version": 2}
        assert "ExperienceEvent" in browse(analyst).post(address(schema, "schema_field_remove"), sent).content.decode()

    def test_what_was_refused_to_be_removed_can_be_changed_instead(self, browse, analyst, schema):
        make_flow(dataset=make_dataset(schema=schema))
        html = browse(analyst).post(address(schema, "schema_field_remove"), {"path": "_id", "version": 1})
        url = address(schema, "schema_field_edit", "_id")
        assert f'action="{url}"' in html.content.decode()

    def test_a_field_that_is_not_there_is_no_page(self, browse, analyst, schema):
        for path in ("", "nope", "_tributary.plan.x", "\x00"):
            assert browse(analyst).get(address(schema, "schema_field_edit") + f"?path={path}").status_code == 404

    def test_a_schema_that_nothing_uses_is_deleted(self, browse, analyst, schema):
        make_dataset(schema=schema, name="In the way")
        assert "In the way" in browse(analyst).post(address(schema, "schema_delete")).content.decode()
        schema.datasets.all().delete()
        assert browse(analyst).post(address(schema, "schema_delete")).url == "/schemas/"
        assert not Schema.objects.filter(pk=schema.pk).exists()


EDITING = [
    "schema_edit",
    "schema_delete",
    "schema_import_version",
    "schema_field_new",
    "schema_field_edit",
    "schema_field_remove",
]


class TestPermissions:
    def test_a_viewer_sees_and_exports_and_changes_nothing(self, browse, viewer, schema):
        html = page(browse, viewer, schema.get_absolute_url())
        assert "Add field" not in html
        assert "fields/edit/" not in html
        assert "Create schema" not in page(browse, viewer, "/schemas/")
        assert browse(viewer).get(address(schema, "schema_export")).status_code == 200
        for name in EDITING:
            assert browse(viewer).post(address(schema, name), {}).status_code == 403
        for name in ("new", "import", "generate"):
            assert browse(viewer).post(f"/schemas/{name}/", {}).status_code == 403
        schema.refresh_from_db()
        assert schema.version == 1

    def test_a_stranger_sees_nothing(self, browse, stranger, schema):
        for url in ("/schemas/", schema.get_absolute_url(), address(schema, "schema_export")):
            assert browse(stranger).get(url).status_code == 403


def test_text_in_a_schema_is_never_markup(browse, analyst):
    document = {**mixpanel_events("acme"), "$id": "https://x/1", "title": "<script>alert(1)</script>"}
    schema = schema_changes.create(document, by=None)
    assert "<script>alert(1)" not in page(browse, analyst, schema.get_absolute_url())
