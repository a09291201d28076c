"""Pause and resume: a backfill steps aside for other runs of its dataflow, or because a person says so.

A worker ends the window it holds, so a pause throws no answer away; nothing new is begun until the run goes on.
"""

from __future__ import annotations

from collections.abc import Iterator

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef

from dataflows.models import Dataflow, PauseReason, Run, RunStatus, Trigger


def pause(run: Run, *, reason: PauseReason = PauseReason.USER) -> bool:
    """Begin no more windows. False when there is nothing to pause any more."""
    if run.status in Run.ACTIVE:
        return run.move(RunStatus.PAUSED, pause_reason=reason)
    if run.status == RunStatus.PAUSED:
        # A person's pause outlasts the run that made it step aside.
        return bool(Run.objects.filter(pk=run.pk, status=RunStatus.PAUSED).update(pause_reason=reason))
    return False


def resume(run: Run) -> bool:
    """Go on, at once or when the run that goes on now has ended. False when the run is not paused."""
    if run.status != RunStatus.PAUSED:
        return False
    try:
        with transaction.atomic():
            return run.move(RunStatus.QUEUED, pause_reason="")
    except IntegrityError:
        waiting = Run.objects.filter(pk=run.pk, status=RunStatus.PAUSED)
        return bool(waiting.update(pause_reason=PauseReason.SCHEDULE))


def make_way(flow: Dataflow) -> None:
    """Let the backfill of the dataflow step aside."""
    for run in flow.runs.active().filter(trigger=Trigger.BACKFILL):
        pause(run, reason=PauseReason.SCHEDULE)


def resume_aside() -> Iterator[Run]:
    """Resume the runs that stepped aside for one that has ended; those that go on now."""
    others = Run.objects.active().filter(dataflow=OuterRef("dataflow"))
    aside = Run.objects.filter(status=RunStatus.PAUSED, pause_reason=PauseReason.SCHEDULE).exclude(Exists(others))
    for run in aside:
        if resume(run):
            yield run
