"""One dataset in the lake."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa
from pyiceberg.table import Table

from connectors.lake import evolution, inspect
from connectors.lake.expiry import expire
from connectors.lake.failures import lake_failures
from connectors.lake.history import effective, roll_back
from connectors.lake.inspect import DayContent, SnapshotInfo, TableFile, TableSummary
from connectors.lake.orphans import delete_orphans
from connectors.lake.parts import PartFile
from connectors.lake.publish import Publication, Receipt, publish

PIECE = 1 << 20


class LakeTable:
    """A handle on a table, which holds no state: every call sees the table as it is at that moment.

    Methods raise LakeUnavailable when the store or the catalog's database does not answer.
    """

    def __init__(self, name: str, load: Callable[[], Table]) -> None:
        self.name = name
        self._load = load

    def load(self) -> Table:
        """The table as pyiceberg knows it, freshly read."""
        with lake_failures():
            return self._load()

    @property
    def schema(self) -> pa.Schema:
        """The dataset's own columns as Arrow types, without the partition columns."""
        return evolution.columns_of(self.load())

    def evolve(self, wanted: pa.Schema) -> list[str]:
        """Adds the columns of ``wanted`` that the table lacks, nested ones too; their dotted names.

        Rows that are there read null in them. Doing it again changes nothing.
        Raises SchemaDiffers, LakeConflict, LakeUnavailable, StorageFull.
        """
        with lake_failures():
            return evolution.evolve(self._load, wanted)

    def rebuild(self, wanted: pa.Schema) -> list[str]:
        """Gives a table that never held data exactly these columns; the names of those that went or came.

        Raises LakeConflict when there is data by now; LakeUnavailable, StorageFull.
        """
        with lake_failures():
            return evolution.rebuild(self._load, wanted)

    @property
    def folder(self) -> str:
        """Where the table lies: an absolute path or an URL."""
        return self.load().location()

    @property
    def metadata_location(self) -> str:
        """The file that describes the current state; engines without a catalog open this one."""
        return self.load().metadata_location

    def publish(
        self,
        dataflow: str,
        days: Sequence[date],
        files: Iterable[PartFile],
        *,
        token: str,
        still_mine: Callable[[], bool],
        predecessors: Iterable[str] = (),
    ) -> Receipt:
        """Replaces ``days`` of ``dataflow`` by ``files`` in one commit; days without a file become empty.

        What the ``predecessors`` have of these days goes with it: dataflows that wrote the same events and are gone.
        Doing it again, with the same token or with the same files, changes nothing.
        Raises LeaseLost, LakeConflict, LakeUnavailable, StorageFull; ValueError if a file is of no day given.
        """
        return publish(
            self.load, Publication(dataflow, frozenset(days), tuple(files), token, frozenset(predecessors)), still_mine
        )

    def summary(self) -> TableSummary:
        with lake_failures():
            return inspect.summary(self._load())

    def days(self, dataflow: str | None = None) -> dict[date, int]:
        """Rows by day, of one dataflow or of all, oldest first."""
        with lake_failures():
            return inspect.days(self._load(), dataflow)

    def snapshots(self) -> list[SnapshotInfo]:
        """Newest first."""
        with lake_failures():
            return inspect.snapshots(self._load())

    def files(self) -> list[TableFile]:
        """The data files of the current state, newest day first."""
        with lake_failures():
            return inspect.table_files(self._load())

    def read_file(self, file: TableFile, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes of a data file in pieces, from ``first`` to ``last`` (inclusive), or to its end."""
        with lake_failures(), self._load().io.new_input(file.path).open() as stream:
            stream.seek(first)
            left = (file.size if last is None else last + 1) - first
            while left > 0 and (piece := stream.read(min(PIECE, left))):
                left -= len(piece)
                yield piece

    def current_snapshot(self) -> SnapshotInfo | None:
        """None before the first publication."""
        with lake_failures():
            found = self._load().current_snapshot()
        return inspect.info_of(found) if found else None

    def history(self, snapshot_id: int) -> list[SnapshotInfo]:
        """The snapshots whose work is part of this one, newest first. Raises UnknownSnapshot."""
        with lake_failures():
            table = self._load()
            return [inspect.info_of(each) for each in effective(table, inspect.snapshot_of(table, snapshot_id))]

    def contents(self, snapshot_id: int) -> dict[tuple[str, date], DayContent]:
        """What a snapshot holds, by dataflow and day. Raises UnknownSnapshot."""
        with lake_failures():
            table = self._load()
            return inspect.contents(table, inspect.snapshot_of(table, snapshot_id))

    def roll_back(self, to: int, *, seen: int, by: str) -> int:
        """Makes the table hold what it held at snapshot ``to``, if ``seen`` is still current; the new snapshot.

        ``by`` is kept with the commit. Raises UnknownSnapshot, LakeConflict, LakeUnavailable, StorageFull.
        """
        with lake_failures():
            return roll_back(self._load, to, seen=seen, by=by)

    def expire(self, *, older_than: datetime, keep: int) -> int:
        """Forgets old snapshots, except the newest ``keep``; how many. Raises LakeConflict, LakeUnavailable."""
        with lake_failures():
            return expire(self._load, older_than=older_than, keep=keep)

    def delete_orphans(self, *, older_than: datetime) -> int:
        """Deletes old files that nothing refers to; how many. Raises LakeUnavailable."""
        with lake_failures():
            return delete_orphans(self._load(), older_than=older_than)

    def preview(self, limit: int = 100) -> tuple[list[str], list[dict[str, Any]]]:
        """Column names, and up to ``limit`` rows of the latest days."""
        with lake_failures():
            return inspect.preview(self._load(), limit)
