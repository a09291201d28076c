"""The trail of who changed what, as Admin → Log entries shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model

from connectors.roles import User, person

ADDED, CHANGED, DELETED = ADDITION, CHANGE, DELETION


def record(by: User | None, what: Model, action: int, words: str = "") -> None:
    """Write one line; nobody (a command of the operator) leaves none, for the table wants a person."""
    actor = person(by)
    if actor is None:
        return
    LogEntry.objects.create(
        user_id=actor.pk,
        content_type=ContentType.objects.get_for_model(what),
        object_id=str(what.pk),
        object_repr=str(what)[:200],
        action_flag=action,
        change_message=words,
    )


@contextmanager
def deleting(by: User | None, what: Model) -> Iterator[None]:
    """The deletion inside and its line in the trail: both, or neither when it is refused."""
    with transaction.atomic():
        record(by, what, DELETED)
        yield
