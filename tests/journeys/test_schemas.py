"""The schema workspace in a real browser: make, generate, take away and bring back, grow."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import ROOT, Served
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# A dataflow with one day in its dataset and two properties that came later, a draft with a sample, a large schema.
SEED = """
import json
from datetime import UTC, date, datetime
import pyarrow as pa
from django.conf import settings
from django.utils import timezone
from connectors.lake import PartWriter
from dataflows import stores
from dataflows.runs import properties, schema_changes
from dataflows.schemas import mixpanel_events
from dataflows.schemas.building import new_document, with_field
from dataflows.schemas.components import field_groups
from dataflows.schemas.nodes import node_of
from dataflows.schemas.xdm import EXPERIENCE_EVENT
from tests.dataflows.factories import *
tenant, now = settings.TENANT, timezone.now()
document = mixpanel_events(tenant) | {"$id": "https://x/growing", "title": "Growing schema"}
schema = schema_changes.create(document, by=None)
mapping = [{"sourceType": "ATTRIBUTE", "source": source, "destination": target} for source, target in (
    ("tributary.event_id", "_id"), ("tributary.timestamp", "timestamp"), ("event", "eventType"))]
flow = make_flow(name="Growing", dataset=make_dataset(name="Growing dataset", schema=schema), mapping=mapping)
table = stores.lake().create(flow.dataset.table, schema.xdm.arrow_schema())
day = date(2026, 3, 1)
with PartWriter(table, str(flow.pk), day, token="w") as writer:
    row = {"_id": "1", "timestamp": datetime(2026, 3, 1, tzinfo=UTC), "eventType": "Purchase"}
    writer.write(pa.RecordBatch.from_pylist([row], schema=table.schema))
    files = writer.close()
table.publish(str(flow.pk), [day], files, token="w", still_mine=lambda: True)
make_day(flow, day, received=1, loaded=1)
properties.remember(flow, [{"event": "Purchase", "properties": {"time": 1}}], now=now)
later = [{"event": "Purchase", "properties": {"plan": "free", "Seat Count": count}} for count in range(5)]
properties.note(flow, later, now=now)
sample = [{"event": "Order", "properties": {"$insert_id": str(n), "distinct_id": "p", "Plan Type": "free",
           "amount": n + 0.5 if n % 4 else "n/a", "items": [{"sku": "a", "qty": n}]}} for n in range(100)]
draft = make_draft(name="Shop draft", project_name="Shop", sample=sample)
large = new_document("Three hundred fields", "", EXPERIENCE_EVENT, list(field_groups(tenant)), tenant=tenant, key="300")
for number in range(300):
    large = with_field(large, (f"_{tenant}", f"field_{number}"), node_of("string", title=f"Field {number}"))
