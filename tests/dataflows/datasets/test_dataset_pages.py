"""Datasets as the lake holds them, schemas as the database does."""

from __future__ import annotations

import re
import subprocess
import sys
from datetime import UTC, date, datetime
from html import unescape

import pyarrow as pa
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from connectors.lake import PartWriter
from dataflows import stores
from dataflows.datasets.chart import chart
from dataflows.datasets.preview import LONGEST_VALUE, flatten
from tests.dataflows.factories import make_dataset, make_day, make_flow, make_schema

DAYS = (date(2026, 3, 1), date(2026, 3, 2), date(2026, 3, 4))
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture
def dataset(db):
    """A dataset whose table holds two rows on each of three days, published by one dataflow."""
    dataset = make_dataset(name="Shop events")
    flow = make_flow(name="Shop flow", dataset=dataset)
    table = stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
    parts = [part for day in DAYS for part in _write(table, flow, day)]
    table.publish(str(flow.pk), list(DAYS), parts, token="window-1", still_mine=lambda: True)
    make_day(flow, DAYS[0], received=2, loaded=2)
    return dataset


def _write(table, flow, day):
    rows = [
        {
            "_id": f"{day}-{number}",
            "timestamp": datetime(day.year, day.month, day.day, 12, tzinfo=UTC),
            "eventType": HOSTILE if number else "Order placed",
            "_acme": {"distinct_id": f"person-{number}", "item_price": "9.90" if number else None},
        }
        for number in range(2)
    ]
    writer = PartWriter(table, str(flow.pk), day, token="window-1")
    writer.write(pa.RecordBatch.from_pylist(rows, schema=table.schema))
    return writer.close()


def page(browse, user, url):
    return browse(user).get(url).content.decode()


class TestTheList:
    def test_shows_what_the_lake_holds(self, browse, viewer, dataset):
        html = page(browse, viewer, "/datasets/")
        for text in ("Shop events", str(dataset.schema), '<td class="num">6</td>', "2026-03-01 – 2026-03-04"):
            assert text in html

    def test_filters_by_name_and_schema(self, browse, viewer, dataset):
        make_dataset(name="Other")
        assert "Other" not in page(browse, viewer, "/datasets/?q=shop")
        assert "No dataset fits the filter" in page(browse, viewer, "/datasets/?q=zzz")
        assert browse(viewer).get("/datasets/?q=%00").status_code == 200

    def test_says_that_there_is_none_yet(self, browse, viewer):
        assert "There is no dataset yet" in page(browse, viewer, "/datasets/")

    def test_stays_when_the_lake_is_away(self, browse, viewer, dataset, settings, tmp_path):
        (tmp_path / "file").write_text("in the way")
        settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
        stores.lake.cache_clear()
        html = page(browse, viewer, "/datasets/")
        assert "The lake cannot be reached." in html
        assert "Shop events" in html

    def test_asks_the_database_no_more_for_many_rows(self, browse, viewer):
        browser = browse(viewer)
        make_dataset()
        with CaptureQueriesContext(connection) as one:
            browser.get("/datasets/")
        for _ in range(24):
            make_flow()
        with CaptureQueriesContext(connection) as many:
            browser.get("/datasets/")
        assert len(many) == len(one)

    def test_is_closed_to_people_without_a_role(self, browse, stranger):
        assert browse(stranger).get("/datasets/").status_code == 403


