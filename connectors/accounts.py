"""What one can do with an account: connect, change, test and delete it. No HTTP and no roles here.

An account is stored only after the source has accepted its credentials, and its secret only sealed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, models, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from connectors import budget
from connectors.base import CheckStep, StepState
from connectors.errors import BadCredentials, ConnectorError, HostRefused, NoProjectAccess, WrongRegion
from connectors.messages import message_for
from connectors.mixpanel import discovery
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import REGIONS, Hosts, hosts_for
from connectors.models import Account, AuthKind, ExportRequest
from connectors.sealed import Sealed


class NameTaken(Exception):
    """Another account has this name."""


class AccountInUse(Exception):
    """Something still needs the account; ``users`` are those rows, each with a name and ``get_absolute_url``."""

    def __init__(self, users: Iterable[models.Model]) -> None:
        self.users = sorted(users, key=str)
        super().__init__(", ".join(map(str, self.users)))


def connect(
    *,
    name: str,
    description: str,
    auth_kind: str,
    username: str,
    secret: str,
    region: str,
    by: Any,
    regions: Mapping[str, Hosts] = REGIONS,
) -> Account:
    """A new account whose credentials work; ``region`` "" means to find out where they do.

    ``by`` is the user who connects, or ``None``. Raises what the source answered (BadCredentials, WrongRegion,
    Unreachable, …), HostRefused or NameTaken; then nothing is created.
    """
    credentials = _credentials(auth_kind, username, secret)
    account = Account(name=name, description=description, auth_kind=auth_kind, username=credentials.username)
    account.region = _region_that_accepts(credentials, region, regions)
    account.secret, account.secret_changed_at, account.created_by = Sealed.seal(secret), timezone.now(), by
    _save(account)
    test(account)
    return account


def update(
    account: Account,
    *,
    name: str,
    description: str,
    auth_kind: str,
    username: str,
    region: str,
    secret: str | None = None,
    regions: Mapping[str, Hosts] = REGIONS,
) -> Account:
    """Change an account; ``secret`` ``None`` or "" keeps the stored one.

    The source is asked only if something changed that it cares about. Raises like ``connect``, and
    SecretUnreadable when the stored secret is needed and cannot be opened; then nothing is changed.
    """
    moved = bool(secret) or (auth_kind, username, region) != (account.auth_kind, account.username, account.region)
    if moved:
        clear = secret or _stored_secret(account, auth_kind, region)
        credentials = _credentials(auth_kind, username, clear)
        region, username = _region_that_accepts(credentials, region, regions), credentials.username
    account.name, account.description = name, description
    account.auth_kind, account.username, account.region = auth_kind, username, region
    if secret:
        account.secret, account.secret_changed_at = Sealed.seal(secret), timezone.now()
    _save(account)
    if moved:
        test(account)
    return account


def keeps_secret(account: Account, *, auth_kind: str, region: str) -> bool:
    """Whether the stored secret may serve after such a change.

    It may move between Mixpanel's own regions. Another host or another kind of secret needs it entered anew.
    """
    same_place = region == account.region or {region, account.region} <= REGIONS.keys()
    return same_place and auth_kind == account.auth_kind


def test(account: Account, project_id: str = "", *, now: datetime | None = None) -> list[CheckStep]:  # noqa: PT028 - no pytest test
    """Try the connection step by step, keep the steps on the account and return them.

    Failures are steps, not exceptions. A ``project_id`` costs up to two export requests of its budget.
    """
    now = now or timezone.now()
    steps = _steps(account, project_id, now)
    account.last_check, account.last_checked_at = [asdict(step) for step in steps], now
    account.save(update_fields=["last_check", "last_checked_at"])
    if any(step.slug == "credentials" and step.state == StepState.OK for step in steps):
        _refresh_quietly(account)
    return steps


def refresh_projects(account: Account) -> None:
    """Remember which projects the account sees, as ``asdict(Project)``. Raises ConnectorError."""
    account.projects = [asdict(project) for project in account.open().projects()]
    account.save(update_fields=["projects"])


def delete(account: Account) -> None:
    """Delete the account with its secret; raises AccountInUse while anything needs it."""
    try:
        account.delete()
    except ProtectedError as error:
        raise AccountInUse(error.protected_objects) from error


def _stored_secret(account: Account, auth_kind: str, region: str) -> str:
    """Checked here as well as in the form: nobody who lacks a secret may lead it to another host."""
    if not keeps_secret(account, auth_kind=auth_kind, region=region):
        raise HostRefused("The stored secret is not sent to a place it was not entered for.")
    return Sealed(account.secret).open()


def _credentials(auth_kind: str, username: str, secret: str) -> Credentials:
    """A project secret has no user name, whatever was typed before the kind was changed."""
    kind = AuthKind(auth_kind)
    if kind is AuthKind.PROJECT_SECRET:
        return Credentials(kind="project_secret", username="", secret=secret)
    return Credentials(kind="service_account", username=username, secret=secret)


def _region_that_accepts(credentials: Credentials, region: str, regions: Mapping[str, Hosts]) -> str:
    extra_hosts = tuple(settings.MIXPANEL_EXTRA_HOSTS)
    if not region:
        return discovery.find_region(credentials, extra_hosts, regions=regions)
    hosts = hosts_for(region, extra_hosts, regions)
    try:
        _ask(credentials, hosts)
    except BadCredentials as refusal:
        raise _better_explanation(credentials, hosts, refusal, regions) from refusal
    return hosts.slug


def _ask(credentials: Credentials, hosts: Hosts) -> None:
    timeouts = {"connect_timeout": settings.CONNECT_TIMEOUT_SECONDS, "idle_timeout": discovery.PROBE_TIMEOUT}
    client = MixpanelClient(credentials, hosts, **timeouts)
    try:
        discovery.probe(client)
    except NoProjectAccess:
        # Mixpanel knows the account and only refuses to list its projects; an export may still be allowed.
        return
    finally:
        client.close()


def _better_explanation(
    credentials: Credentials, hosts: Hosts, refusal: BadCredentials, regions: Mapping[str, Hosts]
) -> ConnectorError:
    """Where else they are valid, if anywhere. What is meant for an extra host is not shown to Mixpanel."""
    elsewhere = {slug: other for slug, other in regions.items() if slug != hosts.slug}
    if hosts.slug not in regions or not elsewhere:
        return refusal
    try:
        region = discovery.find_region(credentials, regions=elsewhere)
    except ConnectorError as error:
        return BadCredentials(f"{hosts.label}: {refusal.detail}; {error.detail}", status=refusal.status)
    return WrongRegion(f"The credentials are valid in {regions[region].label}, not in {hosts.label}.")


def _save(account: Account) -> None:
    """The form has looked already; two people (or a double click) can still choose one name at the same moment."""
    try:
        with transaction.atomic():
            account.save()
    except IntegrityError as error:
        raise NameTaken(account.name) from error


def _steps(account: Account, project_id: str, now: datetime) -> list[CheckStep]:
    def spend(_purpose: str) -> Any:
        return budget.spending(account, project_id, ExportRequest.Purpose.TEST)

    def left() -> tuple[int, int]:
        state = budget.state(account, project_id)
        return state.used, state.limit

    try:
        return list(account.open().check(project_id, now=now, spend=spend, budget_left=left))
    except ConnectorError as error:
        return [_not_opened(error)]


def _not_opened(error: ConnectorError) -> CheckStep:
    words = message_for(error.code)
    detail = f"{words.what} {error.detail}".strip()
    return CheckStep("account", "The account can be opened", StepState.FAILED, detail, words.todo, error.code)


def _refresh_quietly(account: Account) -> None:
    """The list is a convenience; the test that just ran says better what is wrong."""
    try:
        refresh_projects(account)
    except ConnectorError:
        return
