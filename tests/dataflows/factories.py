"""Rows as the product would have written them, each complete and believable; name only what a test is about."""

from __future__ import annotations

import itertools
import os
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.utils import timezone

from connectors.models import Account, ExportRequest, RateBudget
from connectors.sealed import Sealed
from dataflows.models import (
    Dataflow,
    DataflowStatus,
    Dataset,
    Day,
    DayStatus,
    Run,
    RunStatus,
    Schema,
    Trigger,
    Window,
    WindowStatus,
)
from dataflows.schemas import mixpanel_events

COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")
# Several processes make things in one installation: no two of them count alike.
_numbers = itertools.count(os.getpid() * 1000)


def make_account(**changed: Any) -> Account:
    values = {
        "name": f"Shop account {next(_numbers)}",
        "username": "tributary.mp-service-account",
        "secret": Sealed.seal("hush-hush-secret"),
        "secret_changed_at": timezone.now(),
        "region": "eu",
    }
    return Account.objects.create(**{**values, **changed})


def make_schema(**changed: Any) -> Schema:
    values = {"title": f"Events {next(_numbers)}", "description": "Shop events.", "document": mixpanel_events("acme")}
    return Schema.objects.create(**{**values, **changed})


def make_dataset(**changed: Any) -> Dataset:
    schema = changed.pop("schema", None) or make_schema()
    return Dataset.objects.create(**{"name": f"Shop events {next(_numbers)}", "schema": schema, **changed})


def make_flow(**changed: Any) -> Dataflow:
    """An enabled daily dataflow of a UTC project."""
    values: dict[str, Any] = {
        "name": f"Shop flow {next(_numbers)}",
        "status": DataflowStatus.ENABLED,
        "project_id": "3187769",
        "project_name": "Shop",
        "timezone": "UTC",
        "time_semantic": "utc",
        "time_evidence": "Most events arrive within a second of their time.",
        "mapping": [{"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"}],
        "mapping_version": 1,
        "start_at": datetime(2026, 3, 1, 6, 30, tzinfo=UTC),
        "history_from": timezone.now().date() - timedelta(days=7),
        "next_run_at": timezone.now() + timedelta(hours=3),
        "activated_at": timezone.now(),
    }
    if "account" not in changed:
        values["account"] = make_account()
    if "dataset" not in changed:
        values["dataset"] = make_dataset()
    return Dataflow.objects.create(**{**values, **changed})


def make_draft(**changed: Any) -> Dataflow:
    values = {"name": f"Draft {next(_numbers)}", "status": DataflowStatus.DRAFT, "reached": "project"}
    return Dataflow.objects.create(**{**values, **changed})


def make_run(flow: Dataflow | None = None, *, created: datetime | None = None, **changed: Any) -> Run:
    """A succeeded run of three days without records; ``created`` sets when it was asked for."""
    values: dict[str, Any] = {
        "trigger": Trigger.SCHEDULE,
        "status": RunStatus.SUCCEEDED,
        "first_day": date(2026, 3, 1),
        "last_day": date(2026, 3, 3),
        "mapping_version": 1,
    }
    if changed.get("status", RunStatus.SUCCEEDED) != RunStatus.QUEUED:
        values["started_at"] = timezone.now() - timedelta(seconds=90)
    if changed.get("status", RunStatus.SUCCEEDED) in Run.FINISHED:
        values["finished_at"] = timezone.now()
    run = Run.objects.create(**{"dataflow": flow or make_flow(), **values, **changed})
    if created is not None:
        Run.objects.filter(pk=run.pk).update(created_at=created)
        run.refresh_from_db()
    return run


def make_window(run: Run, first: date | None = None, last: date | None = None, **changed: Any) -> Window:
    """A published window of the run's first day."""
    first = first or run.first_day
    values: dict[str, Any] = {"first_day": first, "last_day": last or first, "status": WindowStatus.PUBLISHED}
    if changed.get("status", WindowStatus.PUBLISHED) not in Window.OPEN:
        values |= {"started_at": timezone.now() - timedelta(seconds=20), "finished_at": timezone.now()}
    return Window.objects.create(run=run, **{**values, **changed})


def counts(loaded: int = 0, duplicate: int = 0, rejected: int = 0, filtered: int = 0) -> dict[str, int]:
    """Counts that balance."""
    received = loaded + duplicate + rejected + filtered
    return dict(zip(COUNTS, (received, loaded, duplicate, rejected, filtered), strict=True))


def day_account(day: date, *, failed: bool = False, key: str = "", **shares: int) -> dict[str, Any]:
    """An entry of ``Window.days``."""
    status = DayStatus.FAILED if failed else DayStatus.LOADED
    return {"day": day.isoformat(), "status": str(status), "rejected_key": key, **counts(**shares)}


def make_day(flow: Dataflow, day: date, *, window: Window | None = None, **changed: Any) -> Day:
    values = {"status": DayStatus.LOADED, "published_at": timezone.now()}
    return Day.objects.create(dataflow=flow, day=day, window=window, **{**values, **changed})


def make_request(window: Window, **changed: Any) -> ExportRequest:
    """An answered export request of the window."""
    account = window.run.dataflow.account
    project = f"mixpanel:{account.region}:{window.run.dataflow.project_id}" if account else "mixpanel:eu:1"
    budget, _ = RateBudget.objects.get_or_create(project=project)
    now = timezone.now()
    values = {
        "account": account,
        "purpose": ExportRequest.Purpose.RUN,
        "reference": window.reference,
        "first_day": window.first_day,
        "last_day": window.last_day,
        "sent_at": now - timedelta(seconds=5),
        "ended_at": now,
        "status": 200,
        "size": 2048,
    }
    return ExportRequest.objects.create(budget=budget, **{**values, **changed})
