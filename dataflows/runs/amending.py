"""Changing what a live dataflow is called, when it runs and how much may be bad in it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from connectors.roles import User, person
from dataflows.models import Dataflow, DataflowStatus
from dataflows.runs import lacking

SCHEDULE = ("frequency", "interval", "cron", "schedule_zone", "start_at")
# What decides which days are wanted.
WANTED = ("frequency", "start_at", "backfill", "history_from")
AMENDABLE = frozenset(
    (
        *SCHEDULE,
        *("name", "description", "partial_ingestion", "error_threshold", "error_diagnostics"),
        *("backfill", "history_from", "lookback_days"),
    )
)


class Overtaken(Exception):
    """Somebody changed the dataflow after the writer had seen it."""


def amend(flow: Dataflow, changes: Mapping[str, Any], *, revision: int, by: User | None, now: datetime) -> None:
    """Write ``changes`` (names of AMENDABLE fields, values checked before). A run that is going on goes on as it was.

    Another schedule takes effect at its next due time. Raises Overtaken, and ValueError for another field.
    """
    foreign = changes.keys() - AMENDABLE
    if foreign:
        raise ValueError(f"these cannot be amended: {', '.join(sorted(foreign))}")
    for name, value in changes.items():
        setattr(flow, name, value)
    written = dict(changes)
    if changes.keys() & set(SCHEDULE) and flow.status == DataflowStatus.ENABLED:
        written["next_run_at"] = flow.schedule.next_after(now)
    won = Dataflow.objects.live().filter(pk=flow.pk, revision=revision)
    if not won.update(**written, revision=F("revision") + 1, updated_at=now, updated_by=person(by)):
        raise Overtaken
    if changes.keys() & set(WANTED):
        lacking.note(flow)
    flow.refresh_from_db()
