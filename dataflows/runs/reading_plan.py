"""What reading days costs and when it will be done: shown to a person before anything starts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings

from connectors import budget
from connectors.budget import BudgetState
from connectors.models import ExportRequest
from dataflows.models import Dataflow, Window, WindowStatus
from dataflows.runs import lifecycle
from dataflows.runs.forecast import EVENTS_PER_SECOND, HOUR, Allowance, Forecast, Pace, forecast
from dataflows.runs.planner import PlannedWindow

WINDOWS_LOOKED_AT = 50


@dataclass(frozen=True)
class ReadingPlan:
    """``reserved`` requests of each hour are left to scheduled runs."""

    days: Sequence[date]
    windows: Sequence[PlannedWindow]
    forecast: Forecast
    budget: BudgetState
    reserved: int


def plan(flow: Dataflow, days: Sequence[date], *, reserved: int = 0, now: datetime) -> ReadingPlan:
    """What reading ``days`` (increasing) costs and when it will be done, if nothing else asks meanwhile."""
    windows = lifecycle.planned(flow, days)
    state = budget.state(flow.reads_from, flow.project_id, now=now)
    reserved = budget.spared(state.limit, reserved)
    allowance = Allowance(state.limit - reserved, _sent(flow, now), settings.WINDOWS_AT_ONCE)
    return ReadingPlan(days, windows, forecast(windows, allowance, pace_of(flow), now=now), state, reserved)


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
