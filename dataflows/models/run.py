"""A run: one execution of a dataflow over an interval of days, cut into windows."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connectors.roles import ANALYST, VIEWER, User, has_role
from dataflows.models.dataflow import Dataflow


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("Queued")
    RUNNING = "running", _("Running")
    PAUSED = "paused", _("Paused")
    CANCELLING = "cancelling", _("Cancelling")
    SUCCEEDED = "succeeded", _("Succeeded")
    PARTIAL = "partial", _("Partial success")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Trigger(models.TextChoices):
    SCHEDULE = "schedule", _("Schedule")
    USER = "user", _("On demand")
    RETRY = "retry", _("Retry")
    REPROCESS = "reprocess", _("Reprocess")
    BACKFILL = "backfill", _("Backfill")


class PauseReason(models.TextChoices):
    USER = "user", _("Paused by a person")
    SCHEDULE = "schedule", _("Makes way for another run of the dataflow")


class IllegalMove(Exception):
    """A status may not change like this."""


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User) -> RunQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def operable_by(self, user: User) -> RunQuerySet:
        return self if has_role(user, ANALYST) else self.none()

    def unfinished(self) -> RunQuerySet:
        # Not "all but the finished ones": the few there are can then be found by the index.
        return self.filter(status__in=Run.MOVES)

    def active(self) -> RunQuerySet:
        """Those that begin new windows; a dataflow has one of them at most."""
        return self.filter(status__in=Run.ACTIVE)


class Run(models.Model):
    """``MOVES`` is the whole life of a run; every other set of statuses is derived from it.

    ``mapping`` is the mapping as it was when the run started. The six counts are sums over its days and obey
    received = loaded + duplicate + rejected + filtered + withheld, enforced by the database. ``withheld`` are the good
    records of days that it did not load; of a dry run ``loaded`` is what it would load.
    ``dry_run``: everything is promoted and counted, nothing published. ``accepts_shrinking``: a person has decided
    that days may become much smaller than what is published.
    ``slot`` is the due time that started a scheduled run: the same slot never starts a second one.
    ``day_total`` is the number of days it reads; a backfill leaves out days between the first and the last.
    """

    MOVES = {
        RunStatus.QUEUED: {RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLED, RunStatus.FAILED},
        RunStatus.RUNNING: {
            RunStatus.SUCCEEDED,
            RunStatus.PARTIAL,
            RunStatus.FAILED,
            RunStatus.PAUSED,
            RunStatus.CANCELLING,
        },
        RunStatus.PAUSED: {RunStatus.QUEUED, RunStatus.CANCELLING},
        RunStatus.CANCELLING: {RunStatus.CANCELLED},
    }
    FINISHED = frozenset(RunStatus) - MOVES.keys()
    ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING)
    # A worker may end the window it holds: a pause throws no answer away.
    WORKING = (RunStatus.RUNNING, RunStatus.PAUSED)

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    dataflow = models.ForeignKey(Dataflow, on_delete=models.CASCADE, related_name="runs")
    trigger = models.CharField(max_length=10, choices=Trigger.choices)
    requested_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    slot = models.DateTimeField(null=True)
    first_day = models.DateField()
    last_day = models.DateField()
    day_total = models.PositiveIntegerField(default=0)
    status = models.CharField(max_length=10, choices=RunStatus.choices, default=RunStatus.QUEUED)
    dry_run = models.BooleanField(default=False)
    pause_reason = models.CharField(max_length=10, choices=PauseReason.choices, blank=True)
    accepts_shrinking = models.BooleanField(default=False)
    mapping = models.JSONField(default=list)
    mapping_version = models.PositiveIntegerField(default=0)

    received = models.BigIntegerField(default=0)
    loaded = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    filtered = models.BigIntegerField(default=0)
    withheld = models.BigIntegerField(default=0)

    rung_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    error_trace = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        indexes = [
            models.Index(fields=["dataflow", "-created_at"]),
            models.Index(fields=["-created_at", "-id"]),
            models.Index(fields=["status"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["dataflow", "slot"], name="one_run_per_slot"),
            models.UniqueConstraint(
                fields=["dataflow"],
                condition=Q(status__in=["queued", "running"]),
                name="one_active_run_per_dataflow",
            ),
            models.UniqueConstraint(
                fields=["dataflow"],
                condition=Q(status__in=["queued", "running", "paused", "cancelling"], trigger="backfill"),
                name="one_unfinished_backfill_per_dataflow",
            ),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="run_days_in_order"),
            models.CheckConstraint(
                condition=Q(
                    received=F("loaded") + F("duplicate") + F("rejected") + F("filtered") + F("withheld"),
                ),
                name="run_balances",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.dataflow} #{self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("dataflows:run", args=[self.pk])

    @property
    def is_finished(self) -> bool:
        return self.status in self.FINISHED

    @property
    def day_count(self) -> int:
        return self.day_total or (self.last_day - self.first_day).days + 1

    @property
    def has_gaps(self) -> bool:
        """Whether days between the first and the last are left out."""
        return self.day_count <= (self.last_day - self.first_day).days

    @property
    def took(self) -> timedelta | None:
        """From the first work on it to its end; ``None`` before either."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None

    def move(self, to: RunStatus, **fields: Any) -> bool:
        """Change the status unless another worker changed it first; tell whether we won. Raises IllegalMove."""
        if to not in self.MOVES.get(RunStatus(self.status), set()):
            raise IllegalMove(f"run {self.pk}: {self.status} -> {to}")
        won = Run.objects.filter(pk=self.pk, status=self.status).update(status=to, **fields)
        self.refresh_from_db()
        return bool(won)
