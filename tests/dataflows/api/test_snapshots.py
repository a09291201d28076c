"""Snapshots of a dataset by program, and going back to one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from dataflows.api.batches import dataset_id
from dataflows.models import Dataflow, Run
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import CATALOG, code_of


@pytest.fixture
def loaded(shop: Shop) -> Shop:
    """Two days, each published by a window of its own."""
    history = (datetime.now(UTC).date() - timedelta(days=2)).isoformat()
    schedule = {"startTime": 1625040887, "frequency": "once", "backfill": True, "historyFrom": history}
    shop.flow(scheduleParams=schedule)
    shop.work()
    return shop


def place(shop: Shop) -> str:
    return f"{CATALOG}/dataSets/{dataset_id(shop.dataset.uuid)}/snapshots"


def listed(shop: Shop) -> Any:
    return shop.program.call("GET", place(shop))


def test_tell_what_each_publication_did(loaded: Shop) -> None:
    newest, oldest = listed(loaded).json()["items"]
    run, flow = Run.objects.get(), Dataflow.objects.get()
    assert newest["totalRows"] == newest["rowsAdded"] + oldest["rowsAdded"] == run.loaded
    assert newest["flowId"] == str(flow.uuid)


def test_are_gone_back_to_with_the_etag_of_what_was_seen(loaded: Shop) -> None:
    seen = listed(loaded)
    newest, oldest = seen.json()["items"]
    path = f"{place(loaded)}/{oldest['id']}/action?op=roll_back"
    assert code_of(loaded.program.call("POST", path)) == "1403-400"
    back = loaded.program.call("POST", path, If_Match=seen["ETag"])
    assert (back.status_code, back.json()["totalRows"]) == (200, oldest["totalRows"])
    assert loaded.program.call("POST", path, If_Match=seen["ETag"]).status_code == 412
    assert listed(loaded).json()["items"][0]["rolledBackTo"] == oldest["id"]
    assert newest["id"] in {each["id"] for each in listed(loaded).json()["items"]}


def test_wait_for_runs_into_the_dataset(loaded: Shop) -> None:
    seen = listed(loaded)
    Run.objects.update(status="running")
    path = f"{place(loaded)}/{seen.json()['items'][1]['id']}/action?op=roll_back"
    assert loaded.program.call("POST", path, If_Match=seen["ETag"]).json()["report"]["code"] == "run_unfinished"
