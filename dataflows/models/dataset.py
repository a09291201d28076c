"""Schemas, and the datasets made from them."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connectors.roles import ANALYST, VIEWER, User, has_role
from dataflows.schemas import XdmSchema


class SchemaQuerySet(models.QuerySet["Schema"]):
    def visible_to(self, user: User) -> SchemaQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> SchemaQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class Schema(models.Model):
    """An XDM schema; ``document`` is its JSON Schema with class, fields, required fields and identities.

    ``version`` is the number of the newest SchemaVersion, whose document this is.
    """

    title = models.CharField(_("Title"), max_length=255, unique=True)
    description = models.TextField(_("Description"), max_length=2000, blank=True)
    document = models.JSONField()
    version = models.PositiveIntegerField(default=1)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = SchemaQuerySet.as_manager()

    class Meta:
        ordering = ["title"]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("dataflows:schema", args=[self.pk])

    @property
    def xdm(self) -> XdmSchema:
        return XdmSchema.from_json(self.document)


class DatasetQuerySet(models.QuerySet["Dataset"]):
    def visible_to(self, user: User) -> DatasetQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def operable_by(self, user: User) -> DatasetQuerySet:
        return self if has_role(user, ANALYST) else self.none()


class Dataset(models.Model):
    """An Iceberg table made from a schema; ``table`` is its identifier in the lake and never changes."""

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("Dataset name"), max_length=255, unique=True)
    description = models.TextField(_("Description"), max_length=2000, blank=True)
    schema = models.ForeignKey(Schema, on_delete=models.PROTECT, related_name="datasets")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = DatasetQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("dataflows:dataset", args=[self.pk])

    @property
    def table(self) -> str:
        return f"ds_{self.pk}"
