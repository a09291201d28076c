"""A complete draft becomes a dataflow, once, and starts its first run if that is due."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.db.models import F

from connectors.roles import User
from dataflows.models import Dataflow, DataflowStatus, Run
from dataflows.runs import lifecycle


class Outdated(Exception):
    """The draft was saved, or finished, after the sender had seen it."""


def launch(draft: Dataflow, revision: int, *, by: User | None, now: datetime) -> Run | None:
    """Activate the draft; the answer is the run that was started, for which whoever calls rings the bell.

    A second call for the same draft, however close, raises Outdated. Raises MappingInvalid, ConnectorError
    (LakeUnavailable, StorageFull, …) and IntegrityError when the dataset's name was taken meanwhile; then the draft
    is as it was.
    """
    try:
        flow = _activate(draft, revision, by, now)
    except Exception:
        draft.refresh_from_db()
        raise
    return lifecycle.start_due(flow, now=now) if flow.next_run_at and flow.next_run_at <= now else None


def _activate(draft: Dataflow, revision: int, by: User | None, now: datetime) -> Dataflow:
    with transaction.atomic():
        ours = Dataflow.objects.filter(pk=draft.pk, status=DataflowStatus.DRAFT, revision=revision)
        if not ours.update(revision=F("revision") + 1):
            raise Outdated
        draft.refresh_from_db()
        return lifecycle.activate(draft, by=by, now=now)
