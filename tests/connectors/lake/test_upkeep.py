"""Old snapshots are forgotten and files nobody needs deleted, beside whatever else goes on."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import LakeUnavailable
from connectors.lake import orphans
from connectors.lake.history import roll_back
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import day, ids, parts, publish

LATER = timedelta(seconds=1)


def expire(table: LakeTable, keep: int) -> int:
    return table.expire(older_than=datetime.now(UTC) + LATER, keep=keep)


def delete_orphans(table: LakeTable, older_than: datetime | None = None) -> int:
    return table.delete_orphans(older_than=older_than or datetime.now(UTC) + LATER)


def files(table: LakeTable) -> set[str]:
    return {str(path) for path in Path(table.folder).rglob("*") if path.is_file()}


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if every expiry were long ago."""
    monkeypatch.setattr(orphans, "SETTLES", timedelta(0))


@pytest.fixture
def busy(table: LakeTable) -> LakeTable:
    """A table whose first day was published six times."""
    for n in range(6):
        publish(table, {day(1): n + 1, day(2 + n): 1}, token=f"t{n}")
    return table


class TestExpiry:
    def test_keeps_the_newest_and_every_row(self, busy: LakeTable) -> None:
        before = ids(busy)
        assert expire(busy, keep=2) == 4
        assert [info.token for info in busy.snapshots()] == ["t5", "t4"]
        assert ids(busy) == before

    def test_keeps_what_is_young(self, busy: LakeTable) -> None:
        assert busy.expire(older_than=datetime.now(UTC) - timedelta(hours=1), keep=1) == 0
        assert len(busy.snapshots()) == 6

    def test_keeps_the_current_snapshot_whatever_it_is_told(self, busy: LakeTable) -> None:
        assert expire(busy, keep=0) == 5
        assert busy.days()[day(1)] == 6

    def test_beside_a_publication_disturbs_and_loses_nothing(self, busy: LakeTable) -> None:
        def still_mine() -> bool:
            expire(busy, keep=1)
            return True

        publish(busy, {day(9): 4}, token="late", still_mine=still_mine)
        assert busy.days()[day(9)] == 4
        assert [info.token for info in busy.snapshots()] == ["late", "t5"]

    def test_leaves_a_table_that_can_be_published_to_and_rolled_back(self, busy: LakeTable) -> None:
        expire(busy, keep=2)
        kept = busy.snapshots()[1].id
        publish(busy, {day(1): 9}, token="again")
        busy.roll_back(kept, seen=busy.snapshots()[0].id, by="ada")
        assert busy.days()[day(1)] == 5


@pytest.mark.usefixtures("settled")
class TestOrphans:
    def test_of_expired_snapshots_are_deleted_and_nothing_else(self, busy: LakeTable) -> None:
        assert delete_orphans(busy) == 0
        expire(busy, keep=2)
        before = files(busy)
        assert delete_orphans(busy) > 0
        gone = before - files(busy)
        # Five first days were replaced; the last replacement is still part of a snapshot.
        assert len([path for path in gone if path.endswith(".parquet")]) == 4
        assert len(ids(busy)) == 6 + 6
        kept = busy.snapshots()[1].id
        busy.roll_back(kept, seen=busy.snapshots()[0].id, by="ada")
        assert len(ids(busy)) == 5 + 5

    def test_of_a_killed_worker_are_deleted_once_they_are_old(self, table: LakeTable) -> None:
        publish(table, {day(1): 2}, token="one")
        (dead,) = parts(table, day(2), 3, token="dead")
        half = Path(table.folder, "metadata", "half.avro")
        half.write_text("half a manifest")
        assert delete_orphans(table, datetime.now(UTC) - timedelta(hours=24)) == 0
        long_ago = time.time() - 25 * 3600
        for path in (dead.path, half):
            os.utime(path, (long_ago, long_ago))
        assert delete_orphans(table, datetime.now(UTC) - timedelta(hours=24)) == 2
        assert not os.path.exists(dead.path)
        assert not half.exists()
        assert ids(table) == ["one-0", "one-1"]

    def test_are_none_among_the_files_of_a_publication_that_goes_on(self, table: LakeTable) -> None:
        publish(table, {day(1): 2}, token="one")

        def still_mine() -> bool:
            delete_orphans(table, datetime.now(UTC) - timedelta(hours=24))
            return True

        publish(table, {day(1): 3}, token="two", still_mine=still_mine)
        assert len(ids(table)) == 3

    def test_stay_when_a_manifest_cannot_be_read(self, busy: LakeTable) -> None:
        expire(busy, keep=2)
        for path in Path(busy.folder, "metadata").glob("*-m0.avro"):
            path.write_bytes(b"")
        before = files(busy)
        with pytest.raises(LakeUnavailable):
            delete_orphans(busy)
        assert files(busy) == before

    def test_are_found_whatever_the_dataflow_is_called(self, table: LakeTable) -> None:
        flow = "a b=c/é%"
        publish(table, {day(1): 2}, flow=flow, token="one")
        assert delete_orphans(table) == 0
        assert len(ids(table)) == 2


def test_what_was_forgotten_a_moment_ago_can_still_be_rolled_back_to(busy: LakeTable) -> None:
    seen = busy.snapshots()
    chosen, load = seen[-1].id, busy.load()
    expire(busy, keep=1)
    delete_orphans(busy)
    roll_back(lambda: load, chosen, seen=seen[0].id, by="ada")
    assert ids(busy) == ["t0-0", "t0-0"]


def test_many_snapshots_take_no_minutes(table: LakeTable) -> None:
    for n in range(60):
        publish(table, {day(1 + n % 28): 1}, token=f"t{n}")
    began = time.monotonic()
    assert delete_orphans(table) == 0
    assert expire(table, keep=10) == 50
    assert time.monotonic() - began < 5
