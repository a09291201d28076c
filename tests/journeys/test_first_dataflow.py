"""An analyst's first hour: account, dataflow, run, rows, without reading any manual."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from tests.journeys.conftest import Served

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

Picture = Callable[[str], None]


def test_sets_up_a_dataflow_runs_it_and_sees_its_rows(page: Page, served: Served, picture: Picture):
    connect(page, served, picture)
    wizard(page, picture)
    run_to_its_end(page, picture)
    look_at_rows(page, picture)
    roll_back_and_fill_again(page, picture)
    look_around(page, picture)


def connect(page: Page, served: Served, picture: Picture) -> None:
    page.goto("/sources/")
    picture("catalog-empty")
    page.get_by_role("link", name="Set up").first.click()
    page.get_by_label("Account name").fill("Harbour shop")
    page.get_by_label("Username").fill(USERNAME)
    page.get_by_label("Secret", exact=False).last.fill("not the secret")
    page.get_by_label("Region").select_option(served.sample.url)
    page.get_by_role("button", name="Connect to source").click()
    expect(page.get_by_role("alert").first).to_be_visible()
    expect(page.get_by_label("Account name")).to_have_value("Harbour shop")
    picture("account-refused")
    page.get_by_label("Secret", exact=False).last.fill(SECRET)
    page.get_by_role("button", name="Connect to source").click()
    expect(page.get_by_role("heading", name="Harbour shop")).to_be_visible()
    assert SECRET not in page.content()
    page.get_by_label("Project id (optional)").fill(UTC_PROJECT_ID)
    page.get_by_role("button", name=re.compile("Test")).click()
    expect(page.get_by_text("Budget", exact=False).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    picture("account")


def wizard(page: Page, picture: Picture) -> None:
    page.goto("/sources/")
    picture("catalog")
    page.get_by_role("button", name="Add data").or_(page.get_by_role("link", name="Add data")).first.click()
    start = page.get_by_role("button", name=re.compile("Start|Add data|Begin|New dataflow"))
    if start.count():
        start.first.click()
    page.get_by_role("radio").first.check()
    picture("wizard-account")
    next_step(page)
    page.get_by_label("Project", exact=True).or_(page.locator("select[name=project]")).first.select_option(
        UTC_PROJECT_ID
    )
    page.get_by_role("button", name=re.compile("Load preview")).click()
    expect(page.get_by_role("region", name="Preview")).to_be_visible()
    picture("wizard-project")
    next_step(page)
    page.get_by_label("Dataset name").fill("Harbour events")
    page.get_by_label("Dataflow name").fill("Harbour shop, daily")
    picture("wizard-dataset")
    next_step(page)
    picture("wizard-mapping")
    next_step(page)
    picture("wizard-schedule")
    next_step(page)
    picture("wizard-review")
    page.get_by_role("button", name="Finish").click()


def next_step(page: Page) -> None:
    here = page.url
    page.get_by_role("button", name="Next").click()
    page.wait_for_url(lambda url: url != here)


def run_to_its_end(page: Page, picture: Picture) -> None:
    page.wait_for_url(re.compile(r"/(runs|dataflows)/\d+/"))
    if "/dataflows/" in page.url:
        page.get_by_role("link", name=re.compile(r"\d{4}-\d\d-\d\d")).first.click()
    page.wait_for_url(re.compile(r"/runs/\d+/"))
    picture("run-running")
    expect(page.locator(".status", has_text="Succeeded").first).to_be_visible(timeout=120_000)
    expect(page.get_by_text(re.compile(r"received", re.I)).first).to_be_visible()
    picture("run")


def look_at_rows(page: Page, picture: Picture) -> None:
    page.goto("/datasets/")
    picture("datasets")
    page.get_by_role("link", name="Harbour events").first.click()
    expect(page.get_by_text("_tributary.event_name").first).to_be_visible()
    expect(page.get_by_text("Product Viewed").first).to_be_visible()


def roll_back_and_fill_again(page: Page, picture: Picture) -> None:
    """Back to the first commit, then a backfill of what is missing since."""
    rows = page.locator("#snapshots-title").locator("xpath=ancestor::section").locator("tbody tr")
    loaded = rows.first.locator("td.num").last.inner_text()
    page.get_by_role("link", name=re.compile("Roll back")).last.click()
    expect(page.get_by_text("Days with rows")).to_be_visible()
    picture("dataset-roll-back")
    page.get_by_role("button", name="Roll back").click()
    expect(page.get_by_text("The dataset holds again what it held then")).to_be_visible()
    page.get_by_role("link", name="Harbour shop, daily").first.click()
    page.get_by_role("link", name="Backfill", exact=True).click()
    expect(page.get_by_text("Export requests")).to_be_visible()
    page.get_by_role("button", name="Start the backfill").click()
    expect(page.locator(".status", has_text="Succeeded").first).to_be_visible(timeout=120_000)
    page.goto("/datasets/")
    page.get_by_role("link", name="Harbour events").first.click()
    assert rows.first.locator("td.num").last.inner_text() == loaded
    picture("dataset")


def look_around(page: Page, picture: Picture) -> None:
    pages = {
        "accounts": "/sources/accounts/",
        "dataflows": "/dataflows/",
        "dataflow": "/dataflows/1/",
        "dataflow-run": "/dataflows/1/run/",
        "monitoring": "/monitoring/?frame=all",
        "status": "/status/",
        "schemas": "/schemas/",
        "schema": "/schemas/1/",
        "account-new": "/sources/accounts/new/",
        "account-delete": "/sources/accounts/1/delete/",
        "dataflow-delete": "/dataflows/1/delete/",
        "admin": "/admin/",
        "not-found": "/runs/999/",
    }
    for name, address in pages.items():
        page.goto(address)
        expect(page.locator("h1").last).to_be_visible()
        picture(name)
