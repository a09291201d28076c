"""The pages that plan and repair, in a real browser: accessible, readable on a phone, in light and dark."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

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
make_window(before, days[1], days=[day_account(days[1], loaded=9000, rejected=120) | price(120)])
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
    done = subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", SEED],
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, int] = json.loads(done.stdout.splitlines()[-1])
    return found


PAGES = {
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
    page.evaluate(AXE.read_text())
    for scheme in ("light", "dark"):
        page.evaluate("theme => document.documentElement.dataset.bsTheme = theme", scheme)
        found = page.evaluate("rules => axe.run(document, rules)", RULES)
        assert [(rule["id"], [node["html"] for node in rule["nodes"]][:3]) for rule in found["violations"]] == []
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.set_viewport_size({"width": 1400, "height": 900})
    picture(name)
