"""A lake in a bucket behaves as one in a folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyarrow import fs

from connectors.errors import LakeUnavailable
from connectors.lake.catalog import Lake
from connectors.lake.hint import NAME
from connectors.lake.parts import PartWriter
from connectors.lake.table import LakeTable
from connectors.object_store import bucket_of
from tests.connectors.lake.events import FLOW, SCHEMA, day, events, parts, publish
from tests.object_store import ObjectStore


@pytest.fixture
def url(object_store: ObjectStore) -> str:
    return object_store.bucket()


@pytest.fixture
def lake(url: str, tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(f"sqlite:///{tmp_path}/catalog.db", url)
    yield lake
    lake.close()


@pytest.fixture
def table(lake: Lake) -> LakeTable:
    return lake.create("ds_1", SCHEMA)


def objects(url: str) -> dict[str, bytes]:
    """Everything in the bucket."""
    bucket = bucket_of(url)
    store = bucket.open()
    found = store.get_file_info(fs.FileSelector(bucket.name, recursive=True))
    files = [info.path for info in found if info.type == fs.FileType.File]
    return {path: store.open_input_stream(path, compression=None).read() for path in files}


def test_days_are_replaced_in_one_commit_and_read_back(table: LakeTable) -> None:
    publish(table, {day(1): 2, day(2): 3}, token="one")
    receipt = publish(table, {day(2): 5}, token="two")
    assert (receipt.rows_added, receipt.rows_removed) == (5, 3)
    assert publish(table, {day(2): 5}, token="two") == receipt
    assert table.days() == {day(1): 2, day(2): 5}
    assert table.load().scan().to_arrow().num_rows == len(table.preview(10)[1]) == 7


def test_the_hint_names_the_current_metadata_and_nothing_is_left_beside_it(table: LakeTable, url: str) -> None:
    publish(table, {day(1): 2})
    hints = {path: content for path, content in objects(url).items() if NAME in path}
    (hint,) = hints.values()
    assert table.metadata_location == f"{table.folder}/metadata/{hint.decode()}.metadata.json"


def test_a_day_that_is_aborted_leaves_no_object(table: LakeTable, url: str) -> None:
    before = objects(url)
    writer = PartWriter(table, FLOW, day(1), token="t", file_bytes=1)
    writer.write(events(10))
    writer._flush()
    writer.write(events(10))
    writer.abort()
    assert objects(url) == before


def test_a_dropped_table_is_gone_with_all_its_objects(lake: Lake, table: LakeTable, url: str) -> None:
    publish(table, {day(1): 2})
    lake.drop("ds_1")
    assert not lake.exists("ds_1")
    assert objects(url) == {}


def test_credentials_are_written_nowhere(table: LakeTable, url: str, tmp_path: Path) -> None:
    publish(table, {day(1): 2})
    kept = [*objects(url).values(), *(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())]
    assert not [content for content in kept if re.search(rb"hush-hush", content)]


@pytest.mark.parametrize("requests", range(0, 14, 3))
def test_a_store_that_refuses_is_unavailable_and_nothing_changes(
    table: LakeTable, object_store: ObjectStore, requests: int
) -> None:
    publish(table, {day(1): 2}, token="one")
    files = parts(table, day(1), 5, token="two")
    object_store.left = requests
    try:
        with pytest.raises(LakeUnavailable):
            table.publish(FLOW, [day(1)], files, token="two", still_mine=lambda: True)
    finally:
        object_store.left = None
    assert table.days() == {day(1): 2}
    assert table.publish(FLOW, [day(1)], files, token="two", still_mine=lambda: True).rows_added == 5
    assert table.days() == {day(1): 5}
