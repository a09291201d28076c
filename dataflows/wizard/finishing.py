"""The last button: a complete draft becomes a dataflow, once."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from connectors.roles import User
from dataflows import tasks
from dataflows.models import Dataflow, DataflowStatus, Run
from dataflows.runs import lifecycle


class Outdated(Exception):
    """The draft was saved, or finished, after the sender had seen it."""


def finish(draft: Dataflow, revision: int, *, by: User, now: datetime) -> Dataflow | Run:
    """Activate the draft and start its first run if that is due; the answer is what to show.

    A second call for the same draft, however close, raises Outdated. Raises MappingInvalid, ConnectorError
    (LakeUnavailable, StorageFull, …) and IntegrityError when the dataset's name was taken meanwhile; then the draft
    is as it was.
    """
    try:
        flow = _activate(draft, revision, by, now)
    except Exception:
        draft.refresh_from_db()
        raise
    run = lifecycle.start_due(flow, now=now) if flow.next_run_at and flow.next_run_at <= now else None
    if run is None:
        # The clock may have been faster than we were.
        return flow.runs.first() or flow
    tasks.ring(run)
    return run


def _activate(draft: Dataflow, revision: int, by: User, now: datetime) -> Dataflow:
    with transaction.atomic():
        ours = Dataflow.objects.filter(pk=draft.pk, status=DataflowStatus.DRAFT, revision=revision)
        if not ours.update(revision=F("revision") + 1):
            raise Outdated
        draft.refresh_from_db()
        return lifecycle.activate(draft, by=by, now=now)
