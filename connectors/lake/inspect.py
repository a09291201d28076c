"""What a table holds now: rows, days, snapshots, a few rows to look at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan
from pyiceberg.manifest import DataFile, ManifestContent
from pyiceberg.table import FileScanTask, Table
from pyiceberg.table.snapshots import Snapshot

from connectors.lake.parts import EPOCH, token_of

PARTITION_COLUMNS = ("_dataflow", "_day")
ROLLED_BACK_TO = "tributary.rolled-back-to"
ROLLED_BACK_BY = "tributary.rolled-back-by"


class UnknownSnapshot(LookupError):
    """The table has no such snapshot, or no longer."""


@dataclass(frozen=True)
class TableSummary:
    """Totals of the current state. ``size`` in bytes of data files; the days are None for an empty table.

    ``changed_at``: when the last commit made this state, None before the first.
    """

    rows: int
    size: int
    files: int
    first_day: date | None
    last_day: date | None
    snapshots: int
    changed_at: datetime | None = None


@dataclass(frozen=True)
class SnapshotInfo:
    """One commit. ``token`` and ``dataflow`` are "" for a commit that was not a publication of ours.

    ``rolled_back_to`` is the snapshot whose state a roll back restored, ``by`` who did so.
    """

    id: int
    at: datetime
    operation: str
    rows_added: int
    rows_removed: int
    total_rows: int
    token: str
    dataflow: str = ""
    rolled_back_to: int | None = None
    by: str = ""


@dataclass(frozen=True)
class DayContent:
    """What one day of one dataflow holds. ``tokens`` are those its files were written under."""

    rows: int
    tokens: frozenset[str]


@dataclass(frozen=True)
class TableFile:
    """A data file of the current state; ``name`` is unique in the table, ``token`` that of the worker's attempt."""

    name: str
    path: str
    size: int
    rows: int
    day: date
    dataflow: str
    token: str


def summary(table: Table) -> TableSummary:
    """Read from metadata alone; no data file is opened."""
    files = list(live_files(table))
    found = [_day(file) for file in files]
    return TableSummary(
        rows=sum(file.record_count for file in files),
        size=sum(file.file_size_in_bytes for file in files),
        files=len(files),
        first_day=min(found, default=None),
        last_day=max(found, default=None),
        snapshots=len(table.metadata.snapshots),
        changed_at=info_of(current).at if (current := table.current_snapshot()) else None,
    )


def days(table: Table, dataflow: str | None = None) -> dict[date, int]:
    """Rows by day, of one dataflow or of all, oldest day first; days without rows are absent."""
    counts: Counter[date] = Counter()
    for file in live_files(table):
        if dataflow is None or file.partition[0] == dataflow:
            counts[_day(file)] += file.record_count
    return dict(sorted(counts.items()))


def snapshots(table: Table) -> list[SnapshotInfo]:
    """Every snapshot the table still knows, newest first."""
    newest_first = sorted(table.metadata.snapshots, key=lambda snapshot: snapshot.sequence_number or 0, reverse=True)
    return [info_of(snapshot) for snapshot in newest_first]


def contents(table: Table, snapshot: Snapshot | None) -> dict[tuple[str, date], DayContent]:
    """What a snapshot holds by dataflow and day, from metadata alone; days without rows are absent."""
    found: dict[tuple[str, date], DayContent] = {}
    for file in files_by_path(table, snapshot).values():
        before = found.get(key := (file.partition[0], _day(file)), DayContent(0, frozenset()))
        found[key] = DayContent(before.rows + file.record_count, before.tokens | {token_of(file.file_path)})
    return found


def snapshot_of(table: Table, snapshot_id: int) -> Snapshot:
    """Raises UnknownSnapshot."""
    if (found := table.metadata.snapshot_by_id(snapshot_id)) is None:
        raise UnknownSnapshot(f"The dataset has no snapshot {snapshot_id}.")
    return found


def property_of(snapshot: Snapshot, name: str) -> str:
    """A property of the snapshot's summary; "" if it has none of that name."""
    found = snapshot.summary.additional_properties.get(name) if snapshot.summary else None
    return found or ""


def preview(table: Table, limit: int) -> tuple[list[str], list[dict[str, Any]]]:
    """Column names and up to ``limit`` rows of the latest days, without the partition columns."""
    columns = [field.name for field in table.schema().fields if field.name not in PARTITION_COLUMNS]
    tasks = _latest_tasks(table, limit)
    projected = table.schema().select(*columns)
    scan = ArrowScan(table.metadata, table.io, projected, AlwaysTrue(), limit=limit)
    return columns, scan.to_table(tasks).to_pylist() if tasks else []


def live_files(table: Table) -> Iterator[DataFile]:
    """The data files of the current snapshot."""
    yield from files_by_path(table, table.current_snapshot()).values()


def table_files(table: Table) -> list[TableFile]:
    """The data files of the current state, newest day first."""
    found = [
        TableFile(
            name=file.file_path.rpartition("/")[2],
            path=file.file_path,
            size=file.file_size_in_bytes,
            rows=file.record_count,
            day=_day(file),
            dataflow=str(file.partition[0]),
            token=token_of(file.file_path),
        )
        for file in live_files(table)
    ]
    return sorted(found, key=lambda file: (file.day, file.name), reverse=True)


def files_by_path(table: Table, snapshot: Snapshot | None) -> dict[str, DataFile]:
    """The data files of a snapshot; none before the first one."""
    manifests = snapshot.manifests(table.io) if snapshot else []
    entries = (
        entry
        for manifest in manifests
        if manifest.content == ManifestContent.DATA
        for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    )
    return {entry.data_file.file_path: entry.data_file for entry in entries}


def _latest_tasks(table: Table, limit: int) -> list[FileScanTask]:
    tasks: list[FileScanTask] = []
    rows = 0
    for file in sorted(live_files(table), key=lambda file: (-file.partition[1], file.file_path)):
        if rows >= limit:
            break
        tasks.append(FileScanTask(file))
        rows += file.record_count
    return tasks


def info_of(snapshot: Snapshot) -> SnapshotInfo:
    target = property_of(snapshot, ROLLED_BACK_TO)
    return SnapshotInfo(
        id=snapshot.snapshot_id,
        at=datetime.fromtimestamp(snapshot.timestamp_ms / 1000, UTC),
        operation=snapshot.summary.operation.value if snapshot.summary else "",
        rows_added=int(property_of(snapshot, "added-records") or 0),
        rows_removed=int(property_of(snapshot, "deleted-records") or 0),
        total_rows=int(property_of(snapshot, "total-records") or 0),
        token=property_of(snapshot, "tributary.token"),
        dataflow=property_of(snapshot, "tributary.dataflow"),
        rolled_back_to=int(target) if target else None,
        by=property_of(snapshot, ROLLED_BACK_BY),
    )


def _day(file: DataFile) -> date:
    return EPOCH + timedelta(days=file.partition[1])
