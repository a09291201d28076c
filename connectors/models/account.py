"""An account: the credentials with which a source is reached."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connectors.base import Source
from connectors.mixpanel.credentials import Credentials, Kind
from connectors.registry import open_source
from connectors.roles import ANALYST, VIEWER, User, has_role
from connectors.sealed import Sealed, SealedField


class AuthKind(models.TextChoices):
    SERVICE_ACCOUNT = "service_account", _("Service account")
    PROJECT_SECRET = "project_secret", _("Project secret (legacy)")


class AccountQuerySet(models.QuerySet["Account"]):
    def visible_to(self, user: User) -> AccountQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> AccountQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class Account(models.Model):
    """``region`` is ``us``, ``eu``, ``in`` or one of the base URLs in MIXPANEL_EXTRA_HOSTS.

    ``secret`` is write-only for people: it is sealed before it is stored and never shown again.
    ``last_check`` holds the steps of the latest connection test as shown to the user.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=30, default="mixpanel", editable=False)
    name = models.CharField(_("Account name"), max_length=255, unique=True)
    description = models.TextField(_("Description"), max_length=2000, blank=True)
    auth_kind = models.CharField(
        _("Authentication"), max_length=20, choices=AuthKind.choices, default=AuthKind.SERVICE_ACCOUNT
    )
    username = models.CharField(_("Username"), max_length=255, blank=True)
    secret = SealedField(editable=False)
    secret_changed_at = models.DateTimeField()
    region = models.CharField(max_length=255)
    projects = models.JSONField(default=list, blank=True)
    last_check = models.JSONField(default=list, blank=True)
    last_checked_at = models.DateTimeField(null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("connectors:account", args=[self.pk])

    @property
    def credentials(self) -> Credentials:
        """Raises SecretUnreadable."""
        return Credentials(kind=cast(Kind, self.auth_kind), username=self.username, secret=Sealed(self.secret).open())

    @property
    def is_sample(self) -> bool:
        return self.region.startswith("http")

    def open(self) -> Source:
        """A source that reads with this account's credentials. Raises SecretUnreadable, HostRefused."""
        return open_source(
            self.kind,
            credentials=self.credentials,
            region=self.region,
            extra_hosts=tuple(settings.MIXPANEL_EXTRA_HOSTS),
            connect_timeout=settings.CONNECT_TIMEOUT_SECONDS,
            idle_timeout=settings.IDLE_TIMEOUT_SECONDS,
        )

    def check_failed(self) -> bool:
        return any(step.get("state") == "failed" for step in self.steps)

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.last_check)
