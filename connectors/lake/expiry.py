"""Old snapshots are forgotten. Their files are left to ``orphans``, which comes by later."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.update import RemoveSnapshotsUpdate, SetPropertiesUpdate

from connectors.errors import LakeConflict
from connectors.lake.hint import write_version_hint
from connectors.lake.replace import SingleCommit

ATTEMPTS = 5
EXPIRED_AT = "tributary.snapshots-expired-at"
"""Table property: when snapshots were last forgotten, in milliseconds."""


def expire(load: Callable[[], Table], *, older_than: datetime, keep: int) -> int:
    """Forgets the snapshots older than ``older_than``, except the newest ``keep``; how many there were.

    A publication or a roll back that goes on at the same time is neither lost nor disturbed: what they commit to
    is the current snapshot, and that one always stays. Raises LakeConflict when others kept committing first.
    """
    for _ in range(ATTEMPTS):
        table = load()
        expired = _expired(table, older_than, keep)
        if not expired:
            return 0
        try:
            _forget(table, expired)
        except CommitFailedException:
            continue
        write_version_hint(table)
        return len(expired)
    raise LakeConflict(f"Other writers committed first, {ATTEMPTS} times in a row.")


def _expired(table: Table, older_than: datetime, keep: int) -> list[int]:
    newest_first = sorted(table.metadata.snapshots, key=lambda each: each.sequence_number or 0, reverse=True)
    named = {ref.snapshot_id for ref in table.metadata.refs.values()}
    limit = older_than.timestamp() * 1000
    return [
        each.snapshot_id for each in newest_first[keep:] if each.timestamp_ms < limit and each.snapshot_id not in named
    ]


def _forget(table: Table, expired: list[int]) -> None:
    # pyiceberg's own expire_snapshots() copies the whole metadata for every snapshot it is given.
    with SingleCommit(table) as transaction:
        transaction._stage(
            (
                RemoveSnapshotsUpdate.model_validate({"snapshot-ids": expired}),
                SetPropertiesUpdate(updates={EXPIRED_AT: str(int(time.time() * 1000))}),
            )
        )
