"""Datasets and batches, and what a batch left behind: files, rows, diagnostics."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow.parquet as pq
import pytest

from dataflows import stores
from dataflows.api.batches import batch_id, dataset_id, run_uuid
from dataflows.api.schemas import schema_id
from dataflows.models import Dataset, Run, Schema
from dataflows.schemas import mixpanel_events
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import CATALOG, EXPORT, Program, code_of
from tests.dataflows.api.tutorial import MAPPINGS
from tests.dataflows.factories import make_dataset, make_flow, make_run, make_schema

# Required, and not every event of the sample has one.
PICKY = [{"sourceType": "ATTRIBUTE", "source": "properties.item_id", "destination": "_id"}, *MAPPINGS[1:]]


def text_of(answer: Any) -> bytes:
    return b"".join(answer.streaming_content) if answer.streaming else bytes(answer.content)


class TestDatasets:
    def test_are_made_with_a_table(self, program: Program) -> None:
        schema = Schema.objects.get()
        body = {
            "name": "Shop",
            "schemaRef": {"id": schema_id(schema), "contentType": "application/vnd.adobe.xed+json;version=1"},
            "tags": {"unifiedProfile": ["enabled:true"]},
        }
        answer = program.call("POST", f"{CATALOG}/dataSets?requestDataSource=False", body)
        assert answer.status_code == 201, answer.content
        dataset = Dataset.objects.get()
        assert answer.json() == [f"@/dataSets/{dataset_id(dataset.uuid)}"]
        (key, item), *_ = program.call("GET", answer["Location"]).json().items()
        assert (len(key), item["name"]) == (24, "Shop")
        assert item["classification"]["dataBehavior"] == "time-series"
        assert item["extensions"]["adobe_lakeHouse"]["metrics"]["rowCount"] == 0
        assert program.call("POST", f"{CATALOG}/dataSets", body).status_code == 409

    def test_are_listed_by_id(self, program: Program) -> None:
        made = [make_dataset() for _ in range(3)]
        listed = program.call("GET", f"{CATALOG}/dataSets?limit=2&orderBy=desc:created").json()
        assert list(listed) == [dataset_id(each.uuid) for each in reversed(made)][:2]
        named = program.call("GET", f"{CATALOG}/dataSets?properties=name&property=name=={made[0].name}").json()
        assert named == {dataset_id(made[0].uuid): {"name": made[0].name}}

    def test_tell_in_lists_what_their_tables_hold_too(self, shop: Shop) -> None:
        history = (datetime.now(UTC).date() - timedelta(days=1)).isoformat()
        shop.flow(
            scheduleParams={"startTime": 1625040887, "frequency": "once", "backfill": True, "historyFrom": history}
        )
        shop.work()
        key = dataset_id(shop.dataset.uuid)
        listed = shop.program.call("GET", f"{CATALOG}/dataSets").json()[key]["extensions"]
        assert listed["adobe_lakeHouse"]["metrics"]["rowCount"] == Run.objects.get().loaded > 0
        assert shop.program.call("GET", f"{CATALOG}/dataSets/{key}").json()[key]["extensions"] == listed

    @pytest.mark.parametrize("path", ["dataSets", "v2/dataSets"])
    def test_are_renamed(self, program: Program, path: str) -> None:
        dataset = make_dataset()
        place = f"{CATALOG}/{path}/{dataset_id(dataset.uuid)}"
        change: Any = {"name": "Renamed"}
        if path == "dataSets":
            change = [{"op": "replace", "path": "/name", "value": "Renamed"}]
        assert program.call("PATCH", place, change).status_code == 200
        dataset.refresh_from_db()
        assert dataset.name == "Renamed"
        assert program.call("PATCH", place, change, If_Match='"stale"').status_code == 412

    def test_are_replaced_but_for_their_schema(self, program: Program) -> None:
        dataset, other = make_dataset(), make_schema(document=mixpanel_events("elsewhere"))
        place = f"{CATALOG}/dataSets/{dataset_id(dataset.uuid)}"
        body = {"name": "Renamed", "description": "Anew", "schemaRef": {"id": schema_id(dataset.schema)}}
        assert program.call("PUT", place, body).status_code == 200
        dataset.refresh_from_db()
        assert (dataset.name, dataset.description) == ("Renamed", "Anew")
        refused = program.call("PUT", place, body | {"schemaRef": {"id": schema_id(other)}})
        assert code_of(refused) == "1452-400"
        assert "schemaRef.id" in refused.json()["detail"]

    def test_are_deleted_with_their_tables(self, program: Program) -> None:
        body = {"name": "Shop", "schemaRef": {"id": schema_id(Schema.objects.get())}}
        place = program.call("POST", f"{CATALOG}/dataSets", body)["Location"]
        table = Dataset.objects.get().table
        assert stores.lake().exists(table)
        answer = program.call("DELETE", place)
        assert (answer.status_code, answer.json()) == (200, [f"@/dataSets/{place.rpartition('/')[2]}"])
        assert not stores.lake().exists(table)
        assert program.call("GET", place).status_code == 404

    def test_are_kept_while_a_dataflow_writes_into_them(self, program: Program, onlooker: Program) -> None:
        flow = make_flow(name="Shop events")
        place = f"{CATALOG}/dataSets/{dataset_id(flow.writes_to.uuid)}"
        answer = program.call("DELETE", place)
        assert (answer.status_code, code_of(answer)) == (400, "1418-400")
        assert "Shop events" in answer.json()["detail"]
        assert code_of(onlooker.call("DELETE", place)) == "2118-403"
        assert Dataset.objects.exists()

    def test_tell_their_last_batches(self, program: Program) -> None:
        flow = make_flow()
        failed, succeeded = make_run(flow, status="failed"), make_run(flow)
        key = dataset_id(flow.writes_to.uuid)
        (last,) = program.call("GET", f"{CATALOG}/lastBatches?dataSetId={key}").json().values()
        assert last == {
            "lastBatchId": batch_id(succeeded.uuid),
            "lastBatchStatus": "success",
            "lastSuccessfulBatchId": batch_id(succeeded.uuid),
            "lastFailedBatchId": batch_id(failed.uuid),
        }


class TestBatches:
    def test_have_ids_that_lead_back(self, program: Program) -> None:
        run = make_run()
        assert run_uuid(batch_id(run.uuid)) == run.uuid
        assert len(batch_id(run.uuid)) == 26

    def test_are_listed_and_filtered(self, program: Program) -> None:
        run, other = make_run(status="failed", error_code="bad_credentials"), make_run()
        key = dataset_id(run.dataflow.writes_to.uuid)
        listed = program.call("GET", f"{CATALOG}/batches?dataSet={key}&orderBy=desc:created").json()
        assert list(listed) == [batch_id(run.uuid)]
        assert listed[batch_id(run.uuid)]["errors"][0]["code"] == "bad_credentials"
        assert list(program.call("GET", f"{CATALOG}/batches?status=success").json()) == [batch_id(other.uuid)]
        assert code_of(program.call("GET", f"{CATALOG}/batches?status=sleepy")) == "1452-400"
        assert code_of(program.call("GET", f"{CATALOG}/batches/nothing")) == "1101-404"


class TestDiagnostics:
    @pytest.fixture
    def batch(self, shop: Shop) -> str:
        """Of a real run in which some records were rejected."""
        mapping = shop.map(mappings=PICKY)
        shop.flow(
            transformations=[{"name": "Mapping", "params": {"mappingId": mapping, "mappingVersion": 0}}],
            options={"partialIngestionPercent": 100},
            scheduleParams={"frequency": "once", "startTime": 0, "historyFrom": None},
        )
        run = Run.objects.get()
        run.windows.exclude(pk=run.windows.order_by("-last_day").first().pk).delete()  # type: ignore[union-attr]
        shop.work()
        return batch_id(Run.objects.get().uuid)

    def test_lead_from_the_run_to_the_rejected_rows(self, shop: Shop, batch: str) -> None:
        run = Run.objects.get()
        assert run.rejected > 0
        item = shop.program.one(f"/runs/{run.uuid}")
        failed = item["metrics"]["recordSummary"]["failedInfo"]
        assert sum(line["recordCount"] for line in failed) == run.rejected
        promotion = item["activities"][1]
        assert promotion["targetInfo"][0]["reference"]["ids"] == [batch]
        url = promotion["statusSummary"]["extensions"]["manifest"]["failedRecords"]
        listed = shop.program.call("GET", url.removeprefix("http://testserver")).json()["data"]
        files = [text_of(shop.program.call("GET", each["_links"]["self"]["href"])) for each in listed]
        content = b"".join(files)
        rows = [json.loads(line) for line in content.splitlines()]
        assert len(rows) == run.rejected
        assert "INGEST-1555-400" in {row["_errors"][0]["code"] for row in rows}
        assert any(row.get("properties", {}).get("distinct_id") for row in rows)

    def test_offer_everything_that_the_run_names(self, shop: Shop, batch: str) -> None:
        program = shop.program
        names = [each["name"] for each in program.call("GET", f"{EXPORT}/batches/{batch}/meta").json()["data"]]
        assert names == ["input_files", "row_errors", "row_error_samples.json"]
        for spelling in ("row_error_samples.json", "row_errors_sample.json"):
            sample = program.call("GET", f"{EXPORT}/batches/{batch}/meta?path={spelling}").json()
            assert 0 < len(sample) <= 100
        landed = program.call("GET", f"{EXPORT}/batches/{batch}/meta?path=input_files").json()["data"]
        assert len(landed) == Run.objects.get().windows.count()
        assert all(int(each["length"]) > 0 for each in landed)
        assert program.call("GET", f"{EXPORT}/batches/{batch}/failed").json()["data"]
        assert program.call("GET", f"{EXPORT}/batches/{batch}/meta?path=row_errors/none.json").status_code == 404

    def test_the_files_of_a_batch_are_parquet(self, shop: Shop, batch: str) -> None:
        program, run = shop.program, Run.objects.get()
        (entry,) = program.call("GET", f"{EXPORT}/batches/{batch}/files").json()["data"]
        place = f"{EXPORT}/files/{entry['dataSetFileId']}"
        listed = program.call("GET", place).json()["data"]
        contents = [text_of(program.call("GET", each["_links"]["self"]["href"])) for each in listed]
        assert [len(content) for content in contents] == [int(each["length"]) for each in listed]
        assert sum(pq.read_table(io.BytesIO(content)).num_rows for content in contents) == run.loaded
        file = listed[0]
        part = program.call("GET", file["_links"]["self"]["href"], Range="bytes=0-3")
        assert (part.status_code, text_of(part)) == (206, b"PAR1")
        beyond = program.call("GET", file["_links"]["self"]["href"], Range="bytes=99999999-")
        assert beyond.status_code == 416
        assert program.call("HEAD", file["_links"]["self"]["href"])["Content-Length"] == file["length"]

    def test_a_dataset_shows_its_first_rows(self, shop: Shop, batch: str) -> None:
        answer = shop.program.call("GET", f"{EXPORT}/datasets/{dataset_id(shop.dataset.uuid)}/preview").json()
        assert 0 < len(answer["data"]) <= 100
        assert answer["data"][0]["_tributary"]["distinct_id"]
