"""The mappings a dataflow has had, each as it was saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.roles import User, person
from dataflows.models.dataflow import Dataflow


class MappingVersionQuerySet(models.QuerySet["MappingVersion"]):
    def record(self, flow: Dataflow, *, by: User | None, now: datetime, note: str = "") -> MappingVersion:
        """Write down the dataflow's mapping as its newest version. Raises IntegrityError if that number is taken."""
        return self.create(
            dataflow=flow,
            number=flow.mapping_version,
            rows=flow.mapping,
            author=person(by),
            created_at=now,
            note=note,
        )


class MappingVersion(models.Model):
    """``rows`` as in ``Dataflow.mapping``; ``number`` as in ``Dataflow.mapping_version`` and ``Run.mapping_version``.

    Never changed: restoring an old version makes a new one.
    """

    LONGEST_NOTE = 500

    dataflow = models.ForeignKey(Dataflow, on_delete=models.CASCADE, related_name="mapping_versions")
    number = models.PositiveIntegerField()
    rows = models.JSONField(default=list)
    note = models.CharField(_("Note"), max_length=LONGEST_NOTE, blank=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()

    objects = MappingVersionQuerySet.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["dataflow", "number"], name="one_mapping_per_number")]

    def __str__(self) -> str:
        return f"{self.dataflow} v{self.number}"


StoredRows = Sequence[dict[str, Any]]
"""Rows as ``Dataflow.mapping`` holds them."""
