"""The life of a draft: begun, saved step by step by whoever has it open, discarded."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import F

from connectors.models import Account
from connectors.roles import User
from dataflows.models import Dataflow, DataflowStatus

ORDER = ("account", "project", "dataset", "mapping", "schedule", "review")
"""The slugs of the steps; ``Dataflow.reached`` is one of them."""


def begin(*, account: Account | None, by: User) -> Dataflow:
    """A new draft, at its second step when the account is known.

    A draft in which nothing has been saved yet is used again, so that a double click and a second thought leave
    no litter behind.
    """
    untouched = Dataflow.objects.filter(status=DataflowStatus.DRAFT, revision=0, created_by_id=by.pk, account=account)
    reached = ORDER[0] if account is None else ORDER[1]
    return untouched.first() or Dataflow.objects.create(account=account, created_by_id=by.pk, reached=reached)


def further(slug: str, other: str) -> str:
    """Whichever of two steps comes later."""
    return max(slug, other, key=ORDER.index)


def is_current(draft: Dataflow, revision: int) -> bool:
    """Whether nobody has saved the draft since ``revision`` was shown; reads the draft again."""
    draft.refresh_from_db()
    return draft.is_draft and draft.revision == revision


def save(draft: Dataflow, revision: int, changes: Mapping[str, Any], *, now: datetime) -> bool:
    """Write ``changes`` (names of model fields) if ``revision`` is still the one that was shown to the writer.

    False when somebody else saved in between, and then nothing is written. Saving what is stored already is fine at
    any revision and changes nothing: a form that is sent twice by a double click or a reload is no conflict.
    """
    draft.refresh_from_db()
    if draft.is_draft and all(getattr(draft, name) == value for name, value in changes.items()):
        return True
    unchanged = Dataflow.objects.filter(pk=draft.pk, status=DataflowStatus.DRAFT, revision=revision)
    won = unchanged.update(**changes, revision=F("revision") + 1, updated_at=now)
    draft.refresh_from_db()
    return bool(won)


def discard(draft: Dataflow) -> None:
    """Remove a draft. What it was about to create does not exist yet, so nothing else is lost."""
    Dataflow.objects.filter(pk=draft.pk, status=DataflowStatus.DRAFT).delete()
