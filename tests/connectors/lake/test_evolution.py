"""A table gets new columns while it is used: nothing that is there changes, nothing that goes on fails."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.table import StaticTable

from connectors.errors import LakeConflict
from connectors.lake import Lake, LakeTable, PartWriter, SchemaDiffers, evolution
from tests.connectors.lake.events import FLOW, SCHEMA, day, parts, publish

# The same with one more column, one more field in a struct in a struct, in a list of structs, and a new struct.
GROWN = pa.schema(
    [
        *(field for field in SCHEMA if field.name not in ("web", "products")),
        (
            "web",
            pa.struct(
                [("url", pa.string()), ("page", pa.struct([("views", pa.int64()), ("title", pa.string())]))],
            ),
        ),
        ("products", pa.list_(pa.struct([("sku", pa.string()), ("price", pa.float64()), ("size", pa.string())]))),
        ("plan", pa.string()),
        ("cart", pa.struct([("total", pa.float64()), ("items", pa.list_(pa.string()))])),
        ("more", pa.map_(pa.string(), pa.list_(pa.struct([("id", pa.string())])))),
    ]
)
NEW = ["web.page.title", "products[].size", "plan", "cart", "more"]


@pytest.fixture(params=["folder", "object store"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lake]:
    place = tmp_path / "lake" if request.param == "folder" else request.getfixturevalue("object_store").bucket()
    lake = Lake(f"sqlite:///{tmp_path}/catalog.db", str(place))
    yield lake
    lake.close()


@pytest.fixture
def table(lake: Lake) -> LakeTable:
    return lake.create("ds_1", SCHEMA)


def grown_rows(table: LakeTable, token: str, count: int = 1) -> None:
    row = {
        "_id": f"{token}-new",
        "plan": "paid",
        "web": {"url": "/", "page": {"views": 1, "title": "Home"}},
        "products": [{"sku": "s", "price": 2.0, "size": "L"}],
        "cart": {"total": 9.5, "items": ["a"]},
        "more": [("k", [{"id": "x"}])],
    }
    with PartWriter(table, FLOW, day(3), token=token) as writer:
        writer.write(pa.RecordBatch.from_pylist([row] * count, schema=GROWN))
        files = writer.close()
    table.publish(FLOW, [day(3)], files, token=token, still_mine=lambda: True)


def rows(table: LakeTable) -> list[dict[str, Any]]:
    return sorted(table.load().scan().to_arrow().to_pylist(), key=lambda row: row["_id"])


def test_new_columns_are_added_once_and_old_rows_read_null(table: LakeTable) -> None:
    publish(table, {day(1): 4})
    assert table.evolve(GROWN) == NEW
    assert table.evolve(GROWN) == []
    for row in rows(table):
        assert (row["plan"], row["cart"], row["more"]) == (None, None, [] if row["more"] == [] else None)
        assert row["web"] is None or row["web"]["page"] is None or row["web"]["page"]["title"] is None
        assert row["products"][0]["size"] is None
        assert row["products"][0]["price"] == 1.5
    grown_rows(table, "n")
    newest = next(row for row in rows(table) if row["_id"] == "n-new")
    assert newest["plan"] == "paid"
    assert newest["web"]["page"]["title"] == "Home"
    assert newest["products"][0]["size"] == "L"
    assert newest["cart"] == {"total": 9.5, "items": ["a"]}


def test_columns_that_are_not_wanted_stay(table: LakeTable) -> None:
    table.evolve(GROWN)
    assert table.evolve(SCHEMA) == []
    assert "plan" in table.schema.names


def test_a_file_written_before_is_published_after(table: LakeTable) -> None:
    files = parts(table, day(1), 5)
    table.evolve(GROWN)
    receipt = table.publish(FLOW, [day(1)], files, token="t", still_mine=lambda: True)
    assert receipt.rows_added == 5
    assert [row["plan"] for row in rows(table)] == [None] * 5


def test_a_writer_that_knows_the_old_columns_only_writes_nulls(table: LakeTable) -> None:
    table.evolve(GROWN)
    publish(table, {day(1): 6})
    assert len(rows(table)) == 6
    assert {row["plan"] for row in rows(table)} == {None}
    assert rows(table)[1]["web"] == {"url": "/1", "page": {"views": 1, "title": None}}


@pytest.mark.parametrize("field", ["more", "web"])
def test_a_writer_with_a_column_that_the_table_lacks_is_refused(table: LakeTable, field: str) -> None:
    batch = pa.RecordBatch.from_pylist([{"_id": "1"}], schema=pa.schema([GROWN.field("_id"), GROWN.field(field)]))
    with pytest.raises(ValueError, match=field), PartWriter(table, FLOW, day(1), token="t") as writer:
        writer.write(batch)


def test_another_type_is_refused_and_nothing_is_changed(table: LakeTable) -> None:
    before = table.metadata_location
    with pytest.raises(SchemaDiffers, match="amount"):
        table.evolve(pa.schema([("amount", pa.string()), ("plan", pa.string())]))
    assert table.metadata_location == before


def test_rolling_back_to_before_and_to_after(table: LakeTable) -> None:
    publish(table, {day(1): 2}, token="one")
    table.evolve(GROWN)
    grown_rows(table, "two")
    old, new = table.snapshots()[-1].id, table.snapshots()[0].id
    back = table.roll_back(old, seen=new, by="ada")
    assert [row["plan"] for row in rows(table)] == [None, None]
    assert len(table.preview(10)[1]) == 2
    table.roll_back(new, seen=back, by="ada")
    assert [row["plan"] for row in rows(table)] == [None, None, "paid"]


def test_an_old_snapshot_is_still_read_as_it_was(table: LakeTable) -> None:
    publish(table, {day(1): 2}, token="one")
    old = table.snapshots()[0].id
    table.evolve(GROWN)
    grown_rows(table, "two")
    found = table.load().scan(snapshot_id=old).to_arrow()
    assert found.num_rows == 2
    assert "plan" not in found.column_names


def test_an_evolved_table_is_created_again_with_either_schema(lake: Lake, table: LakeTable) -> None:
    table.evolve(GROWN)
    assert lake.create("ds_1", GROWN).schema.names == lake.create("ds_1", SCHEMA).schema.names


def test_a_reader_without_a_catalog_sees_both(table: LakeTable) -> None:
    publish(table, {day(1): 2})
    table.evolve(GROWN)
    grown_rows(table, "two")
    found = StaticTable.from_metadata(table.metadata_location, table.load().io.properties).scan().to_arrow()
    assert sorted(found.column("plan").to_pylist(), key=str) == [None, None, "paid"]


class TestRebuilding:
    OTHER = pa.schema([("_id", pa.int64()), ("web", pa.struct([("url", pa.float64())])), ("plan", pa.string())])

    def test_an_empty_table_gets_exactly_the_columns_that_are_wanted(self, table: LakeTable) -> None:
        assert table.rebuild(self.OTHER)
        assert sorted(table.schema.names) == ["_id", "plan", "web"]
        assert table.schema.field("_id").type == pa.int64()
        with PartWriter(table, FLOW, day(1), token="t") as writer:
            writer.write(pa.RecordBatch.from_pylist([{"_id": 1, "plan": "x"}], schema=self.OTHER))
            files = writer.close()
        table.publish(FLOW, [day(1)], files, token="t", still_mine=lambda: True)
        assert rows(table)[0]["plan"] == "x"

    def test_doing_it_again_changes_nothing(self, table: LakeTable) -> None:
        table.rebuild(self.OTHER)
        before = table.metadata_location
        assert table.rebuild(self.OTHER) == []
        assert table.metadata_location == before

    def test_a_table_with_data_is_never_rebuilt(self, table: LakeTable) -> None:
        publish(table, {day(1): 1})
        with pytest.raises(LakeConflict):
            table.rebuild(self.OTHER)

    def test_whoever_publishes_meanwhile_wins(self, table: LakeTable) -> None:
        files = parts(table, day(1), 1)
        stale = table.load()
        table.publish(FLOW, [day(1)], files, token="t", still_mine=lambda: True)
        states = iter([stale])
        with pytest.raises(LakeConflict):
            evolution.rebuild(lambda: next(states, None) or table.load(), self.OTHER)
        assert "amount" in table.schema.names


def test_two_who_add_the_same_column_at_once_add_it_once(table: LakeTable) -> None:
    stale = table.load()
    table.evolve(GROWN)
    states = iter([stale])
    assert evolution.evolve(lambda: next(states, None) or table.load(), GROWN) == []
