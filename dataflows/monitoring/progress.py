"""How far a run has come, how long it may still take, and what it waits for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Max

from connectors import budget
from connectors.messages import Message
from dataflows.diagnostics.errors import printable, words
from dataflows.models import Heartbeat, PauseReason, Run, RunStatus, Window, WindowStatus

LIMITS = {"budget_empty", "rate_limited"}
# A queued run is picked up within a tick or two; after this long, say when a worker was last seen.
PATIENCE = timedelta(seconds=60)


@dataclass(frozen=True)
class Progress:
    """``size`` in bytes received, ``events`` read so far; ``seconds_left`` is None while nothing can be said."""

    windows: int
    windows_done: int
    days: int
    days_done: int
    size: int
    events: int
    events_per_second: float | None
    seconds_left: float | None


@dataclass(frozen=True)
class Waiting:
    """``kind``: ``limit`` (with ``used`` of ``allowed`` requests), ``retry`` (with ``message``), ``worker``,
    ``paused`` (by a person) or ``aside`` (for another run)."""

    kind: str
    until: datetime | None = None
    used: int = 0
    allowed: int = 0
    message: Message | None = None
    detail: str = ""
    worker_seen: datetime | None = None
    overdue: bool = False


@dataclass(frozen=True)
class Live:
    progress: Progress
    waiting: Waiting | None


def live(run: Run, now: datetime) -> Live:
    """Everything the page polls for; one light query over the windows."""
    fields = ("status", "first_day", "last_day", "bytes_done", "events_done", "lease_until", "not_before")
    windows = list(run.windows.values(*fields, "error_code", "error_detail"))
    return Live(_progress(run, windows, now), None if run.is_finished else _waiting(run, windows, now))


def _progress(run: Run, windows: list[dict[str, Any]], now: datetime) -> Progress:
    # A cancelled window has ended, but its days were not read.
    done = [window for window in windows if window["status"] not in {*Window.OPEN, WindowStatus.CANCELLED}]
    days_done = sum(map(_days, done))
    elapsed = ((run.finished_at or now) - run.started_at).total_seconds() if run.started_at else 0.0
    events = sum(window["events_done"] for window in windows)
    left = run.day_count - days_done
    return Progress(
        windows=len(windows),
        windows_done=len(done),
        days=run.day_count,
        days_done=days_done,
        size=sum(window["bytes_done"] for window in windows),
        events=events,
        events_per_second=events / elapsed if elapsed > 0 and events else None,
        seconds_left=elapsed * left / days_done if days_done and left and elapsed > 0 else None,
    )


def _waiting(run: Run, windows: list[dict[str, Any]], now: datetime) -> Waiting | None:
    if run.status == RunStatus.PAUSED:
        return Waiting("aside" if run.pause_reason == PauseReason.SCHEDULE else "paused")
    wanted = [window for window in windows if window["status"] in Window.OPEN]
    held = [window for window in wanted if window["lease_until"] and window["lease_until"] > now]
    if held or not wanted or run.status == RunStatus.CANCELLING:
        return None
    later = [window for window in wanted if window["not_before"] and window["not_before"] > now]
    if len(later) < len(wanted):
        return _for_worker(run, now)
    first = min(later, key=lambda window: window["not_before"])
    return _for_limit(run, first, now) if first["error_code"] in LIMITS else _for_retry(first)


def _for_worker(run: Run, now: datetime) -> Waiting:
    seen = Heartbeat.objects.filter(name__startswith="worker:").aggregate(seen=Max("at"))["seen"]
    since = run.rung_at or run.created_at
    return Waiting("worker", worker_seen=seen, overdue=now - since > PATIENCE)


def _for_limit(run: Run, window: dict[str, Any], now: datetime) -> Waiting:
    flow = run.dataflow
    used, allowed = 0, 0
    if flow.account is not None:
        state = budget.state(flow.account, flow.project_id, now=now)
        used, allowed = state.used, state.limit
    return Waiting("limit", window["not_before"], used=used, allowed=allowed)


def _for_retry(window: dict[str, Any]) -> Waiting:
    message = words(window["error_code"]) if window["error_code"] else None
    return Waiting("retry", window["not_before"], message=message, detail=printable(window["error_detail"]))


def _days(window: dict[str, Any]) -> int:
    return int((window["last_day"] - window["first_day"]).days) + 1
