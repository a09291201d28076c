"""Lakes and their tables: made once, found again, dropped whole."""

from __future__ import annotations

import os
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.errors import LakeUnavailable
from connectors.lake.catalog import Lake, UnknownTable, database_url
from connectors.lake.columns import SchemaDiffers
from connectors.lake.location import parse_warehouse
from tests.connectors.lake.events import SCHEMA, day, ids, parts, publish
from tests.connectors.lake.processes import create_table, run_together


class TestCreating:
    def test_a_table_is_partitioned_by_dataflow_and_day_in_front_of_its_columns(self, lake: Lake) -> None:
        made = lake.create("ds_1", SCHEMA).load()
        assert made.schema().column_names[:3] == ["_dataflow", "_day", "_id"]
        assert [(field.name, str(field.transform)) for field in made.spec().fields] == [
            ("_dataflow", "identity"),
            ("_day", "identity"),
        ]
        assert made.metadata.format_version == 2
        assert [str(made.schema().find_type(name)) for name in ("_dataflow", "_day", "timestamp")] == [
            "string",
            "date",
            "timestamptz",
        ]

    def test_creating_again_with_equal_columns_returns_the_same_table(self, lake: Lake) -> None:
        first = lake.create("ds_1", SCHEMA)
        publish(first, {day(1): 3})
        again = lake.create("ds_1", SCHEMA)
        assert again.load().metadata.table_uuid == first.load().metadata.table_uuid
        assert again.summary().rows == 3

    def test_creating_again_with_other_columns_is_refused(self, lake: Lake) -> None:
        lake.create("ds_1", SCHEMA)
        with pytest.raises(SchemaDiffers):
            lake.create("ds_1", SCHEMA.append(pa.field("more", pa.string())))

    def test_the_partition_columns_belong_to_the_lake(self, lake: Lake) -> None:
        with pytest.raises(ValueError, match="_day"):
            lake.create("ds_1", pa.schema([("_day", pa.date32())]))

    def test_its_schema_is_the_datasets_own_columns(self, lake: Lake) -> None:
        assert lake.create("ds_1", SCHEMA).schema.names == SCHEMA.names

    @pytest.mark.parametrize("name", ["", "../x", "a.b", "A", "1a", "a b", "a" * 129])
    def test_a_name_that_is_no_slug_is_refused(self, lake: Lake, name: str) -> None:
        with pytest.raises(ValueError, match="Not a table name"):
            lake.create(name, SCHEMA)

    @pytest.mark.worker
    def test_three_processes_may_create_catalog_and_table_at_the_same_moment(self, lake_urls: tuple[str, str]) -> None:
        assert run_together(create_table, *[(lake_urls,)] * 3) == [0, 0, 0]
        lake = Lake(*lake_urls)
        assert publish(lake.open("ds_1"), {day(1): 2}).rows_added == 2
        lake.close()


class TestOpeningAndDropping:
    def test_a_table_is_found_by_another_lake_object(self, tmp_path: Path, lake: Lake) -> None:
        publish(lake.create("ds_1", SCHEMA), {day(1): 3})
        other = Lake(f"sqlite:///{tmp_path}/catalog.db", f"file://{tmp_path}/lake")
        assert other.open("ds_1").summary().rows == 3
        other.close()

    def test_an_unknown_table_is_said_to_be_unknown(self, lake: Lake) -> None:
        assert not lake.exists("ds_9")
        with pytest.raises(UnknownTable, match="ds_9"):
            lake.open("ds_9")

    def test_dropping_removes_every_file_and_may_be_repeated(self, lake: Lake) -> None:
        table = lake.create("ds_1", SCHEMA)
        publish(table, {day(1): 3})
        parts(table, day(2), 2, token="orphan")
        other = lake.create("ds_10", SCHEMA)
        publish(other, {day(1): 1})
        folder = table.folder
        lake.drop("ds_1")
        lake.drop("ds_1")
        assert not lake.exists("ds_1")
        assert not os.path.exists(folder)
        assert ids(other) == ["t-0"]

    def test_a_dropped_name_can_be_used_again(self, lake: Lake) -> None:
        publish(lake.create("ds_1", SCHEMA), {day(1): 3})
        lake.drop("ds_1")
        assert lake.create("ds_1", SCHEMA).summary().rows == 0

    def test_a_handle_on_a_dropped_table_says_so(self, lake: Lake) -> None:
        table = lake.create("ds_1", SCHEMA)
        lake.drop("ds_1")
        with pytest.raises(UnknownTable):
            table.summary()


