"""The pages that plan and repair, in a real browser: accessible, readable on a phone, in light and dark."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import ROOT, Served
from tests.journeys.test_accessibility import AXE, RULES

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# A dataflow with a held day, a day with rejected records, an alarm about its times, and a dry run.
SEED = """
import json
from datetime import date, timedelta
from django.utils import timezone
from dataflows import stores
from tests.dataflows.factories import *
today = timezone.now().date()
days = [today - timedelta(days=number) for number in range(1, 5)]
flow = make_flow(name="To be repaired", status="disabled", status_reason="time_semantic_changed",
                 timezone="Europe/Berlin", history_from=today - timedelta(days=40))
make_run(flow, status="failed", error_code="time_semantic_changed",
         error_detail="95 of 100 live events (95%) carry the wall clock of Europe/Berlin instead of UTC.")
window = make_window(make_run(flow, status="partial", error_code="day_shrunk"), days[0], status="held",
                     days=[day_account(days[0], loaded=40) | {"status": "held", "conflicting": 3, "anonymous": 12}])
make_day(flow, days[0], status="held", held=counts(loaded=40), held_window=window, landed_key="raw/1.gz",
         **counts(loaded=12345))
make_day(flow, days[1], landed_key="raw/2.gz", **counts(loaded=9000, rejected=120))
price = lambda count: {"reasons": [{"code": "MAPPER-3700-400", "field": "_tributary.price", "count": count}]}
before = make_run(flow, created=timezone.now() - timedelta(hours=1))
read = make_window(before, days[1], days=[day_account(days[1], loaded=9000, rejected=120) | price(120)])
flow.days.filter(day=days[1]).update(window=read)
dry = make_run(flow, trigger="reprocess", dry_run=True, first_day=days[1], last_day=days[1])
make_window(dry, days[1], days=[day_account(days[1], loaded=9115, rejected=5) | price(5)],
            **counts(loaded=9115, rejected=5))
paused = make_run(flow, trigger="backfill", status="paused", pause_reason="user",
                  first_day=days[3], last_day=days[2])
make_window(paused, days[3], status="waiting")
print(json.dumps({"flow": flow.pk, "held": window.run.pk, "dry": dry.pk, "paused": paused.pk}))
"""


@pytest.fixture(scope="module")
def seeded(served: Served) -> dict[str, int]:
    return seed(served, SEED)


# A dataflow of the sample whose calculated timestamp reads the wrong property, so that yesterday fails as a whole.
BROKEN = """
import json
from datetime import timedelta
from django.conf import settings
from django.utils import timezone
from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from connectors.sealed import Sealed
from dataflows import stores, tasks
from dataflows.models import Trigger
from dataflows.runs import lifecycle
from tests.dataflows.factories import make_account, make_dataset, make_flow
now = timezone.now()
account = make_account(name="To be read wrongly", username=USERNAME, secret=Sealed.seal(SECRET),
                       region=settings.MIXPANEL_EXTRA_HOSTS[0])
dataset = make_dataset(name="Wrongly read events")
stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
row = lambda source, target, kind="ATTRIBUTE": {"sourceType": kind, "source": source, "destination": target}
flow = make_flow(name="Read wrongly", account=account, dataset=dataset, project_id=UTC_PROJECT_ID, mapping=[
    row("tributary.event_id", "_id"), row("event", "eventType"),
    row("date(properties.$city)", "timestamp", "EXPRESSION")])
