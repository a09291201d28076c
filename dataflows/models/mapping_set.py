"""Mapping sets of the API: mappings with an id of their own, which a dataflow takes over in one version."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models

from connectors.roles import ANALYST, VIEWER, User, has_role
from dataflows.models.dataset import Schema


class MappingSetQuerySet(models.QuerySet["MappingSet"]):
    def visible_to(self, user: User) -> MappingSetQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> MappingSetQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class MappingSet(models.Model):
    """``version`` is the newest one; each has its rows in ``versions``."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(max_length=255, blank=True)
    schema = models.ForeignKey(Schema, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = MappingSetQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-pk"]

    def __str__(self) -> str:
        return self.name or self.uuid.hex


class MappingSetVersion(models.Model):
    """``rows`` as ``Dataflow.mapping`` holds them, each with a ``name`` and a ``description`` when it has one."""

    mapping_set = models.ForeignKey(MappingSet, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    rows = models.JSONField(default=list)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["mapping_set", "number"], name="one_row_per_mapping_version")]

    def __str__(self) -> str:
        return f"{self.mapping_set} v{self.number}"
