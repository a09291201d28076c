"""Data files of one day."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from connectors.errors import LakeUnavailable
from connectors.lake.parts import ROW_GROUP_ROWS, PartWriter
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import FLOW, SCHEMA, day, events, parts


def narrow(count: int) -> pa.RecordBatch:
    """Many cheap rows: only the id is filled."""
    columns = [pa.array(map(str, range(count))), *(pa.nulls(count, field.type) for field in list(SCHEMA)[1:])]
    return pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


def files_below(table: LakeTable) -> list[Path]:
    return sorted(path for path in Path(table.folder, "data").rglob("*") if path.is_file())


def test_a_file_knows_its_rows_and_its_size_and_carries_the_token(table: LakeTable) -> None:
    (part,) = parts(table, day(1), 10, token="run7-w1-a2")
    assert (part.rows, part.day, part.dataflow) == (10, day(1), FLOW)
    assert part.size == os.path.getsize(part.path)
    assert os.path.basename(part.path).startswith("run7-w1-a2-")
    assert part.path.startswith(f"{table.folder}/data/_dataflow={FLOW}/_day=2024-01-01/")


def test_a_file_has_field_ids_zstd_and_the_partition_columns(table: LakeTable) -> None:
    (part,) = parts(table, day(2), 3)
    file = pq.ParquetFile(part.path)
    ids = {field.name: field.metadata[b"PARQUET:field_id"] for field in file.schema_arrow}
    expected = {field.name: str(field.field_id).encode() for field in table.load().schema().fields}
    assert ids == expected
    assert file.metadata.row_group(0).column(0).compression == "ZSTD"
    rows = file.read(["_dataflow", "_day"]).to_pylist()
    assert rows == [{"_dataflow": FLOW, "_day": day(2)}] * 3


def test_the_order_of_a_batchs_columns_does_not_matter(table: LakeTable) -> None:
    backwards = events(2).select(SCHEMA.names[::-1])
    with PartWriter(table, FLOW, day(1), token="t") as writer:
        writer.write(backwards)
        (part,) = writer.close()
    assert pq.read_table(part.path, columns=["_id"]).column(0).to_pylist() == ["e-0", "e-1"]


def test_other_columns_are_refused(table: LakeTable) -> None:
    writer = PartWriter(table, FLOW, day(1), token="t")
    with pytest.raises(ValueError, match="no column more"):
        writer.write(events(2).append_column("more", pa.array([1, 2])))
    assert writer.close() == []


def test_a_column_that_is_not_given_is_null(table: LakeTable) -> None:
    with PartWriter(table, FLOW, day(1), token="t") as writer:
        writer.write(events(2).select([name for name in SCHEMA.names if name != "amount"]))
        (file,) = writer.close()
    assert pq.read_table(file.path, columns=["amount"]).column("amount").to_pylist() == [None, None]


def test_a_day_without_rows_has_no_file(table: LakeTable) -> None:
    with PartWriter(table, FLOW, day(1), token="t") as writer:
        writer.write(events(0))
        assert writer.close() == []
    assert not os.path.exists(f"{table.folder}/data")


def test_small_batches_gather_into_row_groups_of_useful_size(table: LakeTable) -> None:
    with PartWriter(table, FLOW, day(1), token="t") as writer:
        for _ in range(15):
            writer.write(narrow(10_000))
        (part,) = writer.close()
    metadata = pq.read_metadata(part.path)
    groups = [metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)]
    assert groups == [70_000, 70_000, 10_000]
    assert part.rows == 150_000


def test_a_large_batch_is_split_into_row_groups(table: LakeTable) -> None:
    with PartWriter(table, FLOW, day(1), token="t") as writer:
        writer.write(narrow(300_000))
        (part,) = writer.close()
    metadata = pq.read_metadata(part.path)
    assert max(metadata.row_group(n).num_rows for n in range(metadata.num_row_groups)) <= 2 * ROW_GROUP_ROWS


def test_a_file_that_grew_enough_is_followed_by_another(table: LakeTable) -> None:
    with PartWriter(table, FLOW, day(1), token="t", file_bytes=5_000) as writer:
        for _ in range(3):
            writer.write(narrow(70_000))
        found = writer.close()
    assert [part.rows for part in found] == [70_000] * 3
    assert len({part.path for part in found}) == 3


def test_aborting_removes_finished_and_unfinished_files(table: LakeTable) -> None:
    writer = PartWriter(table, FLOW, day(1), token="t", file_bytes=5_000)
    writer.write(narrow(70_000))
    writer._file_bytes = 10**9
    writer.write(narrow(70_000))
    assert len(files_below(table)) == 2
    writer.abort()
    assert files_below(table) == []


def test_a_block_that_raises_leaves_no_file(table: LakeTable) -> None:
    def fail() -> None:
        with PartWriter(table, FLOW, day(1), token="t") as writer:
            writer.write(narrow(70_000))
            assert len(files_below(table)) == 1
            raise RuntimeError("mapping broke")

    with pytest.raises(RuntimeError, match="mapping broke"):
        fail()
    assert files_below(table) == []


def test_a_folder_that_cannot_be_written_is_a_lake_error(table: LakeTable) -> None:
    Path(table.folder, "data").write_text("in the way")
    writer = PartWriter(table, FLOW, day(1), token="t")
    writer.write(events(2))
    with pytest.raises(LakeUnavailable):
        writer.close()
    writer.abort()


@pytest.mark.parametrize(("flow", "token"), [("", "t"), (FLOW, ""), (FLOW, "../t"), (FLOW, "a/b"), (FLOW, "x" * 129)])
def test_a_token_must_fit_into_a_file_name(table: LakeTable, flow: str, token: str) -> None:
    with pytest.raises(ValueError, match="token"):
        PartWriter(table, flow, day(1), token=token)


def test_a_dataflow_with_odd_characters_stays_inside_its_folder(table: LakeTable) -> None:
    (part,) = parts(table, day(1), 1, flow="../a b=c/é")
    assert os.path.realpath(part.path).startswith(os.path.realpath(f"{table.folder}/data/_dataflow="))
    receipt = table.publish("../a b=c/é", [day(1)], [part], token="t", still_mine=lambda: True)
    assert receipt.rows_added == 1
    assert table.days("../a b=c/é") == {day(1): 1}
