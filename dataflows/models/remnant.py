"""What deleted dataflows left in datasets."""

from __future__ import annotations

from typing import Any

from django.db import models

from dataflows.models.dataset import Dataset


class RemnantQuerySet(models.QuerySet[Any]):
    def of_project(self, dataset: Dataset, region: str, project_id: str) -> RemnantQuerySet:
        return self.filter(dataset=dataset, region=region, project_id=project_id)


class Remnant(models.Model):
    """Rows of a dataflow that is gone; ``partition`` is what the lake's ``_dataflow`` column calls it.

    Each day of it goes in the commit in which another dataflow of the same project publishes that day.
    """

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="remnants")
    partition = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=255)
    region = models.CharField(max_length=255)
    project_id = models.CharField(max_length=32)
    deleted_at = models.DateTimeField(auto_now_add=True)

    objects = RemnantQuerySet.as_manager()

    class Meta:
        ordering = ["-deleted_at", "-pk"]

    def __str__(self) -> str:
        return self.name