class TestManyTablesAtOnce:
    def test_each_current_state_sums_up_as_its_table_does(self, lake_urls: tuple[str, str]) -> None:
        lake = Lake(*lake_urls)
        for number in (1, 2, 3):
            publish(lake.create(f"ds_{number}", SCHEMA), {day(number): number})
        states = lake.states(["ds_1", "ds_3", "ds_9"])
        assert set(states) == {"ds_1", "ds_3"}
        for name, state in states.items():
            assert lake.summary_of(state) == lake.open(name).summary()
        lake.close()

    def test_a_publication_makes_another_state(self, lake: Lake) -> None:
        table = lake.create("ds_1", SCHEMA)
        empty = lake.states(["ds_1"])["ds_1"]
        assert lake.summary_of(empty).rows == 0
        publish(table, {day(1): 3})
        full = lake.states(["ds_1"])["ds_1"]
        assert (lake.summary_of(full).rows, lake.summary_of(empty).rows) == (3, 0)


class TestReaching:
    def test_a_catalog_that_does_not_answer_is_unavailable_and_keeps_its_password(self, tmp_path: Path) -> None:
        lake = Lake("postgresql://someone:hunter2@127.0.0.1:1/none", str(tmp_path))
        with pytest.raises(LakeUnavailable) as caught:
            lake.exists("ds_1")
        assert "hunter2" not in caught.value.detail
        assert "hunter2" not in repr(caught.value.__cause__)

    def test_a_warehouse_that_cannot_be_written_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "lake").write_text("not a folder")
        lake = Lake(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "lake"))
        with pytest.raises(LakeUnavailable):
            lake.create("ds_1", SCHEMA)
        lake.close()

    def test_postgresql_urls_get_the_installed_driver_and_a_time_limit(self) -> None:
        for scheme in ("postgresql", "postgres", "postgresql+psycopg"):
            url = database_url(f"{scheme}://u:p@host/db?sslmode=require")
            assert url.render_as_string(hide_password=False).startswith("postgresql+psycopg://u:p@host/db?")
            assert dict(url.query) == {"connect_timeout": "10", "sslmode": "require"}

    def test_sqlite_waits_for_a_lock_unless_told_how_long(self) -> None:
        assert dict(database_url("sqlite:////x/c.db").query) == {"timeout": "20"}
        assert dict(database_url("sqlite:////x/c.db?timeout=3").query) == {"timeout": "3"}

    def test_another_database_is_refused(self) -> None:
        with pytest.raises(ValueError, match="mysql"):
            database_url("mysql://host/db")


class TestLocation:
    def test_a_folder_stays_a_plain_path(self, tmp_path: Path) -> None:
        assert parse_warehouse(f"file://{tmp_path}/a%20b").location == f"{tmp_path}/a b"
        assert parse_warehouse(str(tmp_path)).location == str(tmp_path)

    def test_a_bucket_keeps_its_options_and_credentials_out_of_the_location(self) -> None:
        url = "s3://key:se%2Fcret@bucket/a/b/?region=eu-west-1&endpoint_override=minio:9000&scheme=http"
        found = parse_warehouse(url)
        assert found.location == "s3://bucket/a/b"
        assert dict(found.properties) == {
            "s3.region": "eu-west-1",
            "s3.endpoint": "http://minio:9000",
            "s3.access-key-id": "key",
            "s3.secret-access-key": "se/cret",
        }
        assert "cret" not in repr(found)

    def test_a_store_of_ones_own_needs_no_region(self) -> None:
        found = parse_warehouse("s3://bucket?endpoint_override=minio:9000")
        assert (found.location, found.properties["s3.region"]) == ("s3://bucket", "us-east-1")

    @pytest.mark.parametrize(
        ("url", "reason"), [("hdfs://host/x", "hdfs"), ("s3:///x", "bucket"), ("s3://bucket/x?regoin=eu", "regoin")]
    )
    def test_other_urls_are_refused(self, url: str, reason: str) -> None:
        with pytest.raises(ValueError, match=reason):
            parse_warehouse(url)
