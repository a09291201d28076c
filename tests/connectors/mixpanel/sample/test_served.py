"""The account of what was served."""

from __future__ import annotations

import time
from typing import Any

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, SECRET, USERNAME, UTC_PROJECT_ID
from connectors.mixpanel.sample.server import SampleServer
from tests.connectors.mixpanel.sample.conftest import asker
from tests.connectors.mixpanel.sample.records import records

EXPORT = "/api/2.0/export"


def of_legacy(server: SampleServer) -> dict[str, Any]:
    """What the project was served; an answer is counted once it has been sent, which its reader may overtake."""
    give_up = time.monotonic() + 5
    while LEGACY_PROJECT_ID not in server.served["by_project"] and time.monotonic() < give_up:
        time.sleep(0.01)
    found: dict[str, Any] = server.served["by_project"][LEGACY_PROJECT_ID]
    return found


def span(first: str, last: str, project_id: str = LEGACY_PROJECT_ID) -> dict[str, str]:
    return {"project_id": project_id, "from_date": first, "to_date": last}


def test_lines_are_counted_per_project_and_day(server, session) -> None:
    ask = asker(server, session)
    first = len(records(ask(EXPORT, **span("2026-03-16", "2026-03-16")).content))
    both = len(records(ask(EXPORT, **span("2026-03-16", "2026-03-17")).content))
    other = len(records(ask(EXPORT, **span("2026-03-16", "2026-03-16", UTC_PROJECT_ID)).content))
    assert ask("/sample/served", None).json() == server.served
    assert server.served == {
        "requests": 3,
        "lines": first + both + other,
        "by_project": {
            LEGACY_PROJECT_ID: {"lines": first + both, "days": {"2026-03-16": first, "2026-03-17": both - first}},
            UTC_PROJECT_ID: {"lines": other, "days": {"2026-03-16": other}},
        },
    }


def test_a_day_shows_its_last_full_export(server, session) -> None:
    ask = asker(server, session)
    before = len(records(ask(EXPORT, **span("2026-03-18", "2026-03-18")).content))
    session.post(f"{server.url}/sample/late-event", json={"day": "2026-03-18"}, timeout=10)
    ask(EXPORT, **span("2026-03-18", "2026-03-18"))
    assert of_legacy(server)["days"] == {"2026-03-18": before + 1}
    assert of_legacy(server)["lines"] == 2 * before + 1


def test_previews_count_as_requests_but_not_as_lines(server, session) -> None:
    asker(server, session)(EXPORT, **span("2026-03-18", "2026-03-18"), limit=10)
    assert server.served == {"requests": 1, "lines": 0, "by_project": {}}


def test_a_filtered_export_counts_its_lines_but_is_not_a_full_day(server, session) -> None:
    body = asker(server, session)(EXPORT, **span("2026-03-18", "2026-03-18"), event='["Page Viewed"]').content
    assert of_legacy(server) == {"lines": len(records(body)), "days": {}}


def test_an_empty_day_is_served_with_no_lines(server, session) -> None:
    asker(server, session)(EXPORT, **span("2026-03-20", "2026-03-20"))
    assert of_legacy(server) == {"lines": 0, "days": {"2026-03-20": 0}}


def test_refused_requests_are_not_served(server, session) -> None:
    asker(server, session)(EXPORT, (USERNAME, SECRET + "!"), **span("2026-03-18", "2026-03-18"))
    assert server.served == {"requests": 0, "lines": 0, "by_project": {}}


def test_reset_forgets(server, session) -> None:
    asker(server, session)(EXPORT, **span("2026-03-18", "2026-03-18"))
    assert server.served["lines"] > 0
    session.post(f"{server.url}/sample/reset", timeout=10)
    assert server.served == {"requests": 0, "lines": 0, "by_project": {}}
