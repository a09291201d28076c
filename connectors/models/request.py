"""The ledger of export requests: what was asked of Mixpanel, by whom, and what is left of its limits."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from connectors.models.account import Account


class RateBudget(models.Model):
    """One row per Mixpanel project, whichever account or dataflow asks: the limits are the project's.

    ``version`` is the compare-and-swap ticket: a reservation counts, inserts and raises it in one transaction.
    ``blocked_until`` is what Mixpanel itself asked for in a 429; ``refusals`` counts those in a row.
    ``hourly`` and ``at_once`` are limits that Mixpanel announced or made felt, believed until ``heard_until``.
    ``foreign`` requests of the hour were sent by others, as far as the headers told, until ``foreign_until``.
    """

    project = models.CharField(max_length=300, unique=True)
    version = models.BigIntegerField(default=0)
    blocked_until = models.DateTimeField(null=True, blank=True)
    refusals = models.PositiveSmallIntegerField(default=0)
    hourly = models.PositiveIntegerField(null=True, blank=True)
    at_once = models.PositiveIntegerField(null=True, blank=True)
    heard_until = models.DateTimeField(null=True, blank=True)
    foreign = models.PositiveIntegerField(default=0)
    foreign_until = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.project


class ExportRequest(models.Model):
    """One request to the export endpoint; written before it is sent, so that a crash still counts."""

    class Purpose(models.TextChoices):
        RUN = "run", _("Run")
        PREVIEW = "preview", _("Preview")
        TEST = "test", _("Connection test")

    budget = models.ForeignKey(RateBudget, on_delete=models.CASCADE, related_name="requests")
    account = models.ForeignKey(Account, on_delete=models.SET_NULL, null=True, related_name="requests")
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    reference = models.CharField(max_length=60, blank=True, db_index=True)
    first_day = models.DateField(null=True)
    last_day = models.DateField(null=True)
    sent_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    counted = models.BooleanField(default=True)
    status = models.PositiveSmallIntegerField(null=True)
    size = models.BigIntegerField(default=0)
    code = models.CharField(max_length=40, blank=True)
    detail = models.TextField(blank=True)

    class Meta:
        ordering = ["-sent_at", "-pk"]
        indexes = [models.Index(fields=["budget", "sent_at"])]

    def __str__(self) -> str:
        return f"{self.purpose} {self.sent_at:%Y-%m-%d %H:%M:%S}"

    @property
    def seconds(self) -> float | None:
        return (self.ended_at - self.sent_at).total_seconds() if self.ended_at else None

    @property
    def took(self) -> timedelta | None:
        """``None`` until the answer ended, and for a request whose worker was killed."""
        return self.ended_at - self.sent_at if self.ended_at else None
