"""What a tick does: start due dataflows, find runs that wait for a worker, say that the scheduler lives."""

from __future__ import annotations

import os
import socket
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from dataflows.models import Dataflow, Heartbeat, Run, RunStatus
from dataflows.runs import lifecycle, pausing

# A process that has not been seen for so long is not coming back.
FORGOTTEN = timedelta(days=1)


def start_due(*, now: datetime) -> list[Run]:
    """Start a run for every dataflow whose slot has come."""
    started = (lifecycle.start_due(flow, now=now) for flow in Dataflow.objects.due(now).select_related("account"))
    return [run for run in started if run is not None]


def resume_aside() -> list[Run]:
    """Let backfills go on that made way for a run that has ended."""
    return list(pausing.resume_aside())


def waiting(*, now: datetime) -> list[tuple[int, int]]:
    """Runs that want a worker and how many bells to ring for each; the same run not oftener than every tick.

    A queued run, a run with a window nobody holds (new, due for its retry, or left by a dead worker), and a
    run that is only waiting to be settled all come out here: lost messages delay work and never lose it.
    """
    pause = timedelta(seconds=settings.TICK_SECONDS)
    # A bell in the future was rung by a clock that was set back since.
    quiet = Q(rung_at=None) | Q(rung_at__lte=now - pause) | Q(rung_at__gt=now + pause)
    found = []
    for run in Run.objects.unfinished().exclude(status=RunStatus.PAUSED).filter(quiet).order_by("created_at"):
        wanted = _wanted(run, now)
        if wanted and Run.objects.filter(quiet, pk=run.pk).update(rung_at=now):
            found.append((run.pk, wanted))
    return found


def _wanted(run: Run, now: datetime) -> int:
    free = run.windows.claimable(now).count()
    held = run.windows.leased(now).count()
    if run.status == RunStatus.CANCELLING or not run.windows.open().exists():
        return 1
    return min(free, max(0, settings.WINDOWS_AT_ONCE - held))


def bells(run: Run) -> int:
    """How many workers may start on a fresh run."""
    return min(settings.WINDOWS_AT_ONCE, run.windows.open().count()) or 1


def beat(*, now: datetime) -> None:
    """Leave a sign of life of the scheduler, and of the worker that did its bidding."""
    Heartbeat.beat("tick", now=now)
    sign_of_life(now=now)
    Heartbeat.objects.filter(at__lt=now - FORGOTTEN).delete()


def sign_of_life(*, now: datetime) -> None:
    """Say that this worker process lives."""
    Heartbeat.beat(f"worker:{socket.gethostname()}:{os.getpid()}", now=now)
