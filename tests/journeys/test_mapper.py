"""The mapper in a real browser: with the keyboard, while typing, without scripts, on a phone, in light and dark."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.conftest import Served
from tests.journeys.test_repair import fits_everybody, seed

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Picture = Callable[[str], None]

# A live dataflow with two versions, a sample of its own, one of a thousand fields, and a draft at its mapping.
SEED = """
import json
from django.utils import timezone
from dataflows.models import Schema
from dataflows.runs import remapping
from tests.dataflows.factories import *
from tests.dataflows.mapper.conftest import land
row = lambda source, target, kind="ATTRIBUTE": {"sourceType": kind, "source": source, "destination": target}
required = [row("tributary.event_id", "_id"), row("tributary.timestamp", "timestamp")]
record = lambda n, **more: {"event": ["Purchase", "View"][n % 2], "properties": {
    "time": 1772323200 + n, "distinct_id": f"user-{n}", "$insert_id": f"i{n}", "$city": ["Ulm", "Bonn"][n % 2],
    "price": n if n % 10 else f"{n} EUR", "contact": f"ann{n}@example.org", "$ip": "192.0.2.7"} | more}
flow = make_flow(name="Mapped by hand", mapping=required)
flow.mapping_versions.create(number=1, rows=required, created_at=flow.activated_at)
remapping.save(flow, [*required, row("event", "eventType"), row("properties.$city", "_acme.city"),
                      row("properties.contact", "_acme.user_id")],
               by=None, now=timezone.now(), revision=flow.revision, note="Cities are wanted.")
wide = make_flow(name="A thousand fields", mapping=required)
key = land("raw/mapper.jsonl.gz", [record(n) for n in range(60)])
make_day(flow, timezone.now().date(), window=make_window(make_run(flow)), landed_key=key,
         **counts(loaded=90, rejected=10))
type(flow).objects.filter(pk=wide.pk).update(sample=[
    record(n, **{f"property {n * 100 + k}": f"value {k}" for k in range(100)}) for n in range(10)])
draft = make_draft(name="Half done", reached="mapping", account=make_account(), project_id="1", timezone="UTC",
                   time_semantic="utc", new_dataset_name="Later", new_dataset_schema=make_schema(),
                   sample=[record(n) for n in range(20)])