large = schema_changes.create(large, by=None)
schema_changes.save(large, with_field(large.document, (f"_{tenant}", "one_more"), node_of("long")), seen=1, by=None)
print(json.dumps({"flow": flow.pk, "draft": draft.pk, "schema": schema.pk, "large": large.pk}))
"""


@pytest.fixture(scope="module")
def seeded(served: Served) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED],
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


PAGES = {
    "schema": ("/schemas/{large}/", "Version 2"),
    "schema-version": ("/schemas/{large}/versions/2/", "one_more"),
    "schema-new": ("/schemas/new/", "Own fields"),
    "schema-edit": ("/schemas/{schema}/edit/", "Save as new version"),
    "schema-field": ("/schemas/{schema}/fields/edit/?path=_tributary.city", "Remove the field"),
    "schema-field-new": ("/schemas/{schema}/fields/new/", "Inside"),
    "schema-import": ("/schemas/import/", "XDM schema (JSON)"),
    "schema-generate": ("/schemas/generate/?dataflow={draft}", "Plan Type"),
    "schema-delete": ("/schemas/{schema}/delete/", "Delete for good"),
    "new-properties": ("/dataflows/{flow}/new-properties/", "Seat Count"),
}


def accessible(page: Page) -> None:
    page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []
    page.evaluate("document.documentElement.dataset.bsTheme = 'light'")


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(
    page: Page, seeded: dict[str, int], picture: Callable[[str], None], name: str
):
    address, words = PAGES[name]
    page.goto(address.format(**seeded))
    expect(page.get_by_text(words).first).to_be_visible()
    accessible(page)
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1400, "height": 900})
    picture(name)


def test_from_making_a_schema_to_growing_it(
    page: Page, seeded: dict[str, int], picture: Callable[[str], None], tmp_path: Path
):
    # Make one of a class, a group and an own field, by keyboard.
    page.goto("/schemas/")
    page.get_by_role("link", name="Create schema").press("Enter")
    page.get_by_label("Title").fill("Orders")
    page.get_by_label("Commerce details").press("Space")
    page.get_by_label("Name of field 1", exact=True).fill("plan")
    page.get_by_label("Field 1 is required").press("Space")
    page.get_by_label("Name of field 1", exact=True).press("Enter")
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    expect(page.get_by_text("productListItems[].SKU")).to_be_visible()

    # Take it away and bring it back: the same document.
    before = page.locator("details pre").text_content()
    with page.expect_download() as downloading:
        page.get_by_role("link", name="Export").click()
    file = tmp_path / "schema.json"
    downloading.value.save_as(file)
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete for good").click()
    page.get_by_role("link", name="Import").click()
    page.get_by_label("XDM schema (JSON)").set_input_files(file)
    page.get_by_role("button", name="Import").click()
    expect(page.get_by_role("heading", name="Orders")).to_be_visible()
    assert json.loads(page.locator("details pre").text_content() or "") == json.loads(before or "")

    # Generate one from a draft's sample.
    page.goto(f"/schemas/generate/?dataflow={seeded['draft']}")
    row = page.locator("#proposals tr", has_text="properties.amount")
    expect(row).to_contain_text("number 75")
    assert page.get_by_label("Name for properties.$insert_id").input_value() == "insert_id"
    assert page.get_by_label("Type of properties.amount").input_value() == "string"
    page.get_by_label("Take properties.items").uncheck()
    page.get_by_label("Title").fill("From the sample")
    page.get_by_role("button", name="Create schema").click()
    expect(page.get_by_text("“From the sample” is made, and chosen for this draft.")).to_be_visible()
    page.goto("/schemas/?q=sample")
    page.get_by_role("link", name="From the sample").click()
    expect(page.get_by_text("_tributary.plan_type")).to_be_visible()
    expect(page.get_by_text("_tributary.items")).to_have_count(0)

    # Grow: the two properties that came after the mapping, in one action.
    page.goto(f"/dataflows/{seeded['flow']}/")
    expect(page.get_by_text("2 new properties since the mapping was made")).to_be_visible()
    page.get_by_role("link", name="Take them in or dismiss them").click()
    page.get_by_role("button", name="Show what would change").click()
    for words in ("Schema “Growing schema”, version 2", "Columns of 1 dataset", "Mapping, version 2"):
        expect(page.get_by_role("heading", name=words)).to_be_visible()
    accessible(page)
    picture("new-properties-confirm")
    page.get_by_role("button", name="Change all three").click()
    expect(page.get_by_text("2 properties are taken in: later runs load them.")).to_be_visible()
    expect(page.get_by_text("new properties since")).to_have_count(0)
    page.goto(f"/schemas/{seeded['schema']}/")
    expect(page.get_by_text("_tributary.seat_count").first).to_be_visible()


def test_a_change_that_data_forbids_is_refused_with_its_place(page: Page, seeded: dict[str, int]):
    page.goto(f"/schemas/{seeded['schema']}/fields/edit/?path=_tributary.city")
    page.get_by_role("button", name="Remove").click()
    notice = page.get_by_role("alert")
    expect(notice).to_contain_text("Growing dataset")
    expect(notice).to_contain_text("_tributary.city")
    accessible(page)


def test_works_without_scripts(browser, logged_in, served, seeded):
    context = browser.new_context(storage_state=logged_in, base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/schemas/{seeded['schema']}/fields/new/")
    page.get_by_label("Name", exact=False).first.fill("no_script")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.get_by_text("The field _tributary.no_script is added.")).to_be_visible()
    context.close()
