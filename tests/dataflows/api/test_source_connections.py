"""Source connections: which project of an account is read, and in which zone its days are."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID
from connectors.models import Account
from dataflows.models import SourceConnection
from tests.dataflows.api import tutorial
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import Program


def made(program: Program, account: Account, **params: Any) -> Any:
    body = tutorial.source_connection(str(account.uuid))
    return program.post("/sourceConnections", {**body, "params": {**body["params"], **params}})


@pytest.mark.parametrize("zone", ["Europe/Berlin", "W. Europe Standard Time", "Europe/Paris"])
def test_take_the_zone_of_the_project_however_it_is_called(program: Program, account: Account, zone: str) -> None:
    assert made(program, account, timezone=zone).status_code == 201


def test_another_zone_is_refused_with_the_one_that_mixpanel_tells(program: Program, account: Account) -> None:
    answer = made(program, account, timezone="Pacific Standard Time")
    assert (answer.status_code, answer.json()["report"]["code"]) == (400, "zone_differs")
    assert "is in Europe/Berlin" in answer.json()["detail"]
    assert not SourceConnection.objects.exists()


def test_a_project_that_the_account_does_not_see_is_refused_with_those_it_sees(
    program: Program, account: Account
) -> None:
    answer = made(program, account, projectId="999")
    assert (answer.status_code, answer.json()["report"]["code"]) == (400, "unknown_project")
    assert LEGACY_PROJECT_ID in answer.json()["detail"]


def test_a_project_that_the_account_sees_only_now_is_taken(program: Program, account: Account) -> None:
    account.projects = [each for each in account.projects if each["id"] == LEGACY_PROJECT_ID]
    account.save()
    assert made(program, account).status_code == 201


def test_an_account_that_has_shown_no_project_is_believed(program: Program, account: Account) -> None:
    account.projects = []
    account.save()
    assert made(program, account, projectId="999", timezone="UTC").status_code == 201


def test_a_draft_with_a_wrong_zone_is_not_published(shop: Shop) -> None:
    SourceConnection.objects.update(timezone="Asia/Tokyo")
    answer = shop.program.post("/flows", shop.body())
    assert answer.json()["report"]["code"] == "zone_differs"
