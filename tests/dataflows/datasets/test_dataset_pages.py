"""Datasets as the lake holds them."""

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
from django.urls import reverse

from connectors.lake import PartWriter
from dataflows import stores
from dataflows.datasets.chart import chart
from dataflows.datasets.preview import LONGEST_VALUE, flatten
from dataflows.runs import rolling_back
from dataflows.runs.tokens import token
from tests.dataflows.factories import make_dataset, make_day, make_flow, make_run, make_window

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

    def test_knows_from_the_lake_when_dataflows_that_are_gone_published(self, browse, viewer, dataset):
        dataset.dataflows.all().delete()
        published = stores.lake().open(dataset.table).summary().changed_at
        for url in ("/datasets/", dataset.get_absolute_url()):
            assert published.isoformat() in page(browse, viewer, url)


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
class TestSnapshots:
    @pytest.fixture
    def published(self, dataset):
        """A run of the dataset's dataflow that published one more snapshot; its window."""
        flow = dataset.dataflows.get()
        window = make_window(make_run(flow), DAYS[0], DAYS[1])
        table = stores.lake().open(dataset.table)
        table.publish(str(flow.pk), [DAYS[0]], [], token=token(window), still_mine=lambda: True)
        return window

    def test_lead_to_the_dataflow_and_the_run_that_wrote_them(self, browse, viewer, dataset, published):
        html = page(browse, viewer, dataset.get_absolute_url())
        section = html[html.index("snapshots-title") :]
        for text in (published.run.get_absolute_url(), published.run.dataflow.get_absolute_url(), "2026-03-02"):
            assert text in section

    def test_say_who_rolled_back_and_where_to(self, browse, viewer, admin, dataset, published):
        table = stores.lake().open(dataset.table)
        newest, oldest = table.snapshots()
        rolling_back.roll_back(dataset, table, oldest.id, seen=newest.id, by=admin)
        html = page(browse, viewer, dataset.get_absolute_url())
        section = html[html.index("snapshots-title") :]
        assert "ada" in section
        assert section.count(str(oldest.id)) == 2

    def test_offer_no_action_to_viewers_nor_for_the_current_one(self, browse, viewer, analyst, dataset, published):
        table = stores.lake().open(dataset.table)
        newest, oldest = (f"snapshots/{info.id}/roll-back/" for info in table.snapshots())
        assert "roll-back" not in page(browse, viewer, dataset.get_absolute_url())
        html = page(browse, analyst, dataset.get_absolute_url())
        assert (oldest in html, newest in html) == (True, False)

    def test_come_a_page_at_a_time(self, browse, viewer, dataset, published, monkeypatch):
        monkeypatch.setattr("dataflows.datasets.snapshots.PER_PAGE", 1)
        first = page(browse, viewer, dataset.get_absolute_url())
        assert "Page 1 of 2" in first
        last = page(browse, viewer, f"{dataset.get_absolute_url()}?page=99")
        assert "Page 2 of 2" in last
        assert "window-1" in last
        assert "window-1" not in first

    def test_are_filtered_by_dataflow(self, browse, viewer, dataset, published):
        other = make_flow(name="Other flow", dataset=dataset)
        url = dataset.get_absolute_url()
        assert published.run.get_absolute_url() in page(browse, viewer, f"{url}?dataflow={published.run.dataflow_id}")
        assert "has no snapshot here" in page(browse, viewer, f"{url}?dataflow={other.pk}")
        assert "has no snapshot here" in page(browse, viewer, f"{url}?dataflow=%00&page=x")

    def test_are_none_before_the_first_publication(self, browse, viewer):
        dataset = make_dataset()
        stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
        assert "Nothing was committed yet" in page(browse, viewer, dataset.get_absolute_url())


@pytest.mark.django_db
class TestRollingBack:
    @pytest.fixture
    def address(self, dataset):
        """Of the roll back of a commit that emptied the first day."""
        table, flow = stores.lake().open(dataset.table), dataset.dataflows.get()
        table.publish(str(flow.pk), [DAYS[0]], [], token="window-2", still_mine=lambda: True)
        return reverse("dataflows:dataset_roll_back", args=[dataset.pk, table.snapshots()[1].id])

    def test_names_what_will_change_first(self, browse, analyst, dataset, address):
        html = page(browse, analyst, address)
        for text in ("2026-03-01</span>", "Days with rows", "Afterwards"):
            assert text in html
        assert "2026-03-02</span>" not in html
        assert stores.lake().open(dataset.table).summary().rows == 4, "looking changes nothing"

    def test_happens_by_the_button(self, browse, analyst, dataset, address):
        seen = re.search(r'name="seen" value="(\d+)"', page(browse, analyst, address))
        assert seen is not None
        answer = browse(analyst).post(address, {"seen": seen[1]}, follow=True)
        assert "holds again what it held then" in answer.content.decode()
        assert stores.lake().open(dataset.table).summary().rows == 6

    def test_is_not_offered_while_a_run_is_unfinished(self, browse, analyst, dataset, address):
        run = make_run(dataset.dataflows.get(), status="running")
        html = page(browse, analyst, address)
        assert run.get_absolute_url() in html
        assert "btn-danger" not in html
        seen = stores.lake().open(dataset.table).snapshots()[0].id
        assert "is not finished" in browse(analyst).post(address, {"seen": seen}, follow=True).content.decode()
        assert stores.lake().open(dataset.table).summary().rows == 4

    @pytest.mark.parametrize("seen", ["", "1", "x", "9" * 5000])
    def test_is_refused_when_the_dataset_is_not_what_was_seen(self, browse, analyst, dataset, address, seen):
        answer = browse(analyst).post(address, {"seen": seen}, follow=True)
        assert "changed in the meantime" in answer.content.decode()
        assert stores.lake().open(dataset.table).summary().rows == 4

    def test_is_not_for_viewers(self, browse, viewer, address):
        assert browse(viewer).get(address).status_code == 403
        assert browse(viewer).post(address).status_code == 403

    def test_says_so_when_the_lake_is_away(self, browse, analyst, dataset, address, settings, tmp_path):
        (tmp_path / "file").write_text("in the way")
        settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
        stores.lake.cache_clear()
        html = browse(analyst).get(address, follow=True).content.decode()
        assert html.count("The lake cannot be reached.") == 2