print(json.dumps({"flow": flow.pk, "wide": wide.pk, "draft": draft.pk}))
"""


@pytest.fixture(scope="module")
def seeded(served: Served) -> dict[str, int]:
    return seed(served, SEED)


@pytest.fixture
def mapper(page: Page, seeded: dict[str, int]) -> Iterator[Page]:
    """At the mapper of the live dataflow; what a test leaves unsaved is discarded."""
    page.goto(f"/dataflows/{seeded['flow']}/mapping/edit/")
    page.on("dialog", lambda dialog: dialog.accept())
    yield page
    page.goto(f"/dataflows/{seeded['flow']}/mapping/edit/")
    if page.get_by_role("button", name="Discard changes").count():
        page.get_by_role("button", name="Discard changes").click()


def source(page: Page, number: int) -> Any:
    return page.locator(f"[name=source-{number - 1}]")


def target(page: Page, number: int) -> Any:
    return page.locator(f"[name=destination-{number - 1}]")


class TestWhileTyping:
    def test_real_records_follow(self, mapper: Page):
        grid = mapper.locator("#result")
        expect(grid).to_contain_text("Bonn")
        source(mapper, 4).fill("properties.price")
        expect(grid).not_to_contain_text("Bonn")
        expect(grid).to_contain_text("10 EUR")

    def test_an_error_is_on_its_cell_and_at_its_row(self, mapper: Page):
        target(mapper, 4).fill("_acme.time")
        expect(mapper.locator("td.cell-wrong").first).to_contain_text("expected data type was: LONG")
        target(mapper, 4).fill("_acme.nowhere")
        expect(mapper.locator("#problem-3")).to_contain_text("has no field _acme.nowhere")
        expect(mapper.get_by_role("button", name=re.compile("1 error"))).to_be_visible()
        target(mapper, 4).fill("_acme.city")
        expect(mapper.locator("#problem-3 .problem")).to_have_count(0)
        expect(mapper.get_by_role("button", name=re.compile("0 errors"))).to_be_visible()

    def test_the_place_of_the_cursor_stays(self, mapper: Page):
        source(mapper, 4).click()
        mapper.keyboard.press("End")
        mapper.keyboard.type("x", delay=20)
        expect(mapper.locator("#result")).not_to_contain_text("Bonn")
        mapper.keyboard.type("y")
        expect(source(mapper, 4)).to_have_value("properties.$cityxy")

    def test_a_required_target_without_a_row_is_named_and_added_at_one_press(self, mapper: Page):
        target(mapper, 1).fill("")
        mapper.get_by_role("button", name="Add a row for _id").click()
        expect(target(mapper, 6)).to_have_value("_id")
        expect(source(mapper, 6)).to_be_focused()

    def test_a_hint_tells_what_was_chosen(self, mapper: Page):
        target(mapper, 4).fill("_acme.distinct_id")
        expect(mapper.locator("#row-3 .hint").last).to_have_text("string, identity")


class TestTheKeyboard:
    def test_enter_looks_and_comes_back_to_its_field(self, mapper: Page):
        target(mapper, 4).fill("_acme.region")
        with mapper.expect_navigation():
            mapper.keyboard.press("Enter")
        expect(target(mapper, 4)).to_be_focused()
        expect(target(mapper, 4)).to_have_value("_acme.region")

    def test_a_mistake_has_the_focus_and_leads_to_its_row(self, mapper: Page):
        target(mapper, 5).fill("eventType")
        mapper.get_by_role("button", name="Save as new version").click()
        expect(mapper.locator("#summary")).to_be_focused()
        mapper.get_by_role("link", name="Row 5").click()
        expect(target(mapper, 5)).to_be_focused()

    def test_a_look_at_a_mistake_begins_with_it(self, mapper: Page):
        target(mapper, 5).fill("eventType")
        mapper.get_by_role("button", name="Validate and preview").click()
        expect(mapper.locator("#summary")).to_be_focused()


class TestACalculatedField:
    def test_is_written_with_the_keyboard_alone(self, mapper: Page, picture: Picture):
        mapper.get_by_role("button", name="Add calculated field").focus()
        mapper.keyboard.press("Enter")
        expression = source(mapper, 6)
        expect(expression).to_be_focused()
        mapper.keyboard.type("upp")
        expect(mapper.get_by_role("option", name="upper")).to_be_visible()
        mapper.keyboard.press("ArrowDown")
        mapper.keyboard.press("Enter")
        mapper.keyboard.type("$cit")
        mapper.keyboard.press("ArrowDown")
        mapper.keyboard.press("Tab")
        mapper.keyboard.type(")")
        expect(expression).to_have_value("upper(properties.$city)")
        expect(mapper.locator("#trial")).to_contain_text("BONN")
        mapper.keyboard.press("Tab")
        mapper.keyboard.type("_acme.region")
        expect(mapper.locator("#result")).to_contain_text("BONN")
        fits_everybody(mapper)
        picture("mapper-expression")

    def test_says_where_it_is_wrong(self, mapper: Page):
        mapper.get_by_role("button", name="Add calculated field").click()
        source(mapper, 6).fill("concat(event, lowr(event))")
        expect(mapper.locator("#trial pre")).to_have_text("concat(event, lowr(event))\n              ^")
        expect(mapper.locator("#trial")).to_contain_text("Did you mean lower()?")

    def test_is_put_together_from_the_lists(self, mapper: Page):
        mapper.get_by_role("button", name="Add calculated field").click()
        mapper.get_by_label("Search functions").fill("sha256")
        mapper.get_by_role("button", name="Insert sha256").click()
        mapper.locator("summary", has_text="Fields").click()
        mapper.locator("[data-insert-field]").fill("properties.contact")
        mapper.keyboard.press("Tab")
        expect(source(mapper, 6)).to_have_value("sha256(properties.contact")


class TestButtons:
    def test_a_counter_filters(self, mapper: Page):
        mapper.get_by_role("button", name=re.compile("identity")).click()
        expect(mapper.locator("#mapping-rows tbody tr:visible")).to_have_count(0)
        mapper.get_by_role("button", name=re.compile("required")).click()
        expect(mapper.locator("#mapping-rows tbody tr:visible")).to_have_count(2)
        mapper.get_by_role("button", name=re.compile("required")).click()
        expect(mapper.locator("#mapping-rows tbody tr:visible")).to_have_count(5)

    def test_a_search_filters_while_typing(self, mapper: Page):
        mapper.locator("[name=search]").fill("CITY")
        expect(mapper.locator("#mapping-rows tbody tr:visible")).to_have_count(1)
        mapper.get_by_label("Search").first.fill("contact")
        expect(mapper.locator("#source-list li:visible")).to_have_count(1)

    def test_clearing_is_undone(self, mapper: Page):
        mapper.get_by_role("button", name="Clear all").click()
        expect(mapper.locator("#mapping-rows tbody tr")).to_have_count(1)
        mapper.get_by_role("button", name="Undo").click()
        expect(target(mapper, 4)).to_have_value("_acme.city")

    def test_mapping_automatically_finds_what_fits(self, mapper: Page):
        mapper.get_by_role("button", name="Map automatically").click()
        values = mapper.locator("[name^=destination-]").evaluate_all("fields => fields.map(field => field.value)")
        assert {"_id", "timestamp", "eventType", "_acme.city", "_acme.distinct_id"} <= set(values)

    def test_a_personal_field_is_masked_at_one_press(self, mapper: Page, picture: Picture):
        mapper.get_by_role("button", name="More about row 5").click()
        expect(mapper.get_by_text("Looks like an e-mail address")).to_be_visible()
        fits_everybody(mapper)
        picture("mapper-personal")
        mapper.get_by_role("button", name="Keyed hash").click()
        expect(source(mapper, 5)).to_have_value("keyed_hash(properties.contact)")
        expect(mapper.locator("#result")).not_to_contain_text("ann1@example.org →")

    def test_a_mapping_goes_out_as_a_file_and_comes_back(self, mapper: Page, picture: Picture, tmp_path: Any):
        mapper.get_by_role("button", name="Import").click()
        fits_everybody(mapper)
        picture("mapper-import")
        with mapper.expect_download() as download:
            mapper.get_by_role("link", name="Download the rows").click()
        file = tmp_path / "mapping.csv"
        content = download.value.path().read_text(encoding="utf-8-sig")
        file.write_text(content.replace("_acme.city", "_acme.region"))
        mapper.get_by_label("CSV file").set_input_files(file)
        mapper.get_by_role("button", name="Replace the rows").click()
        expect(target(mapper, 4)).to_have_value("_acme.region")
        mapper.get_by_role("button", name="Undo").click()
        expect(target(mapper, 4)).to_have_value("_acme.city")


def test_a_version_is_saved_compared_and_restored(page: Page, seeded: dict[str, int], picture: Picture):
    page.on("dialog", lambda dialog: dialog.accept())
    page.goto(f"/dataflows/{seeded['flow']}/mapping/edit/")
    source(page, 4).fill("properties.nothing")
    page.get_by_label("What changes").fill("Try another field.")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.get_by_role("heading", name="Version 3 In force")).to_be_visible()
    expect(page.get_by_text("1 day was loaded with an older version.")).to_be_visible()
    expect(page.locator(".change-changed").first).to_be_visible()
    fits_everybody(page)
    picture("mapper-history")
    page.get_by_role("button", name="Restore this version 2").click()
    expect(page.get_by_role("heading", name="Version 4 In force")).to_be_visible()


def test_a_thousand_fields_stay_usable(page: Page, seeded: dict[str, int], picture: Picture):
    page.goto(f"/dataflows/{seeded['wide']}/mapping/edit/")
    expect(page.locator("#source-list li")).to_have_count(1011)
    page.get_by_label("Search").first.fill("property 77")
    expect(page.locator("#source-list li:visible")).to_have_count(11)
    fits_everybody(page)
    picture("mapper-thousand-fields")
    page.locator("#source-list li:visible button").first.click()
    expect(source(page, 3)).to_have_value("properties.${property 77}", timeout=20_000)


def test_the_wizard_has_the_same_mapper(page: Page, seeded: dict[str, int]):
    page.goto(f"/dataflows/{seeded['draft']}/edit/mapping/")
    expect(page.locator("#result")).to_contain_text("Purchase")
    fits_everybody(page)
    page.get_by_role("button", name="More about row 3").click()
    expect(page.get_by_text("Other fields that fit the target")).to_be_visible()
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile("/edit/schedule/"))


def test_everything_works_without_scripts(browser: Browser, logged_in: Any, served: Served, seeded: dict[str, int]):
    context = browser.new_context(storage_state=logged_in, base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    page.goto(f"/dataflows/{seeded['draft']}/edit/mapping/")
    page.get_by_role("button", name="Add calculated field").click()
    last = page.locator(".opened")
    last.locator("textarea").fill("lower(event)")
    last.locator("[name^=destination-]").fill("_acme.browser")
    page.get_by_role("button", name="Preview the expression").click()
    expect(page.locator("#trial")).to_contain_text("purchase")
    page.locator("[name=search]").fill("browser")
    page.get_by_role("button", name="Validate and preview").click()
    expect(page.locator("#mapping-rows tbody > tr[id]:visible")).to_have_count(1)
    page.locator("[name=search]").fill("")
    page.get_by_role("button", name="Next").click()
    expect(page).to_have_url(re.compile("/edit/schedule/"))
    context.close()