class TestOneDataset:
    def test_shows_totals_days_snapshots_and_its_dataflows(self, browse, viewer, dataset):
        html = page(browse, viewer, dataset.get_absolute_url())
        assert "<dd>6</dd>" in html
        assert html.count("<rect") == 4, "three days with rows and one without between them"
        for text in ("Shop flow", "window-1", str(dataset.schema), stores.lake().open(dataset.table).folder):
            assert text in html

    def test_previews_rows_with_dotted_columns_and_only_columns_with_data(self, browse, viewer, dataset):
        html = page(browse, viewer, dataset.get_absolute_url())
        assert '<th scope="col">_acme.distinct_id</th>' in html
        assert '<th scope="col">_acme.item_price</th>' in html
        assert '<th scope="col">_acme.city</th>' not in html
        assert "person-1" in html

    def test_escapes_values(self, browse, viewer, dataset):
        html = page(browse, viewer, dataset.get_absolute_url())
        assert HOSTILE not in html
        assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html

    def test_shows_programs_that_really_open_it(self, browse, viewer, dataset):
        html = page(browse, viewer, dataset.get_absolute_url())
        programs = re.findall(r'id="program-\w+">(.*?)</pre>', html, re.DOTALL)
        assert len(programs) == 2
        # One process for both: importing pandas, Arrow and DuckDB is what takes the time.
        code = unescape("\n".join(programs))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert "person-1" in done.stdout or "6 rows" in done.stdout, "pandas"
        assert "2026-03-04" in done.stdout.partition("│")[2], "DuckDB"

    def test_is_shown_empty_before_the_first_publication(self, browse, viewer):
        dataset = make_dataset()
        stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
        html = page(browse, viewer, dataset.get_absolute_url())
        assert "There is nothing to preview" in html
        assert "no day has been published yet" in html
        assert "Open it elsewhere" not in html

    def test_says_that_its_table_is_gone(self, browse, viewer, db):
        html = page(browse, viewer, make_dataset().get_absolute_url())
        assert "The lake has no table for this dataset" in html

    def test_is_an_error_card_while_the_lake_is_away(self, browse, viewer, dataset, settings, tmp_path):
        (tmp_path / "file").write_text("in the way")
        settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
        stores.lake.cache_clear()
        answer = browse(viewer).get(dataset.get_absolute_url())
        assert answer.status_code == 200
        assert "The lake cannot be reached." in answer.content.decode()

    def test_is_closed_to_people_without_a_role(self, browse, stranger, dataset):
        assert browse(stranger).get(dataset.get_absolute_url()).status_code == 403


class TestAPreview:
    def test_keeps_the_order_of_the_schema_inside_structs(self):
        rows = [{"a": {"x": None, "y": 2}, "b": 1}, {"a": {"x": 1, "y": None}, "b": None}]
        found = flatten(["a", "b"], rows)
        assert found.columns == ["a.x", "a.y", "b"]
        assert found.rows == [["", "2", "1"], ["1", "", ""]]

    def test_finds_structs_that_the_first_rows_do_not_have(self):
        found = flatten(["a", "b"], [{"a": None, "b": 1}, {"a": {"x": 1}, "b": 2}])
        assert found.columns == ["a.x", "b"]

    def test_shows_zero_and_false(self):
        assert flatten(["a", "b"], [{"a": 0, "b": False}]).rows == [["0", "False"]]

    def test_shows_lists_and_cuts_what_is_too_long(self):
        found = flatten(["a", "b"], [{"a": ["é", 1], "b": "x" * 1000}])
        assert found.rows[0][0] == '["é", 1]'
        assert len(found.rows[0][1]) == LONGEST_VALUE + 1


class TestTheChart:
    def test_has_no_gaps_and_full_height_for_the_fullest_day(self):
        found = chart({date(2026, 3, 1): 10, date(2026, 3, 3): 5})
        assert found is not None
        assert [(bar.x, bar.height) for bar in found.bars] == [(0, 100), (1, 0), (2, 50)]

    def test_draws_a_year_and_says_what_it_leaves_out(self):
        found = chart({date(2020, 1, 1): 1, date(2026, 1, 1): 1})
        assert found is not None
        assert (len(found.bars), found.hidden) == (366, 1827)


@pytest.mark.django_db
class TestSchemas:
    def test_are_listed_and_filtered(self, browse, viewer):
        make_schema(title="Orders XDM")
        make_schema(title="Visits XDM")
        assert "Visits XDM" in page(browse, viewer, "/schemas/")
        assert "Visits XDM" not in page(browse, viewer, "/schemas/?q=orders")
        assert "No schema fits the filter" in page(browse, viewer, "/schemas/?q=zzz")

    def test_show_their_fields_and_the_datasets_made_from_them(self, browse, viewer):
        schema = make_schema()
        dataset = make_dataset(schema=schema)
        html = page(browse, viewer, schema.get_absolute_url())
        for text in ("_acme.distinct_id", "MixpanelDistinctId", "date-time", "required", dataset.get_absolute_url()):
            assert text in html
        assert "&quot;meta:class&quot;" in html

    def test_that_cannot_be_read_say_where(self, browse, viewer):
        schema = make_schema(document={"title": "half"})
        html = page(browse, viewer, schema.get_absolute_url())
        assert "The schema cannot be read." in html

    def test_are_closed_to_people_without_a_role(self, browse, stranger):
        assert browse(stranger).get("/schemas/").status_code == 403