run = lifecycle.start(flow, trigger=Trigger.USER, days=[now.date() - timedelta(days=1)], now=now)
tasks.ring(run)
print(json.dumps({"flow": flow.pk, "run": run.pk}))
"""
REPAIRED = "tributary.timestamp"


def seed(served: Served, program: str) -> dict[str, int]:
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", program],
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_a_failing_day_is_repaired_until_nothing_is_rejected(
    page: Page, served: Served, picture: Callable[[str], None]
):
    """From the failed run through its group to the mapping row, by a dry run to a day without rejected records."""
    made = seed(served, BROKEN)
    page.goto(f"/runs/{made['run']}/")
    ended(page, "Failed")
    expect(page.get_by_text("CONNECTOR-2001-500")).to_be_visible()
    fits_everybody(page)
    picture("run-failed-day")
    look_at_records(page)
    page.get_by_role("link", name="Look at the rejected records by group").click()
    page.get_by_role("link", name="timestamp", exact=True).click()
    expect(page.locator(".raw mark").first).to_be_visible()
    before = page.locator(".figures dd").first.inner_text()
    fits_everybody(page)
    picture("group")
    page.get_by_role("link", name="Fix this mapping row").click()
    fix_row(page, "timestamp", REPAIRED)
    page.goto(f"/dataflows/{made['flow']}/diagnostics/")
    page.get_by_role("link", name="timestamp", exact=True).click()
    group = page.url
    page.get_by_role("button", name="Dry run on these days").click()
    ended(page, "Succeeded")
    expect(proof_row(page)).to_have_text([before, "0", f"−{before}"])
    picture("run-dry-repair")
    dry = page.url
    page.get_by_role("button", name="Reprocess for real").click()
    page.wait_for_url(lambda url: "/runs/" in url and url != dry)
    ended(page, "Succeeded")
    expect(proof_row(page)).to_have_text([before, "0", f"−{before}"])
    # The sample has events without a time, which no mapping can mend.
    expect(proof(page).locator(".said")).to_contain_text(re.compile(r"it rejected [1-9]\d*\."))
    expect(proof(page).locator(".said")).to_contain_text("2 groups still fail.")
    fits_everybody(page)
    picture("run-repaired")
    page.goto(f"/dataflows/{made['flow']}/diagnostics/")
    expect(page.get_by_role("link", name="properties.time")).to_be_visible()
    expect(page.get_by_role("link", name="timestamp", exact=True)).to_have_count(0)
    page.goto(group)
    expect(page.get_by_role("heading", name="No day has such a record any more")).to_be_visible()
    expect(page.locator("#repairs-title ~ .table-wrap tbody tr")).to_have_count(2)
    fits_everybody(page)
    picture("group-repaired")


def look_at_records(page: Page) -> None:
    """The pages beside the groups of a run, and back."""
    here = page.url
    for link, words in (("Preview error diagnostics", "Column name"), ("File manifest", "Total files")):
        page.get_by_role("link", name=link).click()
        expect(page.get_by_text(words)).to_be_visible()
        fits_everybody(page)
        page.goto(here)


def proof(page: Page) -> Locator:
    return page.locator("section", has=page.locator("#proof-title"))


def proof_row(page: Page) -> Locator:
    """Before, after and difference of the group that is repaired."""
    return proof(page).locator("tr", has_text="timestamp").locator(".num")


def ended(page: Page, word: str) -> None:
    page.wait_for_url(re.compile(r"/runs/\d+/"))
    expect(page.locator(".status", has_text=word).first).to_be_visible(timeout=120_000)


def fix_row(page: Page, target: str, source: str) -> None:
    """In the mapping editor, opened at the row: real records say what is wrong, and at once that it is right."""
    row = page.locator("tr.opened", has=page.locator(f"input[name^=destination-][value='{target}']"))
    errors = page.locator("#result th.current .wrong")
    expect(errors).to_be_visible()
    row.locator("[name^=source-]").fill(source.removesuffix("p"))
    expect(row.locator(".problem")).to_be_visible()
    row.locator("[name^=source-]").fill(source)
    expect(row.locator(".problem")).to_have_count(0)
    expect(errors).to_have_count(0)
    page.get_by_role("button", name="Save as new version").click()
    page.wait_for_url(re.compile(r"/mapping/$"))


PAGES = {
    "dataflow-groups": ("/dataflows/{flow}/diagnostics/", "_tributary.price"),
    "run-groups-filtered": ("/runs/{dry}/diagnostics/?field=zebra", "No group is like that"),
    "dataflow-held": ("/dataflows/{flow}/", "Keep old"),
    "dataflow-backfill": ("/dataflows/{flow}/backfill/", "Export requests"),
    "dataflow-reprocess": ("/dataflows/{flow}/reprocess/", "Dry run"),
    "dataflow-times": ("/dataflows/{flow}/times/", "95 of 100"),
    "run-dry": ("/runs/{dry}/", "What would change"),
    "run-held": ("/runs/{held}/", "Compare and decide"),
    "run-paused": ("/runs/{paused}/", "Paused by a person"),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_accessible_and_fits_a_phone(
    page: Page, seeded: dict[str, int], picture: Callable[[str], None], name: str
):
    address, words = PAGES[name]
    page.goto(address.format(**seeded))
    assert page.get_by_text(words).first.is_visible()
    fits_everybody(page)
    picture(name)


def fits_everybody(page: Page) -> None:
    """Passes axe in light and dark, and does not scroll sideways on a phone."""
    page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1400, "height": 900})
