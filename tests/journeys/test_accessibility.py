"""Every page passes axe (WCAG 2.2 AA), in light and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

AXE = Path(__file__).resolve().parents[2] / "node_modules" / "axe-core" / "axe.min.js"
PAGES = [
    "/sources/",
    "/sources/accounts/",
    "/sources/accounts/new/",
    "/dataflows/",
    "/monitoring/",
    "/status/",
    "/datasets/",
    "/schemas/",
    "/schemas/new/",
    "/schemas/generate/",
    "/schemas/import/",
    "/schemas/1/",
    "/help/codes/",
    "/help/codes/?q=zebra",
    "/help/codes/storage_full/",
    "/api/clients/",
    "/api/clients/new/",
    "/api/docs/",
    "/runs/999/",
]
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_accessible(page: Page, address: str, scheme: str):
    page.goto(address)
    page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
    # The page's own policy lets no foreign script in; evaluating its text is not loading one.
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_an_address_of_the_api_is_accessible_when_it_is_opened(page: Page, scheme: str):
    page.goto("/api/docs/")
    page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
    page.locator(".opblock-tag").nth(2).click()
    page.locator(".opblock-summary-control").first.click()
    page.locator(".opblock.is-open pre").first.wait_for()
    page.evaluate(AXE.read_text())
    found = page.evaluate("rules => axe.run('.opblock.is-open', rules)", RULES)
    assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []


def test_works_without_scripts(browser, logged_in, served):
    context = browser.new_context(storage_state=logged_in, base_url=served.url, java_script_enabled=False)
    page = context.new_page()
    for address in PAGES[:-1]:
        assert page.goto(address).status == 200
        assert page.locator("h1").count() == 1
    context.close()
