"""Backfill: read chosen days of the past, planned and forecast before a person accepts it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import IntegrityError, transaction

from connectors import budget
from connectors.budget import BudgetState
from connectors.models import ExportRequest
from connectors.roles import User, person
from dataflows import scheduling
from dataflows.models import Dataflow, Day, DayStatus, PauseReason, Run, RunStatus, Trigger, Window, WindowStatus
from dataflows.runs import lifecycle
from dataflows.runs.forecast import EVENTS_PER_SECOND, HOUR, Allowance, Forecast, Pace, forecast
from dataflows.runs.lifecycle import CannotStart
from dataflows.runs.planner import PlannedWindow

# Days in these states have what Mixpanel has; a held one waits for a person, not for another answer.
SETTLED = (DayStatus.LOADED, DayStatus.HELD)
WINDOWS_LOOKED_AT = 50


@dataclass(frozen=True)
class BackfillPlan:
    """``reserved`` requests of each hour are left to scheduled runs."""

    days: Sequence[date]
    windows: Sequence[PlannedWindow]
    forecast: Forecast
    budget: BudgetState
    reserved: int


def unsettled(flow: Dataflow, days: Sequence[date]) -> list[date]:
    """Those of ``days`` that are missing, failed or stale."""
    settled = set(flow.days.filter(status__in=SETTLED, day__in=days).values_list("day", flat=True))
    return [day for day in days if day not in settled]


def plan(flow: Dataflow, days: Sequence[date], *, reserved: int = 0, now: datetime) -> BackfillPlan:
    """What reading ``days`` (increasing) costs and when it will be done, if nothing else asks meanwhile."""
    windows = lifecycle.planned(flow, days)
    state = budget.state(flow.reads_from, flow.project_id, now=now)
    allowance = Allowance(max(1, state.limit - reserved), _sent(flow, now), settings.WINDOWS_AT_ONCE)
    return BackfillPlan(days, windows, forecast(windows, allowance, pace_of(flow), now=now), state, reserved)


def _sent(flow: Dataflow, now: datetime) -> list[datetime]:
    key = budget.project_key(flow.reads_from, flow.project_id)
    recent = ExportRequest.objects.filter(budget__project=key, counted=True, sent_at__gt=now - HOUR)
    return list(recent.values_list("sent_at", flat=True))


def pace_of(flow: Dataflow) -> Pace:
    """From the newest windows that went well: the quickest tells how long an answer takes, the rest the speed."""
    good = Window.objects.filter(run__dataflow=flow, status=WindowStatus.PUBLISHED, attempts=0, received__gt=0)
    done = list(good.defer("days", "errors").order_by("-finished_at")[:WINDOWS_LOOKED_AT])
    took = [window.took.total_seconds() for window in done if window.took]
    if not took:
        return Pace()
    answer = min(took)
    reading = sum(took) - len(took) * answer
    events = sum(window.received for window in done)
    return Pace(answer, max(1.0, events / reading) if reading > 0 else EVENTS_PER_SECOND)


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
