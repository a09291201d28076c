"""Somebody deletes a dataset: what is in the way is named, and a wrong name deletes nothing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.journeys.conftest import Served
from tests.journeys.test_repair import fits_everybody, seed

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser")]

# One with two rows that nothing writes into any more, and one that a dataflow writes into.
SEED = """
import json
from datetime import date, datetime, UTC
import pyarrow as pa
from connectors.lake import PartWriter
from dataflows import stores
from tests.dataflows.factories import make_dataset, make_flow
day, noon = date(2026, 3, 1), datetime(2026, 3, 1, 12, tzinfo=UTC)
lone = make_dataset(name="No longer needed")
table = stores.lake().create(lone.table, lone.schema.xdm.arrow_schema())
writer = PartWriter(table, "gone", day, token="window-1")
rows = [{"_id": str(number), "timestamp": noon, "eventType": "Order placed"} for number in range(2)]
writer.write(pa.RecordBatch.from_pylist(rows, schema=table.schema))
table.publish("gone", [day], writer.close(), token="window-1", still_mine=lambda: True)
flow = make_flow(name="Still at it", status="disabled", dataset=make_dataset(name="Still written"))
print(json.dumps({"lone": lone.pk, "written": flow.dataset.pk}))
"""


@pytest.fixture(scope="module")
def seeded(served: Served) -> dict[str, int]:
    return seed(served, SEED)


def test_goes_when_its_name_is_written(page: Page, seeded: dict[str, int], picture: Callable[[str], None]):
    page.goto(f"/datasets/{seeded['lone']}/")
    page.get_by_role("link", name="Delete").click()
    expect(page.get_by_text("2 rows")).to_be_visible()
    fits_everybody(page)
    picture("dataset-delete")
    page.get_by_label("Name of the dataset").fill("Still written")
    page.get_by_role("button", name="Delete the dataset").click()
    expect(page.get_by_text("This is not the name of this dataset.")).to_be_visible()
    fits_everybody(page)
    page.get_by_label("Name of the dataset").fill("No longer needed")
    page.get_by_role("button", name="Delete the dataset").click()
    expect(page.get_by_text("“No longer needed” and its data were deleted.")).to_be_visible()
    expect(page.get_by_role("link", name="No longer needed")).to_have_count(0)
    page.goto(f"/datasets/{seeded['lone']}/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()


def test_stays_while_a_dataflow_writes_into_it(page: Page, seeded: dict[str, int]):
    page.goto(f"/datasets/{seeded['written']}/delete/")
    expect(page.get_by_role("link", name="Still at it")).to_be_visible()
    expect(page.get_by_role("button", name="Delete the dataset")).to_have_count(0)
    fits_everybody(page)
