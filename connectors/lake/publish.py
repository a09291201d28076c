"""One commit that replaces days of a dataflow, whole or not at all."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.expressions import And, GreaterThanOrEqual, In, LessThanOrEqual, Reference
from pyiceberg.expressions.literals import literal
from pyiceberg.io.pyarrow import parquet_file_to_data_file
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table

from connectors.errors import LakeConflict, LakeUnavailable
from connectors.lake.failures import lake_failures
from connectors.lake.hint import write_version_hint
from connectors.lake.history import effective
from connectors.lake.inspect import property_of
from connectors.lake.parts import EPOCH, TOKEN, PartFile
from connectors.lake.replace import replace_files

ATTEMPTS = 8
FIRST_PAUSE = 0.05
LONGEST_PAUSE = 2.0
"""Seconds between attempts: the upper bound doubles, the pause is drawn below it."""


class LeaseLost(Exception):
    """The caller no longer owns the work it wanted to publish; nothing was written."""


@dataclass(frozen=True)
class Receipt:
    """What the lake confirms about the published days.

    ``rows_removed`` is what they held before, ``rows_added`` what they hold now, ``files`` in how many
    files. ``snapshot_id`` is None only if nothing changed in a table that never had a snapshot.
    """

    snapshot_id: int | None
    rows_added: int
    rows_removed: int
    files: int


@dataclass(frozen=True)
class Publication:
    """What shall be true afterwards: these days of this dataflow hold these files and nothing else.

    The same days of its ``predecessors`` hold nothing.

    ``token`` names this publication once and for all: the same work gets the same token again
    after a crash, other work never does. Raises ValueError if files and days do not fit together.
    """

    dataflow: str
    days: frozenset[date]
    files: tuple[PartFile, ...]
    token: str
    predecessors: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not self.days or not TOKEN.fullmatch(self.token):
            raise ValueError("A publication needs days and a token of letters, digits, dots and dashes.")
        if any(file.dataflow != self.dataflow or file.day not in self.days for file in self.files):
            raise ValueError("A file belongs to another dataflow or to a day that is not being replaced.")
        if len({file.path for file in self.files}) != len(self.files):
            raise ValueError("A file is named twice.")


@dataclass(frozen=True)
class _Change:
    drop: list[DataFile]
    add: list[PartFile]
    rows_before: int


def publish(load: Callable[[], Table], wanted: Publication, still_mine: Callable[[], bool]) -> Receipt:
    """Makes ``wanted`` true with one commit, or finds that it already is.

    Every attempt reads the table, then asks ``still_mine``, then commits on condition that the table is
    still as read. Whoever takes the work over publishes after that question, so one of the two
    commits fails the condition, and the loser asks again and hears no.

    Raises LeaseLost, LakeConflict (others kept committing first), LakeUnavailable, StorageFull.
    After LakeUnavailable the outcome may be unknown: repeat with the same token.
    """
    for attempt in range(ATTEMPTS):
        with lake_failures():
            if (receipt := _attempt(load(), wanted, still_mine)) is not None:
                return receipt
        time.sleep(random.uniform(0, min(FIRST_PAUSE * 2**attempt, LONGEST_PAUSE)))  # noqa: S311  not a secret
    raise LakeConflict(f"Other writers committed first, {ATTEMPTS} times in a row.")


def _attempt(table: Table, wanted: Publication, still_mine: Callable[[], bool]) -> Receipt | None:
    """A receipt, or None if somebody else committed in between."""
    if (receipt := _published_before(table, wanted.token)) is not None:
        return receipt
    change = _plan(table, wanted)
    add = [_data_file(table, part) for part in change.add]
    if not still_mine():
        raise LeaseLost(f"Another worker took over {wanted.token}.")
    rows = sum(file.rows for file in wanted.files)
    if not change.drop and not add:
        current = table.current_snapshot()
        return Receipt(current.snapshot_id if current else None, rows, change.rows_before, len(wanted.files))
    try:
        snapshot_id = replace_files(table, change.drop, add, _properties(wanted, rows, change.rows_before))
    except CommitFailedException:
        return None
    write_version_hint(table)
    return Receipt(snapshot_id, rows, change.rows_before, len(wanted.files))


def _plan(table: Table, wanted: Publication) -> _Change:
    names = wanted.predecessors | {wanted.dataflow}
    live = {file.file_path: file for file in _files_of(table, names, wanted.days)}
    given = {part.path for part in wanted.files}
    # A file that is already in place stays there: naming it as dropped would invite a clean-up to delete it.
    return _Change(
        drop=[file for path, file in live.items() if path not in given],
        add=[part for part in wanted.files if part.path not in live],
        rows_before=sum(file.record_count for file in live.values()),
    )


def _files_of(table: Table, dataflows: frozenset[str], days: frozenset[date]) -> Iterable[DataFile]:
    wanted = {(day - EPOCH).days for day in days}
    day = Reference("_day")
    span = And(
        GreaterThanOrEqual(term=day, value=literal(min(days).isoformat())),
        LessThanOrEqual(term=day, value=literal(max(days).isoformat())),
    )
    ours = In(term=Reference("_dataflow"), values={literal(name) for name in dataflows})
    for task in table.scan(And(ours, span)).plan_files():
        if task.file.partition[0] in dataflows and task.file.partition[1] in wanted:
            yield task.file


def _data_file(table: Table, part: PartFile) -> DataFile:
    """The file as Iceberg describes it, read from its own footer: a file that is not whole has none."""
    file = parquet_file_to_data_file(table.io, table.metadata, part.path)
    partition = (file.partition[0], file.partition[1])
    if (file.record_count, *partition) != (part.rows, part.dataflow, (part.day - EPOCH).days):
        raise LakeUnavailable(f"{part.path.rpartition('/')[2]} does not hold what was written to it.")
    return file


def _properties(wanted: Publication, rows: int, before: int) -> dict[str, str]:
    return {
        "tributary.token": wanted.token,
        "tributary.dataflow": wanted.dataflow,
        "tributary.rows-added": str(rows),
        "tributary.rows-removed": str(before),
        "tributary.files": str(len(wanted.files)),
    }


def _published_before(table: Table, token: str) -> Receipt | None:
    # What was rolled back is not in the table, and may be published again.
    for snapshot in effective(table, table.current_snapshot()):
        if property_of(snapshot, "tributary.token") == token:
            return Receipt(
                snapshot_id=snapshot.snapshot_id,
                rows_added=int(property_of(snapshot, "tributary.rows-added")),
                rows_removed=int(property_of(snapshot, "tributary.rows-removed")),
                files=int(property_of(snapshot, "tributary.files")),
            )
    return None
