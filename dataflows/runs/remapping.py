"""Changing the mapping of a live dataflow: checked, versioned, and for later runs only.

A run keeps the mapping it started with; what is loaded stays as it is until those days are promoted again.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import F

from connectors.roles import User, person
from dataflows.mapping import bind
from dataflows.models import Dataflow, DataflowStatus, MappingVersion, StoredRows
from dataflows.models.dataflow import mapping_rows
from dataflows.runs import lifecycle


class MappingConflict(Exception):
    """Somebody changed the dataflow after the writer had seen it. ``saved_at`` is when."""

    def __init__(self, saved_at: datetime) -> None:
        super().__init__("Somebody changed this dataflow in the meantime. Look at the change, then save again.")
        self.saved_at = saved_at


def save(
    flow: Dataflow,
    rows: StoredRows,
    *,
    by: User | None,
    now: datetime,
    revision: int,
    note: str = "",
) -> MappingVersion:
    """Make ``rows`` the mapping of a live dataflow, as a new version; what was being edited is thereby done.

    ``revision`` is the ``Dataflow.revision`` that the writer saw. Saving the rows that are in force is fine at any
    revision and makes no version, so that a double click is no conflict. A dataflow that was paused because its mapping
    did not fit goes on. Raises MappingInvalid, which names every row at fault, MappingConflict, and ValueError for a
    draft: its mapping belongs to the wizard.
    """
    flow.refresh_from_db()
    if flow.is_draft:
        raise ValueError(f"dataflow {flow.pk} is a draft")
    rows = [dict(row) for row in rows]
    bind(mapping_rows(rows), flow.writes_to.schema.xdm)
    newest = flow.mapping_versions.first()
    if newest is not None and rows == flow.mapping:
        discard(flow)
        return newest
    with transaction.atomic():
        _write(flow, rows, revision, by, now)
        version = MappingVersion.objects.record(flow, by=by, now=now, note=note[: MappingVersion.LONGEST_NOTE])
    if flow.status == DataflowStatus.DISABLED and flow.status_reason == "mapping_invalid":
        lifecycle.enable(flow, by=by, now=now)
    return version


def _write(flow: Dataflow, rows: Sequence[dict[str, str]], revision: int, by: User | None, now: datetime) -> None:
    unchanged = Dataflow.objects.live().filter(pk=flow.pk, revision=revision)
    won = unchanged.update(
        mapping=rows,
        mapping_version=F("mapping_version") + 1,
        mapping_draft=None,
        mapping_before=None,
        sample=[],
        revision=F("revision") + 1,
        updated_at=now,
        updated_by=person(by),
    )
    flow.refresh_from_db()
    if not won:
        raise MappingConflict(flow.updated_at)


def edited(flow: Dataflow) -> list[dict[str, str]]:
    """The rows that are on the desk, right or wrong: of a live dataflow those in force while nobody edits."""
    rows = flow.mapping if flow.is_draft or flow.mapping_draft is None else flow.mapping_draft
    return list(rows)


def keep_rows(flow: Dataflow, revision: int, rows: StoredRows, *, now: datetime, **more: object) -> bool:
    """Put ``rows`` on the desk; of a live dataflow the mapping in force stays. ``more`` as in ``keep``.

    Whoever only looks at the mapping in force edits nothing: then nothing lies on the desk.
    """
    kept = [dict(row) for row in rows]
    if flow.is_draft:
        return keep(flow, revision, now=now, mapping=kept, **more)
    return keep(flow, revision, now=now, mapping_draft=None if kept == flow.mapping else kept, **more)


def keep(flow: Dataflow, revision: int, *, now: datetime, **changes: object) -> bool:
    """Write what is being edited (``mapping_draft``, ``mapping_before``, ``sample``); runs do not see it.

    False when somebody else saved since ``revision`` was shown, and then nothing is written.
    """
    flow.refresh_from_db()
    if all(getattr(flow, name) == value for name, value in changes.items()):
        return True
    unchanged = Dataflow.objects.filter(pk=flow.pk, status=flow.status, revision=revision)
    won = unchanged.update(**changes, revision=F("revision") + 1, updated_at=now)
    flow.refresh_from_db()
    return bool(won)


def discard(flow: Dataflow) -> None:
    """Forget what was being edited; the mapping in force stays."""
    Dataflow.objects.live().filter(pk=flow.pk).update(mapping_draft=None, mapping_before=None, sample=[])
    flow.refresh_from_db()


def restore(version: MappingVersion, *, by: User | None, now: datetime, revision: int) -> MappingVersion:
    """Bring an old version back as the newest one. Raises as ``save`` does: a schema may have changed since."""
    note = f"Restores version {version.number}."
    return save(version.dataflow, version.rows, by=by, now=now, revision=revision, note=note)
