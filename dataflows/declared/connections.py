"""Accounts: what there is as the file says it, and how to get from the one to the other."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings

from connectors import accounts, audit
from connectors.errors import ConnectorError
from connectors.mixpanel.hosts import hosts_for
from connectors.models import Account, AuthKind
from connectors.sealed import Sealed
from dataflows.api.flowservice.connections import SPEC_NAMES, host_of, kind_of, region_of
from dataflows.declared.change import Change, Entry, as_far_as
from dataflows.declared.desk import Desk
from dataflows.declared.problems import Place
from dataflows.declared.shape import Connection

KIND = "connection"


def entries(found: Sequence[Account]) -> list[Entry]:
    """Each with the name of a variable for its secret, no two the same."""
    names: set[str] = set()
    return [entry(each, _free(environment_name(each.name), names)) for each in found]


def entry(account: Account, variable: str) -> Entry:
    params: Entry = {"username": account.username} if account.username else {}
    params |= {"password": {"env": variable}, "host": host_of(account.region)}
    auth = {"specName": SPEC_NAMES[AuthKind(account.auth_kind)], "params": params}
    return {"name": account.name, "description": account.description, "auth": auth}


def environment_name(connection: str) -> str:
    """A name that shells take, for any name of an account."""
    plain = re.sub(r"[^A-Z0-9]+", "_", connection.upper()).strip("_")[:80] or "MIXPANEL"
    return f"{'_' if plain[0].isdigit() else ''}{plain}_PASSWORD"


def _free(name: str, taken: set[str]) -> str:
    numbered = (f"{name}_{number}" for number in range(2, len(taken) + 3))
    found = name if name not in taken else next(each for each in numbered if each not in taken)
    taken.add(found)
    return found


def plan(wanted: Connection, at: Place, desk: Desk) -> Change | None:
    """Notes what is wrong. The secret is compared where its variable is set, and left alone where it is not."""
    account = Account.objects.filter(name=wanted.name).first()
    after: Entry | None = None
    with desk.problems.noting((*at, "auth", "specName")):
        kind = kind_of(wanted.auth.specName)
        with desk.problems.noting((*at, "auth", "params", "host")):
            after = _told(wanted, kind, account)
    if after is None or not _complete(wanted, kind, at, desk):
        return None
    secret = desk.environment.get(wanted.auth.params.password.env, "")
    if account is None:
        _need(secret, wanted, at, desk, "to connect the account")
        return Change(KIND, wanted.name, {}, after, prepare=partial(_connect, wanted, secret, desk))
    return _update(account, wanted, after, secret, at, desk)


def _told(wanted: Connection, kind: AuthKind, account: Account | None) -> Entry:
    """The entry as far as it is written, its host in the form of an export. Raises HostRefused.

    A host that the account has already is not judged: this process may be allowed less than those that call it.
    """
    after = wanted.model_dump(exclude_unset=True, exclude_none=True)
    after["auth"]["specName"] = wanted.auth.specName
    params = after["auth"]["params"]
    if kind is AuthKind.PROJECT_SECRET:
        params.pop("username", None)
    if host := params.pop("host", ""):
        region = region_of(host)
        if account is None or region != account.region:
            region = hosts_for(region, tuple(settings.MIXPANEL_EXTRA_HOSTS)).slug
        params["host"] = host_of(region)
    return after


def _complete(wanted: Connection, kind: AuthKind, at: Place, desk: Desk) -> bool:
    if kind is AuthKind.SERVICE_ACCOUNT and not wanted.auth.params.username:
        desk.problems.add((*at, "auth", "params"), "A service account has a username.", "Add username.")
        return False
    return True


def _need(secret: str, wanted: Connection, at: Place, desk: Desk, why: str) -> None:
    if not secret:
        name = wanted.auth.params.password.env
        message = f"The environment variable {name} is not set, and its secret is needed {why}."
        desk.problems.add((*at, "auth", "params", "password", "env"), message, f"Set {name} and apply again.")


def _update(account: Account, wanted: Connection, after: Entry, secret: str, at: Place, desk: Desk) -> Change | None:
    variable = wanted.auth.params.password.env
    before = as_far_as(entry(account, variable), after)
    if secret and not _is_stored(account, secret):
        before["auth"]["params"] |= {"password": "the stored secret"}
        after["auth"]["params"] |= {"password": f"another secret, in {variable}"}
    if before == after:
        return None
    region = region_of(after["auth"]["params"].get("host", "")) or account.region
    kind = kind_of(wanted.auth.specName)
    if not accounts.keeps_secret(account, auth_kind=kind, region=region):
        _need(secret, wanted, at, desk, "because the stored one is not sent to another place")
    values = _values(wanted, account) | {"region": region, "secret": secret or None}
    return Change(KIND, wanted.name, before, after, prepare=partial(_change, account, values, desk))


def _is_stored(account: Account, secret: str) -> bool:
    try:
        return Sealed(account.secret).open() == secret
    except ConnectorError:
        return False  # It cannot be read with our keys: the one at hand replaces it.


def _values(wanted: Connection, account: Account | None) -> dict[str, Any]:
    current = account.description if account else ""
    return {
        "name": wanted.name,
        "description": current if wanted.description is None else wanted.description,
        "auth_kind": kind_of(wanted.auth.specName),
        "username": wanted.auth.params.username,
    }


def _connect(wanted: Connection, secret: str, desk: Desk) -> None:
    region = region_of(wanted.auth.params.host)
    account = accounts.connect(**_values(wanted, None), secret=secret, region=region, by=desk.by)
    audit.record(desk.by, account, audit.ADDED)


def _change(account: Account, values: dict[str, Any], desk: Desk) -> None:
    accounts.update(account, **values)
    audit.record(desk.by, account, audit.CHANGED)
