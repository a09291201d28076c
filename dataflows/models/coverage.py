"""Coverage: which days of a dataflow are loaded, how well, and by which run."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dataflows.models.dataflow import Dataflow
from dataflows.models.window import Window


class DayStatus(models.TextChoices):
    MISSING = "missing", _("Missing")
    LOADED = "loaded", _("Loaded")
    STALE = "stale", _("Stale")
    FAILED = "failed", _("Failed")
    HELD = "held", _("Held")


class Day(models.Model):
    """The ledger row of one day. The counts describe what is published now, and balance by constraint.

    A failed re-read leaves the counts of the published data as they are and sets ``status`` only.
    ``landed_key`` is the newest answer that landed for the day, published or not.
    ``held`` are the counts of a re-read that is much smaller and waits for a person, ``held_window`` where it lies.
    ``complete`` is false for a day that was still going on when it was read.
    """

    dataflow = models.ForeignKey(Dataflow, on_delete=models.CASCADE, related_name="days")
    day = models.DateField()
    status = models.CharField(max_length=10, choices=DayStatus.choices)
    complete = models.BooleanField(default=True)
    window = models.ForeignKey(Window, on_delete=models.SET_NULL, null=True, related_name="published_days")
    received = models.BigIntegerField(default=0)
    loaded = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    filtered = models.BigIntegerField(default=0)
    landed_key = models.CharField(max_length=500, blank=True)
    rejected_key = models.CharField(max_length=500, blank=True)
    published_at = models.DateTimeField(null=True)
    held = models.JSONField(default=dict)
    held_window = models.ForeignKey(Window, on_delete=models.SET_NULL, null=True, related_name="held_days")
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-day"]
        constraints = [
            models.UniqueConstraint(fields=["dataflow", "day"], name="one_ledger_row_per_day"),
            models.CheckConstraint(
                condition=Q(received=F("loaded") + F("duplicate") + F("rejected") + F("filtered")),
                name="day_balances",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataflow} {self.day}"
