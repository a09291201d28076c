"""A window: the days asked for in one export request, the unit of work, retry and lease."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from dataflows.models.run import IllegalMove, Run, RunStatus


class WindowStatus(models.TextChoices):
    WAITING = "waiting", _("Waiting")
    COPYING = "copying", _("Copying")
    LANDED = "landed", _("Landed")
    PROMOTING = "promoting", _("Promoting")
    PUBLISHED = "published", _("Published")
    FAILED = "failed", _("Failed")
    HELD = "held", _("Held")
    CANCELLED = "cancelled", _("Cancelled")


# No retry is put off for longer (an hour, and the jitter); a later one was written by a clock that was ahead.
FARTHEST_RETRY = timedelta(hours=2)


def _leased(now: datetime) -> Q:
    """Held by a living worker. A lease that ends later than any can is the work of a clock that was set back since."""
    longest = timedelta(seconds=2 * settings.LEASE_SECONDS)
    return Q(lease_until__gte=now, lease_until__lte=now + longest)


class WindowQuerySet(models.QuerySet["Window"]):
    def open(self) -> WindowQuerySet:
        """Windows that still want work."""
        return self.filter(status__in=Window.OPEN)

    def leased(self, now: datetime) -> WindowQuerySet:
        """Open and in the hands of a living worker."""
        return self.open().filter(_leased(now))

    def claimable(self, now: datetime) -> WindowQuerySet:
        """Open, not told to wait, and not held by a living worker."""
        ready = Q(not_before=None) | Q(not_before__lte=now) | Q(not_before__gt=now + FARTHEST_RETRY)
        return self.unleased(now).filter(ready)

    def unleased(self, now: datetime) -> WindowQuerySet:
        """Open and in nobody's hands; those of dead workers count as such."""
        return self.open().exclude(_leased(now))

    def claim_next(self, run: Run, *, owner: str, now: datetime, lease: timedelta) -> Window | None:
        """Take a lease on the newest claimable window of the run; ``None`` when there is none to take."""
        for pk in self.filter(run=run).claimable(now).order_by("-last_day").values_list("pk", flat=True):
            free = self.filter(pk=pk, run__status=RunStatus.RUNNING).claimable(now)
            won = free.update(owner=owner, lease_until=now + lease)
            if won:
                return self.select_related("run__dataflow__account", "run__dataflow__dataset__schema").get(pk=pk)
        return None


class Window(models.Model):
    """``owner`` and ``lease_until`` say who works on it until when; every write of a worker filters on its owner.

    ``not_before`` is the retry: a date in the database, not a countdown in a message. ``days`` holds the
    accounting of each day as published, ``errors`` the reasons for rejections and warnings with one sample each.
    """

    MOVES = {
        WindowStatus.WAITING: {WindowStatus.COPYING, WindowStatus.FAILED, WindowStatus.CANCELLED},
        WindowStatus.COPYING: {
            WindowStatus.COPYING,
            WindowStatus.LANDED,
            WindowStatus.WAITING,
            WindowStatus.FAILED,
            WindowStatus.CANCELLED,
        },
        WindowStatus.LANDED: {
            WindowStatus.PROMOTING,
            WindowStatus.WAITING,
            WindowStatus.FAILED,
            WindowStatus.CANCELLED,
        },
        WindowStatus.PROMOTING: {
            WindowStatus.PROMOTING,
            WindowStatus.PUBLISHED,
            WindowStatus.HELD,
            WindowStatus.LANDED,
            WindowStatus.WAITING,
            WindowStatus.FAILED,
            WindowStatus.CANCELLED,
        },
        WindowStatus.HELD: {WindowStatus.LANDED, WindowStatus.CANCELLED},
    }
    OPEN = (WindowStatus.WAITING, WindowStatus.COPYING, WindowStatus.LANDED, WindowStatus.PROMOTING)

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="windows")
    first_day = models.DateField()
    last_day = models.DateField()
    status = models.CharField(max_length=10, choices=WindowStatus.choices, default=WindowStatus.WAITING)
    owner = models.CharField(max_length=64, blank=True)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    empty_answers = models.PositiveSmallIntegerField(default=0)

    landed_first_day = models.DateField(null=True)
    landed_last_day = models.DateField(null=True)
    landed_key = models.CharField(max_length=500, blank=True)
    landed_size = models.BigIntegerField(default=0)
    bytes_done = models.BigIntegerField(default=0)
    events_done = models.BigIntegerField(default=0)
    days = models.JSONField(default=list)
    errors = models.JSONField(default=list)
    snapshot_id = models.BigIntegerField(null=True)

    received = models.BigIntegerField(default=0)
    loaded = models.BigIntegerField(default=0)
    duplicate = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    filtered = models.BigIntegerField(default=0)

    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_detail = models.TextField(blank=True)
    error_trace = models.TextField(blank=True)

    objects = WindowQuerySet.as_manager()

    class Meta:
        ordering = ["-last_day"]
        indexes = [models.Index(fields=["run", "status"])]
        constraints = [
            models.UniqueConstraint(fields=["run", "first_day"], name="one_window_per_first_day"),
            models.CheckConstraint(condition=Q(last_day__gte=F("first_day")), name="window_days_in_order"),
            models.CheckConstraint(
                condition=Q(received=F("loaded") + F("duplicate") + F("rejected") + F("filtered")),
                name="window_balances",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} – {self.last_day}"

    @property
    def reference(self) -> str:
        """How the ledger of export requests names this window."""
        return f"window:{self.pk}"

    @property
    def took(self) -> timedelta | None:
        """From the first attempt to the end, waiting included; ``None`` before either."""
        return self.finished_at - self.started_at if self.finished_at and self.started_at else None

    @property
    def landed_days(self) -> tuple[date, date]:
        """What the landed answer covers: more than the window's own days when only some are promoted again."""
        return self.landed_first_day or self.first_day, self.landed_last_day or self.last_day

    def move(self, to: WindowStatus, **fields: Any) -> bool:
        """Change the status while we own the window; tell whether we still did. Raises IllegalMove."""
        if to not in self.MOVES.get(WindowStatus(self.status), set()):
            raise IllegalMove(f"window {self.pk}: {self.status} -> {to}")
        won = Window.objects.filter(pk=self.pk, owner=self.owner, status=self.status).update(status=to, **fields)
        for name, value in fields.items():
            setattr(self, name, value)
        self.status = to
        return bool(won)

    def renew(self, *, now: datetime, lease: timedelta, **progress: Any) -> bool:
        """Keep the lease and write progress; false when the window or the right to go on is lost."""
        mine = Window.objects.filter(pk=self.pk, owner=self.owner, run__status__in=Run.WORKING)
        alive = mine.open()
        return bool(alive.update(lease_until=now + lease, **progress))
