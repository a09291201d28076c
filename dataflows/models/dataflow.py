"""A dataflow: what is read, where it goes, how it is mapped and when it runs. A draft is a dataflow too."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from connectors.models import Account
from connectors.roles import ANALYST, VIEWER, User, has_role
from dataflows.mapping import MappingRow, TimeReading
from dataflows.models.connection import SourceConnection, TargetConnection
from dataflows.models.dataset import Dataset, Schema
from dataflows.models.mapping_set import MappingSet
from dataflows.scheduling import Schedule


class DataflowStatus(models.TextChoices):
    DRAFT = "draft", _("Draft")
    ENABLED = "enabled", _("Enabled")
    DISABLED = "disabled", _("Disabled")


class Frequency(models.TextChoices):
    ONCE = "once", _("Once")
    MINUTE = "minute", _("Minute")
    HOUR = "hour", _("Hour")
    DAY = "day", _("Day")
    WEEK = "week", _("Week")
    CRON = "cron", _("Cron expression")


class TimeSemantic(models.TextChoices):
    UTC = "utc", _("UTC")
    LEGACY = "legacy", _("Project-local (legacy project)")


class DataflowQuerySet(models.QuerySet["Dataflow"]):
    def visible_to(self, user: User) -> DataflowQuerySet:
        return self if has_role(user, VIEWER) else self.none()

    def editable_by(self, user: User) -> DataflowQuerySet:
        return self if has_role(user, ANALYST) else self.none()

    def drafts_of(self, user: User) -> DataflowQuerySet:
        """Drafts may be finished by any analyst: people go on holiday."""
        return self.editable_by(user).filter(status=DataflowStatus.DRAFT)

    def live(self) -> DataflowQuerySet:
        return self.exclude(status=DataflowStatus.DRAFT)

    def due(self, now: object) -> DataflowQuerySet:
        return self.filter(status=DataflowStatus.ENABLED, next_run_at__lte=now)


class Dataflow(models.Model):
    """``revision`` grows with every saved step, so that two browsers cannot overwrite each other unseen.

    ``mapping`` is a list of ``{"sourceType", "source", "destination"}`` in the words of AEP's Data Prep, some with a
    ``name`` and a ``description``. Of a live dataflow ``mapping_draft`` holds the rows that are being edited, right or
    wrong (None: nobody edits), and runs use ``mapping``. ``mapping_before`` are the rows as they were before a button
    replaced them all, for *Undo*. ``sample`` are records to try a mapping on; a dataflow nobody edits needs none.
    ``error_threshold`` is the percentage of rejected records up to which a day is still published.
    ``time_alarm`` is off when a person has confirmed the reading of times against the evidence.
    ``mapping_set`` in ``mapping_set_version`` was taken over when ``mapping_version`` became ``mapping_set_taken``.
    ``lacking_days`` of the days it wants are missing or failed, from ``lacking_first`` to ``lacking_last``.
    ``updated_by`` is who changed it last after it was set up, if anybody did.
    ``history_from`` is the first day wanted; ``lookback_days`` how many days each later run re-reads.
    """

    uuid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("Dataflow name"), max_length=255)
    description = models.TextField(_("Description"), max_length=2000, blank=True)
    status = models.CharField(max_length=10, choices=DataflowStatus.choices, default=DataflowStatus.DRAFT)
    status_reason = models.CharField(max_length=40, blank=True)
    revision = models.PositiveIntegerField(default=0)
    reached = models.CharField(max_length=20, default="account")

    account = models.ForeignKey(Account, on_delete=models.PROTECT, null=True, related_name="dataflows")
    project_id = models.CharField(max_length=32, blank=True)
    project_name = models.CharField(max_length=255, blank=True)
    timezone = models.CharField(max_length=64, blank=True)
    time_semantic = models.CharField(max_length=10, choices=TimeSemantic.choices, blank=True)
    time_evidence = models.TextField(blank=True)
    time_alarm = models.BooleanField(default=True)
    sample = models.JSONField(default=list, blank=True)

    source_connection = models.ForeignKey(
        SourceConnection, on_delete=models.SET_NULL, null=True, related_name="dataflows"
    )
    target_connection = models.ForeignKey(
        TargetConnection, on_delete=models.SET_NULL, null=True, related_name="dataflows"
    )
    dataset = models.ForeignKey(Dataset, on_delete=models.PROTECT, null=True, related_name="dataflows")
    new_dataset_name = models.CharField(max_length=255, blank=True)
    new_dataset_description = models.TextField(max_length=2000, blank=True)
    new_dataset_schema = models.ForeignKey(Schema, on_delete=models.PROTECT, null=True, related_name="+")
    partial_ingestion = models.BooleanField(default=True)
    error_threshold = models.DecimalField(
        max_digits=5, decimal_places=2, default=5, validators=[MinValueValidator(0.01), MaxValueValidator(100)]
    )
    error_diagnostics = models.BooleanField(default=True)

    mapping = models.JSONField(default=list, blank=True)
    mapping_version = models.PositiveIntegerField(default=0)
    mapping_draft = models.JSONField(null=True, blank=True)
    mapping_before = models.JSONField(null=True, blank=True)
    mapping_set = models.ForeignKey(MappingSet, on_delete=models.SET_NULL, null=True, related_name="dataflows")
    mapping_set_version = models.PositiveIntegerField(default=0)
    mapping_set_taken = models.PositiveIntegerField(default=0)

    frequency = models.CharField(max_length=10, choices=Frequency.choices, default=Frequency.DAY)
    interval = models.PositiveIntegerField(default=1)
    cron = models.CharField(max_length=120, blank=True)
    schedule_zone = models.CharField(max_length=64, default="UTC")
    start_at = models.DateTimeField(null=True, blank=True)
    backfill = models.BooleanField(default=True)
    history_from = models.DateField(null=True, blank=True)
    lookback_days = models.PositiveSmallIntegerField(default=5)
    next_run_at = models.DateTimeField(null=True, blank=True, db_index=True)
    lacking_days = models.PositiveIntegerField(default=0)
    lacking_first = models.DateField(null=True)
    lacking_last = models.DateField(null=True)

    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    updated_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    activated_at = models.DateTimeField(null=True)

    objects = DataflowQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["-created_at", "-id"])]

    def __str__(self) -> str:
        return self.name or str(_("Untitled draft"))

    def get_absolute_url(self) -> str:
        if self.is_draft:
            return reverse("dataflows:wizard", args=[self.pk, self.reached])
        return reverse("dataflows:dataflow", args=[self.pk])

    @property
    def reads_from(self) -> Account:
        """The account; only a draft may be without one."""
        if self.account is None:
            raise ValueError(f"dataflow {self.pk} has no account")
        return self.account

    @property
    def writes_to(self) -> Dataset:
        """The dataset; only a draft may be without one."""
        if self.dataset is None:
            raise ValueError(f"dataflow {self.pk} has no dataset")
        return self.dataset

    @property
    def keeps_rejected(self) -> bool:
        """Whether rejected records are kept with their raw text. Partial ingestion forces it: none may vanish."""
        return self.error_diagnostics or self.partial_ingestion

    @property
    def is_draft(self) -> bool:
        return self.status == DataflowStatus.DRAFT

    @property
    def schema(self) -> Schema | None:
        """The schema of the dataset this flow writes to, chosen or still to be made."""
        return self.dataset.schema if self.dataset else self.new_dataset_schema

    @property
    def reading(self) -> TimeReading:
        return TimeReading(semantic=self.time_semantic, zone=self.timezone)  # type: ignore[arg-type]

    @property
    def day_zone(self) -> str:
        """Where a day begins and ends: legacy projects have days of their own zone, all others UTC's."""
        return self.timezone if self.time_semantic == TimeSemantic.LEGACY else "UTC"

    @property
    def schedule(self) -> Schedule:
        return Schedule(
            frequency=self.frequency,
            interval=self.interval,
            cron=self.cron,
            zone=self.schedule_zone,
            start=self.start_at or self.created_at,
        )

    def mapping_rows(self) -> Sequence[MappingRow]:
        return mapping_rows(self.mapping)


def mapping_rows(stored: Sequence[dict[str, str]]) -> list[MappingRow]:
    return [MappingRow(row["sourceType"], row["source"], row["destination"]) for row in stored]
