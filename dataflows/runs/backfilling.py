"""Backfill: read chosen days of the past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import IntegrityError, transaction

from connectors.roles import User, person
from dataflows import scheduling
from dataflows.models import Dataflow, Day, DayStatus, PauseReason, Run, RunStatus, Trigger
from dataflows.runs import lifecycle
from dataflows.runs.cannot_start import CannotStart

# Days in these states have what Mixpanel has; a held one waits for a person, not for another answer.
SETTLED = (DayStatus.LOADED, DayStatus.HELD)


def unsettled(flow: Dataflow, days: Sequence[date]) -> list[date]:
    """Those of ``days`` that are missing, failed or stale."""
    settled = set(flow.days.filter(status__in=SETTLED, day__in=days).values_list("day", flat=True))
    return [day for day in days if day not in settled]


def start_backfill(flow: Dataflow, days: Sequence[date], *, by: User | None, now: datetime) -> Run:
    """Queue a backfill of ``days`` (increasing); behind a run that goes on, it waits. Raises CannotStart."""
    if not days:
        raise CannotStart("nothing_to_read", "There is no day to read: every day of this range is loaded.")
    aside = flow.runs.active().exists()
    status, reason = (RunStatus.PAUSED, PauseReason.SCHEDULE) if aside else (RunStatus.QUEUED, "")
    fields = {"trigger": Trigger.BACKFILL, "requested_by": person(by), "status": status, "pause_reason": reason}
    try:
        with transaction.atomic():
            run = lifecycle.queue(flow, days, **fields)
            lifecycle.cut(run, days)
    except IntegrityError as error:
        unfinished = "A backfill of this dataflow is not finished. Let it end, or cancel it first."
        raise CannotStart("backfill_unfinished", unfinished) from error
    return run


def range_of(flow: Dataflow, now: datetime) -> tuple[date, date]:
    """From the first day the dataflow wants, or has, to the newest complete one."""
    newest = scheduling.last_day(now, flow.timezone, include_today=False)
    began = scheduling.last_day(flow.start_at or flow.created_at, flow.timezone, include_today=True)
    oldest = Day.objects.filter(dataflow=flow).order_by("day").values_list("day", flat=True).first()
    first = min(filter(None, (flow.history_from, began - timedelta(days=1), oldest)))
    return min(first, newest), newest
