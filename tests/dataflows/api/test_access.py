"""Who gets in: tokens, headers, roles, the rate limit, and what is refused before anything is read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any
from urllib.parse import urlencode

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from dataflows.api import clients
from dataflows.models import ApiClient, ApiToken
from tests.dataflows.api.program import FLOW_SERVICE, Program, code_of

FORM = "application/x-www-form-urlencoded"


def ask_for_token(**form: str) -> Any:
    return Client().post("/ims/token/v3", urlencode(form), FORM)


def good_form(program: Program) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": program.made.client.client_id,
        "client_secret": program.made.secret,
        "scope": "openid,AdobeID",
    }


class TestTokens:
    def test_a_client_gets_a_token_that_works(self, program: Program) -> None:
        answer = ask_for_token(**good_form(program))
        assert answer.status_code == 200
        assert answer.json()["token_type"] == "bearer"
        assert answer.json()["expires_in"] == 86399
        program.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        assert program.get("/connectionSpecs").status_code == 200

    def test_neither_the_secret_nor_the_token_is_stored(self, program: Program) -> None:
        token = program.headers["Authorization"].split()[1]
        assert program.made.secret not in str(ApiClient.objects.values())
        assert token not in str(ApiToken.objects.values())

    @pytest.mark.parametrize(
        ("changed", "status", "error"),
        [
            ({"client_secret": "wrong"}, 401, "invalid_client"),
            ({"client_id": "unknown"}, 401, "invalid_client"),
            ({"client_secret": ""}, 400, "invalid_request"),
            ({"grant_type": "password"}, 400, "unsupported_grant_type"),
            ({"scope": "x" * 20_000}, 413, "invalid_request"),
        ],
    )
    def test_wrong_credentials_get_none(
        self, program: Program, changed: dict[str, str], status: int, error: str
    ) -> None:
        answer = ask_for_token(**{**good_form(program), **changed})
        assert (answer.status_code, answer.json()["error"]) == (status, error)

    def test_secrets_are_taken_from_a_form_only(self, program: Program) -> None:
        form = good_form(program)
        of_address = Client().post(f"/ims/token/v3?{urlencode(form)}")
        of_json = Client().post("/ims/token/v3", json.dumps(form), "application/json")
        for answer in (of_address, of_json):
            assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")
            assert "as a form in the body" in answer.json()["error_description"]

    def test_a_token_ends_after_a_day(self, program: Program) -> None:
        with time_machine.travel(timezone.now() + timedelta(hours=25), tick=False):
            assert program.get("/connectionSpecs").status_code == 401

    def test_a_revoked_client_is_out_at_once(self, program: Program) -> None:
        assert clients.revoke(program.made.client, by=None, now=timezone.now())
        assert program.get("/connectionSpecs").status_code == 401
        assert ask_for_token(**good_form(program)).status_code == 401
        assert not clients.revoke(program.made.client, by=None, now=timezone.now())


class TestGateway:
    @pytest.mark.parametrize(
        ("header", "value", "status", "code"),
        [
            ("Authorization", None, 403, "403010"),
            ("Authorization", "Bearer nonsense", 401, "401013"),
            ("Authorization", "Basic abc", 401, "401013"),
            ("x-api-key", None, 403, "403000"),
            ("x-api-key", "another", 403, "403003"),
            ("x-gw-ims-org-id", None, 400, "400003"),
            ("x-gw-ims-org-id", "OTHER@AdobeOrg", 403, "403025"),
        ],
    )
    def test_names_the_header_that_is_wrong(
        self, program: Program, header: str, value: str | None, status: int, code: str
    ) -> None:
        del program.headers[header]
        if value is not None:
            program.headers[header] = value
        answer = program.get("/connectionSpecs")
        assert (answer.status_code, answer.json()["error_code"]) == (status, code)
        assert answer.json()["message"]

    @pytest.mark.parametrize(("sandbox", "status"), [("prod", 200), ("dev", 404), ("*", 403)])
    def test_there_is_one_sandbox(self, program: Program, sandbox: str, status: int) -> None:
        program.headers["x-sandbox-name"] = sandbox
        assert program.get("/connectionSpecs").status_code == status

    def test_without_a_sandbox_it_is_the_default_one(self, program: Program) -> None:
        del program.headers["x-sandbox-name"]
        assert program.get("/connectionSpecs").status_code == 200

    def test_a_slash_at_the_end_is_no_other_address(self, program: Program) -> None:
        assert program.get("/connectionSpecs/").status_code == 200

    def test_an_address_that_means_nothing_is_a_problem_document(self, program: Program) -> None:
        answer = program.get("/nothing")
        assert (answer.status_code, code_of(answer)) == (404, "1101-404")

    def test_a_method_that_is_not_possible_names_those_that_are(self, program: Program) -> None:
        answer = program.call("DELETE", f"{FLOW_SERVICE}/connectionSpecs")
        assert answer.status_code == 405
        assert "GET" in answer["Allow"]

    def test_calls_are_limited_by_the_minute(self, program: Program) -> None:
        ApiClient.objects.update(calls_per_minute=3)
        with time_machine.travel(datetime(2026, 3, 1, 12, 0, 20, tzinfo=UTC), tick=False) as clock:
            ApiToken.objects.update(expires_at=timezone.now() + timedelta(hours=1))
            assert [program.get("/flowSpecs").status_code for _ in range(4)] == [200, 200, 200, 429]
            answer = program.get("/flowSpecs")
            assert answer["Retry-After"] == "40"
            clock.shift(timedelta(seconds=40))
            assert program.get("/flowSpecs").status_code == 200


class TestRoles:
    def test_who_only_looks_changes_nothing(self, onlooker: Program) -> None:
        assert onlooker.get("/connections").status_code == 200
        answer = onlooker.post("/connections", {})
        assert answer.status_code in {400, 403}
        body = {
            "name": "x",
            "connectionSpec": {"id": "fd2c8ff3-1de0-4f6b-8fa8-4264784870eb"},
            "auth": {"params": {"username": "u", "password": "p"}},
        }
        answer = onlooker.post("/connections", body)
        assert (answer.status_code, code_of(answer)) == (403, "2118-403")

    def test_an_account_without_role_sees_nothing(self, onlooker: Program, account: Any) -> None:
        assert onlooker.get("/connections").json()["items"]
        onlooker.made.client.account.groups.clear()
        assert onlooker.get("/connections").json()["items"] == []


def run(*words: str) -> str:
    """What a command prints."""
    out = StringIO()
    call_command(*words, stdout=out)
    return out.getvalue()


class TestCommands:
    def test_prints_one_object_with_working_credentials(self, db: None) -> None:
        out = StringIO()
        call_command("create_api_client", "nightly", "--role", "Viewer", stdout=out)
        told = json.loads(out.getvalue())
        assert told.keys() == {"client_id", "client_secret", "org_id"}
        form = {"grant_type": "client_credentials"} | {name: told[name] for name in ("client_id", "client_secret")}
        assert ask_for_token(**form).status_code == 200

    def test_says_that_a_name_is_taken(self, program: Program) -> None:
        with pytest.raises(CommandError, match="another API client called robot"):
            call_command("create_api_client", "robot", stdout=StringIO())

    def test_name_every_client_without_its_secret(self, program: Program, onlooker: Program) -> None:
        clients.revoke(onlooker.made.client, by=None, now=timezone.now())
        told = [json.loads(line) for line in run("list_api_clients").splitlines()]
        assert [(each["name"], each["role"]) for each in told] == [("dashboard", "Viewer"), ("robot", "Analyst")]
        assert told[1]["client_id"] == program.made.client.client_id
        assert (told[1]["revoked"], told[0]["revoked"] is None) == (None, False)
        assert "secret" not in run("list_api_clients")

    def test_revoke_a_client_by_name(self, program: Program) -> None:
        assert program.get("/flows").status_code == 200
        assert run("revoke_api_client", "robot") == "robot is revoked: its tokens are refused from now on.\n"
        assert program.get("/flows").status_code == 401
        assert run("revoke_api_client", "robot") == "robot was revoked before.\n"

    def test_say_that_no_client_has_a_name(self, db: None) -> None:
        with pytest.raises(CommandError, match="no API client called nobody"):
            run("revoke_api_client", "nobody")

    def test_all_clients_share_one_organization(self, program: Program, onlooker: Program) -> None:
        assert program.made.client.org_id == onlooker.made.client.org_id


def test_creating_a_client_leaves_a_trail(program: Program, admin: Any) -> None:
    (entry,) = LogEntry.objects.all()
    assert (entry.user, entry.object_repr, entry.change_message) == (admin, "robot", "role Analyst")
