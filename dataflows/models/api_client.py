"""Programs that may use the API: each with credentials, a technical account and a rate limit of its own."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.roles import ADMIN, User, has_role

CALLS_PER_MINUTE = 600


def new_client_id() -> str:
    return secrets.token_hex(16)


class ApiClientQuerySet(models.QuerySet["ApiClient"]):
    def visible_to(self, user: User) -> ApiClientQuerySet:
        return self if has_role(user, ADMIN) else self.none()

    def editable_by(self, user: User) -> ApiClientQuerySet:
        return self.visible_to(user)


class ApiClient(models.Model):
    """``account`` is the technical account the client acts as: its role is the client's, its name is in every trail.

    ``secret_digest`` is the SHA-256 of a secret with 256 random bits, which is shown once and not kept.
    ``minute`` and ``calls`` count the requests of the current minute for the rate limit, for all processes together.
    """

    client_id = models.CharField(max_length=32, unique=True, default=new_client_id, editable=False)
    name = models.CharField(_("Name"), max_length=120, unique=True)
    secret_digest = models.CharField(max_length=64, editable=False)
    org_id = models.CharField(max_length=64, editable=False)
    account = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="api_client")
    calls_per_minute = models.PositiveIntegerField(_("Calls per minute"), default=CALLS_PER_MINUTE)
    minute = models.DateTimeField(null=True, editable=False)
    calls = models.PositiveIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    last_used_at = models.DateTimeField(null=True, editable=False)
    revoked_at = models.DateTimeField(null=True, editable=False)

    objects = ApiClientQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class ApiToken(models.Model):
    """A bearer token that was issued; ``digest`` is its SHA-256."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="tokens")
    digest = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)

    def __str__(self) -> str:
        return f"{self.client} {self.issued_at:%Y-%m-%d %H:%M}"

    def is_valid(self, now: datetime) -> bool:
        return self.client.revoked_at is None and self.expires_at > now
