"""Every state a schema ever had."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from dataflows.models.dataset import Schema
from dataflows.schemas import XdmSchema


class SchemaVersion(models.Model):
    """``document`` is the schema's as it was saved under ``number``; rows are written once and never change."""

    schema = models.ForeignKey(Schema, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    document = models.JSONField()
    note = models.CharField(max_length=255, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["schema", "number"], name="one_schema_version_per_number")]

    def __str__(self) -> str:
        return f"{self.schema} {self.number}"

    @property
    def xdm(self) -> XdmSchema:
        return XdmSchema.from_json(self.document)
