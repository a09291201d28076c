"""What a table says about itself."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from connectors.lake.inspect import TableSummary, live_files
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import FLOW, SCHEMA, day, publish


def test_an_empty_table_says_so(table: LakeTable) -> None:
    assert table.summary() == TableSummary(rows=0, size=0, files=0, first_day=None, last_day=None, snapshots=0)
    assert table.days() == {}
    assert table.snapshots() == []
    assert table.preview() == (SCHEMA.names, [])


def test_the_summary_counts_the_current_state_without_opening_a_data_file(table: LakeTable) -> None:
    publish(table, {day(1): 2, day(3): 4}, token="one")
    publish(table, {day(3): 1, day(5): 2}, token="two")
    paths = [file.file_path for file in live_files(table.load())]
    size = sum(os.path.getsize(path) for path in paths)
    for path in paths:
        Path(path).unlink()
    found = table.summary()
    changed = table.snapshots()[0].at
    assert found == TableSummary(5, size, files=3, first_day=day(1), last_day=day(5), snapshots=2, changed_at=changed)
    assert list(table.days().items()) == [(day(1), 2), (day(3), 1), (day(5), 2)]
    assert table.days("nobody") == {}


def test_a_day_that_was_emptied_is_no_longer_first_or_last(table: LakeTable) -> None:
    publish(table, {day(1): 2, day(3): 4, day(9): 1}, token="one")
    table.publish(FLOW, [day(1), day(9)], [], token="two", still_mine=lambda: True)
    assert (table.summary().first_day, table.summary().last_day) == (day(3), day(3))


def test_snapshots_tell_what_each_commit_did_newest_first(table: LakeTable) -> None:
    publish(table, {day(1): 2, day(2): 3}, token="one")
    publish(table, {day(2): 7}, token="two")
    newest, oldest = table.snapshots()
    assert (newest.token, newest.rows_added, newest.rows_removed, newest.total_rows) == ("two", 7, 3, 9)
    assert (oldest.token, oldest.rows_added, oldest.rows_removed, oldest.total_rows) == ("one", 5, 0, 5)
    assert newest.operation == "overwrite"
    assert abs(datetime.now(UTC) - newest.at) < timedelta(minutes=1)


def test_the_preview_shows_latest_rows_without_partition_columns(table: LakeTable) -> None:
    publish(table, {day(1): 5}, token="old")
    publish(table, {day(2): 3}, token="new")
    columns, rows = table.preview(4)
    assert columns == SCHEMA.names
    assert [row["_id"] for row in rows] == ["new-0", "new-1", "new-2", "old-0"]
    assert set(rows[0]) == set(columns)
    assert rows[1]["web"] == {"url": "/1", "page": {"views": 1}}


def test_the_preview_opens_no_more_files_than_it_needs(table: LakeTable) -> None:
    publish(table, {day(1): 5}, token="old")
    (old,) = [file.file_path for file in live_files(table.load())]
    publish(table, {day(2): 3}, token="new")
    Path(old).unlink()
    assert len(table.preview(3)[1]) == 3


def test_a_table_tells_where_it_lies(table: LakeTable, tmp_path: Path) -> None:
    assert table.folder == f"{tmp_path}/lake/tributary/ds_1"
    assert table.metadata_location.startswith(f"{table.folder}/metadata/")
    assert os.path.exists(table.metadata_location)
