"""A dataset is deleted whole, by somebody who wrote its name, and never under a dataflow."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pytest

from connectors.lake import PartWriter
from dataflows import stores
from dataflows.models import Dataset, Remnant, Schema
from tests.dataflows.factories import make_dataset, make_flow

DAY = date(2026, 3, 1)


@pytest.fixture
def dataset(db):
    """Two rows of a dataflow that is gone."""
    dataset = make_dataset(name="Shop events")
    table = stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
    writer = PartWriter(table, "gone", DAY, token="window-1")
    noon = datetime(2026, 3, 1, 12, tzinfo=UTC)
    rows = [{"_id": str(number), "timestamp": noon, "eventType": "Order placed"} for number in range(2)]
    writer.write(pa.RecordBatch.from_pylist(rows, schema=table.schema))
    table.publish("gone", [DAY], writer.close(), token="window-1", still_mine=lambda: True)
    Remnant.objects.create(dataset=dataset, partition="gone", name="Gone", region="eu", project_id="1")
    return dataset


def address(dataset):
    return f"/datasets/{dataset.pk}/delete/"


def test_shows_what_goes_with_it(browse, analyst, dataset):
    html = browse(analyst).get(address(dataset)).content.decode()
    assert "2 rows" in html
    assert "2026-03-01 – 2026-03-01" in html
    assert Dataset.objects.exists()


def test_goes_with_its_table_its_files_and_its_remnants(browse, analyst, dataset):
    folder = Path(stores.lake().open(dataset.table).folder)
    assert list(folder.rglob("*.parquet"))
    answer = browse(analyst).post(address(dataset), {"name": "Shop events"}, follow=True)
    assert "“Shop events” and its data were deleted." in answer.content.decode()
    assert answer.redirect_chain == [("/datasets/", 302)]
    assert not folder.exists()
    assert not stores.lake().exists(dataset.table)
    assert not Remnant.objects.exists()
    assert Schema.objects.filter(pk=dataset.schema_id).exists()


@pytest.mark.parametrize(("name", "words"), [("", "Write the name"), ("Shop event", "not the name of this dataset")])
def test_stays_without_its_name(browse, analyst, dataset, name, words):
    assert words in browse(analyst).post(address(dataset), {"name": name}).content.decode()
    assert stores.lake().open(dataset.table).summary().rows == 2


@pytest.mark.parametrize("status", ["enabled", "draft"])
def test_stays_while_a_dataflow_writes_into_it(browse, analyst, dataset, status):
    make_flow(name="Writer", dataset=dataset, status=status)
    for html in (
        browse(analyst).get(address(dataset)).content.decode(),
        browse(analyst).post(address(dataset), {"name": "Shop events"}).content.decode(),
    ):
        assert "Dataflows write into this dataset." in html
        assert "Writer" in html
    assert stores.lake().open(dataset.table).summary().rows == 2


def test_stays_when_the_lake_is_away(browse, analyst, dataset, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
    stores.lake.cache_clear()
    for html in (
        browse(analyst).get(address(dataset)).content.decode(),
        browse(analyst).post(address(dataset), {"name": "Shop events"}).content.decode(),
    ):
        assert "The lake cannot be reached." in html
        assert "Delete the dataset" not in html
    assert Dataset.objects.exists()


def test_is_offered_to_those_who_may(browse, viewer, analyst, dataset):
    assert address(dataset) in browse(analyst).get(dataset.get_absolute_url()).content.decode()
    assert address(dataset) not in browse(viewer).get(dataset.get_absolute_url()).content.decode()
    assert browse(viewer).post(address(dataset), {"name": "Shop events"}).status_code == 403
    assert Dataset.objects.exists()


def test_a_new_one_never_gets_the_table_of_an_old_one(browse, analyst, dataset):
    schema, table = dataset.schema, dataset.table
    browse(analyst).post(address(dataset), {"name": "Shop events"})
    assert make_dataset(name="Shop events", schema=schema).table != table
