"""What people do wrong, in a real browser: a clear message at the place, nothing lost."""

from __future__ import annotations

import re
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from connectors.mixpanel.sample.credentials import FORBIDDEN_PROJECT_ID, SECRET, USERNAME, UTC_PROJECT_ID
from tests.journeys.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]


@pytest.fixture
def draft(page: Page, served: Served) -> Page:
    """The wizard with an account chosen, at its second step."""
    page.goto("/sources/accounts/new/")
    page.get_by_label("Account name").fill(f"Account {uuid4().hex}")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Secret", exact=False).last.fill(SECRET)
    page.get_by_label("Region").select_option(served.sample.url)
    page.get_by_role("button", name="Connect to source").click()
    page.wait_for_url(re.compile(r"/accounts/\d+/$"))
    page.goto("/dataflows/new/")
    page.get_by_role("radio").first.check()
    go_on(page)
    return page


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next").click()
    page.wait_for_load_state("networkidle")


def to_dataset(page: Page) -> None:
    page.locator("select[name=project]").select_option(UTC_PROJECT_ID)
    page.get_by_role("button", name="Load preview").click()
    expect(page.get_by_role("region", name="Preview")).to_be_visible()
    go_on(page)
    page.get_by_label("Dataset name").fill(f"Dataset {uuid4().hex}")


def to_schedule(page: Page) -> None:
    to_dataset(page)
    go_on(page)
    go_on(page)
    expect(page).to_have_url(re.compile("/edit/schedule/"))


def test_letters_in_a_project_id_are_marked_at_the_field(draft: Page):
    draft.locator("select[name=project]").select_option("other")
    draft.get_by_label("Project id", exact=False).last.fill("abc<b>")
    go_on(draft)
    expect(draft.locator(".invalid-feedback").first).to_be_visible()
    expect(draft.get_by_label("Project id", exact=False).last).to_have_value("abc<b>")


@pytest.mark.parametrize("project_id", ["99999999", FORBIDDEN_PROJECT_ID])
def test_a_project_mixpanel_refuses_is_marked_at_the_field(draft: Page, project_id: str):
    draft.locator("select[name=project]").select_option("other")
    draft.get_by_label("Project id", exact=False).last.fill(project_id)
    draft.get_by_role("button", name="Load preview").click()
    expect(draft.locator(".invalid-feedback").first).to_be_visible()
    expect(draft.get_by_label("Project id", exact=False).last).to_have_value(project_id)


def test_a_wrong_region_creates_nothing_and_keeps_what_was_typed(page: Page):
    page.goto("/sources/accounts/new/")
    page.get_by_label("Account name").fill("Nowhere <b>shop</b>")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Secret", exact=False).last.fill(SECRET)
    page.get_by_label("Region").select_option("eu")
    page.get_by_role("button", name="Connect to source").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("Account name")).to_have_value("Nowhere <b>shop</b>")
    # The help beside the form shows the sample's public secret; the field must not give back what was typed.
    expect(page.get_by_label("Secret", exact=False).last).to_have_value("")
    page.goto("/sources/accounts/")
    expect(page.get_by_text("Nowhere")).to_have_count(0)


def test_a_name_of_five_thousand_characters_is_marked_at_the_field(draft: Page):
    to_dataset(draft)
    draft.get_by_label("Dataflow name").evaluate("field => { field.removeAttribute('maxlength') }")
    draft.get_by_label("Dataflow name").fill("x" * 5000)
    go_on(draft)
    expect(draft.locator(".invalid-feedback").first).to_be_visible()
    expect(draft.get_by_label("Dataflow name")).to_have_value("x" * 5000)


def test_markup_in_a_name_is_shown_as_text(draft: Page):
    to_dataset(draft)
    draft.get_by_label("Dataflow name").fill("<img src=x onerror=alert(1)>")
    go_on(draft)
    expect(draft.get_by_text("<img src=x onerror=alert(1)>").first).to_be_visible()
    expect(draft.locator("main img")).to_have_count(0)


def test_a_target_mapped_twice_is_marked_at_its_row(draft: Page):
    to_dataset(draft)
    go_on(draft)
    draft.locator("input[name^=destination]").nth(2).fill("_id")
    go_on(draft)
    expect(draft.locator(".problem").first).to_be_visible()
    expect(draft.locator("input[name^=destination]").nth(2)).to_have_value("_id")


def test_a_required_target_without_a_source_is_named(draft: Page):
    to_dataset(draft)
    go_on(draft)
    draft.locator("input[name^=destination]").nth(1).fill("")
    go_on(draft)
    expect(draft).to_have_url(re.compile("/edit/mapping/"))
    expect(draft.get_by_text(re.compile("timestamp")).first).to_be_visible()
    expect(draft.get_by_role("alert").or_(draft.locator(".invalid-feedback")).first).to_be_visible()


@pytest.mark.parametrize(("frequency", "interval"), [("minute", "14"), ("minute", "0"), ("hour", "0")])
def test_too_short_an_interval_is_marked_at_the_field(draft: Page, frequency: str, interval: str):
    to_schedule(draft)
    draft.get_by_label("Frequency").select_option(frequency)
    draft.get_by_label("Interval").fill(interval)
    go_on(draft)
    expect(draft.locator(".invalid-feedback").first).to_be_visible()
    expect(draft.get_by_label("Interval")).to_have_value(interval)


def test_a_start_in_the_past_is_marked_at_the_field(draft: Page):
    to_schedule(draft)
    draft.get_by_label("Start time").fill("2020-01-01T00:00")
    go_on(draft)
    expect(draft.locator(".invalid-feedback").first).to_be_visible()


def test_a_reload_and_the_back_button_lose_nothing(draft: Page):
    to_schedule(draft)
    draft.get_by_label("Frequency").select_option("week")
    go_on(draft)
    expect(draft).to_have_url(re.compile("/edit/review/"))
    draft.go_back()
    draft.reload()
    expect(draft.get_by_label("Frequency")).to_have_value("week")
    draft.go_back()
    go_on(draft)
    expect(draft).to_have_url(re.compile("/edit/schedule/"))


def test_two_windows_are_told_about_each_other(draft: Page):
    to_schedule(draft)
    other = draft.context.new_page()
    other.goto(draft.url)
    other.get_by_label("Frequency").select_option("hour")
    go_on(other)
    draft.get_by_label("Frequency").select_option("week")
    go_on(draft)
    expect(draft.get_by_text("Somebody saved this draft in another window.")).to_be_visible()
    expect(draft.get_by_label("Frequency")).to_have_value("week")
    go_on(draft)
    expect(draft).to_have_url(re.compile("/edit/review/"))
