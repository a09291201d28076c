"""Source and target connections: which project of an account, which dataset. A dataflow joins one of each."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.models import Account
from connectors.roles import ANALYST, VIEWER, User, has_role
from dataflows.models.dataset import Dataset


class ConnectionQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: User) -> ConnectionQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> ConnectionQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class Connection(models.Model):
    """``implicit``: made together with a dataflow and removed with it; the others are a program's own.

    What is changed here later does not change the dataflows made from it, as in AEP.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255)
    description = models.TextField(max_length=2000, blank=True)
    implicit = models.BooleanField(default=False)
    is_draft = models.BooleanField(default=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class SourceConnection(Connection):
    """``time_semantic`` is "" until somebody or the data tells what the project's times mean."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="source_connections")
    project_id = models.CharField(_("Project id"), max_length=32)
    timezone = models.CharField(_("Time zone"), max_length=64)
    time_semantic = models.CharField(max_length=10, blank=True)

    objects = ConnectionQuerySet.as_manager()


class TargetConnection(Connection):
    """``data`` is the format and the schema version as the client named them."""

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="target_connections")
    data = models.JSONField(default=dict)

    objects = ConnectionQuerySet.as_manager()
