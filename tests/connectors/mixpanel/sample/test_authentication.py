"""Credentials and projects: the answers that tell a user what is wrong."""

from __future__ import annotations

import pytest

from connectors.mixpanel.sample.credentials import (
    FORBIDDEN_PROJECT_ID,
    LEGACY_PROJECT_ID,
    PROJECT_SECRET,
    SECRET,
    USERNAME,
    UTC_PROJECT_ID,
)

ACCOUNT = (USERNAME, SECRET)
DAY = {"from_date": "2026-03-18", "to_date": "2026-03-18"}
COUNTS = {"event": '["Purchase"]', "type": "general", "unit": "day"}
UNABLE = "Unable to authenticate request"


CASES = [
    (ACCOUNT, LEGACY_PROJECT_ID, 200, ""),
    (ACCOUNT, UTC_PROJECT_ID, 200, ""),
    ((PROJECT_SECRET, ""), None, 200, ""),
    ((PROJECT_SECRET, ""), LEGACY_PROJECT_ID, 400, "project_id cannot be combined"),
    ((USERNAME, "wrong"), LEGACY_PROJECT_ID, 400, UNABLE),
    (("somebody.000000.mp-service-account", SECRET), LEGACY_PROJECT_ID, 400, UNABLE),
    (ACCOUNT, None, 400, UNABLE),
    (ACCOUNT, "999", 400, UNABLE),
    (ACCOUNT, "not-a-number", 400, UNABLE),
    (ACCOUNT, FORBIDDEN_PROJECT_ID, 403, "does not have access"),
    (("0123456789abcdef0123456789abcdef", ""), None, 401, "invalid project secret"),
    (None, LEGACY_PROJECT_ID, 401, "credentials are required"),
]


@pytest.mark.parametrize(("auth", "project_id", "status", "says"), CASES)
def test_export_answers_credentials_with(ask, auth, project_id, status, says) -> None:
    answer = ask("/api/2.0/export", auth, **DAY, limit=3, **({"project_id": project_id} if project_id else {}))
    assert answer.status_code == status
    assert says in answer.text


@pytest.mark.parametrize(("auth", "project_id", "status", "says"), CASES)
def test_the_query_api_answers_the_same_in_its_own_envelope(ask, auth, project_id, status, says) -> None:
    answer = ask("/api/query/events", auth, **DAY, **COUNTS, **({"project_id": project_id} if project_id else {}))
    assert answer.status_code == status
    if status != 200:
        assert answer.json()["request"] == "/api/query/events"
        assert says in answer.json()["error"]


@pytest.mark.parametrize("auth", [None, (USERNAME, "wrong"), (PROJECT_SECRET, "")])
def test_the_app_api_refuses_all_but_the_service_account(ask, auth) -> None:
    answer = ask("/api/app/me", auth)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Invalid service account credentials", "status": "error"}


@pytest.mark.parametrize("header", ["Bearer abc", "Basic", "Basic ???", "Basic /w=="])
def test_an_unreadable_header_is_not_a_credential(shared_server, session, header) -> None:
    answer = session.get(f"{shared_server.url}/api/2.0/export", headers={"Authorization": header}, timeout=10)
    assert answer.status_code == 401


def test_no_refusal_repeats_the_secret(ask) -> None:
    answer = ask("/api/2.0/export", (USERNAME, SECRET + "x"), project_id=LEGACY_PROJECT_ID, **DAY)
    assert answer.status_code == 400
    assert SECRET not in answer.text
