"""API clients: made, used and revoked. A client acts as a technical account that has its role."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import Group
from django.contrib.auth.models import User as Person
from django.db import IntegrityError, transaction
from django.db.models import F

from connectors import audit
from connectors.roles import ROLES, User, person
from dataflows.models import ApiClient, ApiToken
from dataflows.models.api_client import CALLS_PER_MINUTE

TOKEN_LIFE = timedelta(hours=24)


class NameTaken(Exception):
    """Another API client, or a person, has this name."""


@dataclass(frozen=True)
class NewClient:
    """A client with its secret, which is known only now."""

    client: ApiClient
    secret: str


def create(name: str, *, role: str, by: User | None, calls_per_minute: int = CALLS_PER_MINUTE) -> NewClient:
    """Raises NameTaken, and ValueError for a role that is none."""
    if role not in ROLES:
        raise ValueError(f"There is no role {role}; choose one of {', '.join(ROLES)}.")
    secret = f"p8e-{secrets.token_urlsafe(32)}"
    try:
        with transaction.atomic():
            account = Person.objects.create_user(f"api:{name}", first_name=name[:150])
            account.groups.add(Group.objects.get_or_create(name=role)[0])
            client = ApiClient.objects.create(
                name=name,
                account=account,
                secret_digest=digest(secret),
                org_id=organization(),
                calls_per_minute=calls_per_minute,
                created_by=person(by),
            )
    except IntegrityError as error:
        raise NameTaken(name) from error
    audit.record(by, client, audit.ADDED, f"role {role}")
    return NewClient(client, secret)


def revoke(client: ApiClient, *, by: User | None, now: datetime) -> bool:
    """End the client and all its tokens at once; false when that had been done before."""
    with transaction.atomic():
        won = ApiClient.objects.filter(pk=client.pk, revoked_at=None).update(revoked_at=now)
        client.tokens.all().delete()
        Person.objects.filter(pk=client.account_id).update(is_active=False)
    if won:
        audit.record(by, client, audit.CHANGED, "revoked")
    return bool(won)


def organization() -> str:
    """The id of this installation, the same for all its clients."""
    known = ApiClient.objects.values_list("org_id", flat=True).first()
    return known or f"{secrets.token_hex(12).upper()}@AdobeOrg"


def issue_token(client_id: str, secret: str, *, now: datetime) -> str | None:
    """A new bearer token; ``None`` when the credentials are not those of a client in use."""
    client = ApiClient.objects.filter(client_id=client_id, revoked_at=None, account__is_active=True).first()
    stored = client.secret_digest if client else digest("")
    if not secrets.compare_digest(stored, digest(secret)) or client is None:
        return None
    token = secrets.token_urlsafe(48)
    client.tokens.filter(expires_at__lte=now).delete()
    ApiToken.objects.create(client=client, digest=digest(token), issued_at=now, expires_at=now + TOKEN_LIFE)
    return token


def client_of(token: str, *, now: datetime) -> ApiClient | None:
    """Who a bearer token was issued to; ``None`` when it is unknown, expired or revoked."""
    found = ApiToken.objects.select_related("client__account").filter(digest=digest(token)).first()
    if found is None or not found.is_valid(now) or not found.client.account.is_active:
        return None
    return found.client


def count_call(client: ApiClient, *, now: datetime) -> bool:
    """Count one call of the minute; false when the minute's calls are used up."""
    minute = now.replace(second=0, microsecond=0)
    row = ApiClient.objects.filter(pk=client.pk)
    if client.minute != minute:
        row.exclude(minute=minute).update(minute=minute, calls=0)
    within = row.filter(minute=minute, calls__lt=client.calls_per_minute)
    return bool(within.update(calls=F("calls") + 1, last_used_at=now))


def seconds_left(now: datetime) -> int:
    """Until the next minute begins, at least one."""
    return max(1, 60 - now.second)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
