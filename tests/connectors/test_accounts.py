"""Connecting, changing, testing and deleting accounts, against a Mixpanel that really answers."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.db import connection

from connectors import accounts, budget
from connectors.base import StepState
from connectors.errors import BadCredentials, HostRefused, SecretUnreadable, Unreachable, WrongRegion
from connectors.mixpanel.hosts import Hosts
from connectors.mixpanel.sample.credentials import (
    LEGACY_PROJECT_ID,
    PROJECT_SECRET,
    SECRET,
    USERNAME,
    UTC_PROJECT_ID,
)
from connectors.models import Account, ExportRequest
from dataflows.models import Dataflow
from tests.services import free_port

pytestmark = pytest.mark.django_db


def connect(region: str, **changes: Any) -> Account:
    values: dict[str, Any] = {
        "name": "Shop",
        "description": "",
        "auth_kind": "service_account",
        "username": USERNAME,
        "secret": SECRET,
        "by": None,
    }
    return accounts.connect(**values | changes, region=region)


def update(account: Account, **changes: Any) -> Account:
    names = ("name", "description", "auth_kind", "username", "region")
    return accounts.update(account, **{name: getattr(account, name) for name in names} | changes)


def place(slug: str, url: str) -> Hosts:
    return Hosts(slug, f"Region {slug}", url, url, url)


@pytest.fixture
def refusing() -> Iterator[str]:
    """A service that knows nobody."""

    class Refuse(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(401)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None: ...

    server = HTTPServer(("127.0.0.1", 0), Refuse)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class TestConnecting:
    def test_keeps_the_account_with_its_secret_sealed(self, sample, analyst):
        account = connect(sample.url, by=analyst)
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM connectors_account")
            assert SECRET not in repr(cursor.fetchall())
        assert Account.objects.get(pk=account.pk).credentials.secret == SECRET
        assert account.created_by == analyst

    def test_remembers_the_projects_and_a_first_test(self, sample):
        account = connect(sample.url)
        assert {project["id"] for project in account.projects} == {LEGACY_PROJECT_ID, UTC_PROJECT_ID}
        assert [step["state"] for step in account.steps][:2] == ["ok", "ok"]
        assert not ExportRequest.objects.exists()

    def test_takes_a_project_secret_and_forgets_a_username_typed_before(self, sample):
        account = connect(sample.url, auth_kind="project_secret", secret=PROJECT_SECRET)
        assert (account.username, account.credentials.auth) == ("", (PROJECT_SECRET, ""))

    @pytest.mark.parametrize("changes", [{"secret": "wrong"}, {"username": "nobody.1a2b3c.mp-service-account"}])
    def test_creates_nothing_when_the_credentials_are_wrong(self, sample, changes):
        with pytest.raises(BadCredentials):
            connect(sample.url, **changes)
        assert not Account.objects.exists()

    def test_creates_nothing_when_nobody_answers(self, settings):
        settings.MIXPANEL_EXTRA_HOSTS = [f"http://127.0.0.1:{free_port()}"]
        with pytest.raises(Unreachable):
            connect(settings.MIXPANEL_EXTRA_HOSTS[0])
        assert not Account.objects.exists()

    def test_calls_no_host_that_is_not_allowed(self, sample, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        with pytest.raises(HostRefused):
            connect(sample.url)
        assert not Account.objects.exists()

    def test_finds_the_place_that_accepts_the_credentials(self, sample, refusing):
        account = connect("", regions={"us": place("us", refusing)})
        assert account.region == sample.url

    def test_says_in_which_region_they_are_valid(self, sample, refusing):
        regions = {"us": place("us", refusing), "eu": place("eu", sample.url)}
        with pytest.raises(WrongRegion, match="valid in Region eu, not in Region us"):
            connect("us", regions=regions)
        assert not Account.objects.exists()

    def test_says_what_each_region_answered(self, refusing):
        regions = {slug: place(slug, refusing) for slug in ("us", "eu", "in")}
        with pytest.raises(BadCredentials, match=r"(?s)us: .*eu: .*in: "):
            connect("", regions=regions)

    def test_refuses_a_name_that_is_taken_in_the_same_moment(self, sample):
        connect(sample.url)
        with pytest.raises(accounts.NameTaken):
            connect(sample.url)
        assert Account.objects.count() == 1

    def test_writes_the_secret_to_no_log(self, sample, caplog):
        caplog.set_level(logging.DEBUG)
        connect(sample.url)
        with pytest.raises(BadCredentials):
            connect(sample.url, name="Other", secret="not-the-right-one")
        assert SECRET not in caplog.text
        assert "not-the-right-one" not in caplog.text


class TestChanging:
    def test_keeps_the_secret_that_is_not_entered_again(self, account):
        changed_at = account.secret_changed_at
        update(account, name="Renamed", secret="")
        stored = Account.objects.get(pk=account.pk)
        assert (stored.name, stored.credentials.secret) == ("Renamed", SECRET)
        assert stored.secret_changed_at == changed_at

    def test_needs_no_network_for_a_new_name(self, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        assert update(account, name="Renamed").name == "Renamed"

    def test_dates_a_secret_that_was_entered_again(self, account):
        changed_at = account.secret_changed_at
        assert update(account, secret=SECRET).secret_changed_at > changed_at

    def test_changes_nothing_when_the_new_secret_is_wrong(self, account):
        with pytest.raises(BadCredentials):
            update(account, name="Renamed", secret="wrong")
        stored = Account.objects.get(pk=account.pk)
        assert (stored.name, stored.credentials.secret) == (account.name, SECRET)

    def test_does_not_lead_a_stored_secret_to_another_host(self, account, settings, refusing):
        settings.MIXPANEL_EXTRA_HOSTS = [*settings.MIXPANEL_EXTRA_HOSTS, refusing]
        with pytest.raises(HostRefused):
            update(account, region=refusing)
        assert Account.objects.get(pk=account.pk).region == account.region

    def test_refuses_the_name_of_another_account(self, account, sample):
        other = connect(sample.url)
        with pytest.raises(accounts.NameTaken):
            update(other, name=account.name)

    def test_asks_for_the_secret_when_its_key_is_gone(self, account, settings):
        settings.TRIBUTARY_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(SecretUnreadable):
            update(account, username="other.1a2b3c.mp-service-account")


class TestTesting:
    def test_passes_every_step_of_a_working_project_and_counts_its_requests(self, account):
        steps = accounts.test(account, UTC_PROJECT_ID)
        assert {step.slug: step.state for step in steps} == dict.fromkeys(
            ("reachable", "credentials", "project", "export", "timezone", "budget"), StepState.OK
        )
        assert budget.state(account, UTC_PROJECT_ID).used == ExportRequest.objects.count() == 1
        assert ExportRequest.objects.get().purpose == ExportRequest.Purpose.TEST

    def test_keeps_the_steps_for_the_page(self, account):
        accounts.test(account, "999")
        stored = Account.objects.get(pk=account.pk)
        failed = [step for step in stored.steps if step["state"] == "failed"]
        assert [(step["slug"], step["code"]) for step in failed] == [("project", "unknown_project")]
        assert stored.check_failed()

    def test_sends_no_request_when_the_budget_is_empty(self, account, settings):
        settings.EXPORTS_PER_HOUR = 1
        budget.finish(budget.reserve(account, UTC_PROJECT_ID, "run"))
        states = {step.slug: step.state for step in accounts.test(account, UTC_PROJECT_ID)}
        assert (states["export"], states["budget"]) == (StepState.WARNING, StepState.WARNING)
        assert ExportRequest.objects.count() == 1

    def test_says_that_the_stored_secret_cannot_be_read(self, account, settings):
        settings.TRIBUTARY_KEYS = [Fernet.generate_key().decode()]
        (step,) = accounts.test(account)
        assert (step.state, step.code) == (StepState.FAILED, "secret_unreadable")
        assert step.remedy

    def test_keeps_the_known_projects_when_it_fails(self, account, settings):
        settings.MIXPANEL_EXTRA_HOSTS = []
        accounts.test(account)
        assert len(Account.objects.get(pk=account.pk).projects) == 2


class TestDeleting:
    def test_removes_the_account(self, account):
        accounts.delete(account)
        assert not Account.objects.exists()

    def test_is_refused_with_the_names_of_the_dataflows_that_use_it(self, account):
        Dataflow.objects.create(name="Daily events", account=account)
        Dataflow.objects.create(name="A draft", account=account)
        with pytest.raises(accounts.AccountInUse, match="A draft, Daily events"):
            accounts.delete(account)
        assert Account.objects.filter(pk=account.pk).exists()
