"""Field groups that programs register: parts that schemas are made of."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from connectors.roles import ANALYST, VIEWER, User, has_role


class FieldGroupQuerySet(models.QuerySet["FieldGroup"]):
    def visible_to(self, user: User) -> FieldGroupQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> FieldGroupQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class FieldGroup(models.Model):
    """``document`` in the shape of the Schema Registry, with ``$id`` and ``meta:altId``.

    A schema takes its fields over when it is made, and when the group changes (``runs/group_changes.py``).
    """

    title = models.CharField(max_length=255, unique=True)
    document = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = FieldGroupQuerySet.as_manager()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title
