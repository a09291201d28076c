"""Properties that were seen in a dataflow's records."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from dataflows.models.dataflow import Dataflow


class PropertyState(models.TextChoices):
    KNOWN = "known", _("Known")
    NEW = "new", _("New")
    DISMISSED = "dismissed", _("Dismissed")


class SourcePropertyQuerySet(models.QuerySet["SourceProperty"]):
    def new(self) -> SourcePropertyQuerySet:
        return self.filter(state=PropertyState.NEW)


class SourceProperty(models.Model):
    """A source field by its path, as a mapping writes it. KNOWN is what was there when the dataflow was set up.

    ``types`` counts the values by JSON type; ``seen`` of ``looked_at`` records had one. ``values`` are a few
    different ones of each type as sent, texts cut to 120 characters. All of it comes from samples of what was read.
    """

    dataflow = models.ForeignKey(Dataflow, on_delete=models.CASCADE, related_name="properties")
    path = models.CharField(max_length=500)
    names = models.JSONField()
    state = models.CharField(max_length=10, choices=PropertyState.choices, default=PropertyState.NEW)
    types = models.JSONField(default=dict)
    seen = models.PositiveIntegerField(default=0)
    looked_at = models.PositiveIntegerField(default=0)
    values = models.JSONField(default=list)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()

    objects = SourcePropertyQuerySet.as_manager()

    class Meta:
        ordering = ["first_seen_at", "pk"]
        constraints = [models.UniqueConstraint(fields=["dataflow", "path"], name="one_source_property_per_path")]

    def __str__(self) -> str:
        return self.path
