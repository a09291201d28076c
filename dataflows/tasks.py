"""The doors Celery knocks at. Messages carry ids only and may be lost or doubled at will."""

from __future__ import annotations

import logging

from celery import shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from dataflows.models import Run
from dataflows.runs import clockwork, lacking
from dataflows.runs import upkeep as sweeping

logger = logging.getLogger(__name__)


@shared_task
def advance_run(*, run_id: int, **_from_newer_code: object) -> None:
    """Work on one window of the run, then ring again if there may be more. Safe to deliver twice."""
    # Only workers need the engine and the seconds its import takes; whoever rings imports this module too.
    from dataflows.runs import engine

    clockwork.sign_of_life(now=timezone.now())
    if engine.advance(run_id, clock=timezone.now) is engine.Next.NOW:
        _ring(run_id, 1)


@shared_task
def tick(**_from_newer_code: object) -> None:
    """Start what is due, ring for what waits, take over from the dead."""
    now = timezone.now()
    clockwork.start_due(now=now)
    clockwork.resume_aside()
    for run_id, bells in clockwork.waiting(now=now):
        _ring(run_id, bells)
    clockwork.beat(now=now)


@shared_task
def upkeep(**_from_newer_code: object) -> None:
    """Clear away what is past its retention, and look at every dataflow for days that it lacks."""
    sweeping.sweep(now=timezone.now())
    sweeping.sweep_lake(now=timezone.now())
    lacking.note_all()


def ring(run: Run) -> None:
    """Tell the workers about a run once its rows are committed; if the message is lost, the next tick finds it."""
    transaction.on_commit(lambda: _ring(run.pk, clockwork.bells(run)))


def _ring(run_id: int, bells: int) -> None:
    try:
        for _ in range(bells):
            advance_run.delay(run_id=run_id)
    except (OperationalError, OSError):
        logger.warning("run %s: the broker cannot be reached; the next tick will ring again", run_id, exc_info=True)
