"""A program written for Adobe Experience Platform works here after changing the host.

The program is the PyPI package aepp, as it is, pointed at a served Tributary by configuration only. It does the whole
Mixpanel tutorial; real workers read the sample.
"""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aepp
import pytest
from aepp import catalog, config, dataaccess, dataprep, flowservice, schema

from connectors.mixpanel.sample.credentials import UTC_PROJECT_ID
from tests.dataflows.api import tutorial
from tests.journeys.conftest import Served

pytestmark = [pytest.mark.worker, pytest.mark.xdist_group("browser")]

ROOT = Path(__file__).resolve().parents[2]
EVENT_CLASS = "https://ns.adobe.com/xdm/context/experienceevent"
# Not every event of the sample has an item, and _id is required.
MAPPINGS = [
    {"sourceType": "ATTRIBUTE", "source": "properties.item_id", "destination": "_id"},
    {"sourceType": "ATTRIBUTE", "source": "tributary.timestamp", "destination": "timestamp"},
    {"sourceType": "EXPRESSION", "source": "upper(event)", "destination": "_tributary.eventName"},
    {"sourceType": "ATTRIBUTE", "source": "properties.distinct_id", "destination": "_tributary.distinctId"},
]
ENDED = {"success", "partialSuccess", "failed"}


@dataclass
class Platform:
    """The service objects of aepp."""

    flows: Any
    schemas: Any
    catalog: Any
    prep: Any
    access: Any


@pytest.fixture(scope="module")
def platform(served: Served) -> Platform:
    """Configured as the fact sheets of aepp say, with the credentials that the command prints."""
    made = subprocess.run(
        [sys.executable, "manage.py", "create_api_client", "aepp", "--role", "Analyst"],
        cwd=ROOT,
        env=served.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(made.stdout)
    aepp.configure(
        org_id=told["org_id"],
        client_id=told["client_id"],
        secret=told["client_secret"],
        scopes="openid,AdobeID",
        sandbox="prod",
    )
    config.endpoints["global"] = served.url
    config.config_object["oauthTokenEndpointV2"] = f"{served.url}/ims/token/v3"
    return Platform(
        flowservice.FlowService(), schema.Schema(), catalog.Catalog(), dataprep.DataPrep(), dataaccess.DataAccess()
    )


def test_aepp_does_the_whole_mixpanel_tutorial(platform: Platform, served: Served) -> None:
    flows = platform.flows
    base = flows.createConnection(data=tutorial.base_connection(served.sample.url, name="aepp base"))["id"]
    assert flows.connectionTest(base) == {"result": True}
    assert flows.getConnection(base)["auth"]["params"].keys() == {"username", "host"}
    explored = explore(flows, base)
    assert "distinct_id" in explored["schema"]["properties"]["properties"]["properties"]

    schema_id = make_schema(platform.schemas)
    (reference,) = platform.catalog.createDataSet(name="aepp dataset", schemaId=schema_id)
    dataset = reference.removeprefix("@/dataSets/")
    source = flows.createSourceConnection(data=tutorial.source_connection(base))["id"]
    target = flows.createTargetConnectionDataLake("aepp target", dataset, schema_id, format="json")["id"]
    mapping = platform.prep.createMappingSet(schemaId=schema_id, mappingList=MAPPINGS, validate=True)["id"]

    flow = flows.createFlow(tutorial.FLOW_SPEC, obj=flow_body(source, target, mapping))["id"]
    assert flows.getFlow(flow)["state"] == "enabled"
    run = awaited(lambda: flows.getRuns(prop=[f"flowId=={flow}"]))
    assert run["metrics"]["statusSummary"]["status"] == "success"
    failed = run["metrics"]["recordSummary"]["failedRecordCount"]
    assert failed > 0
    assert run["metrics"]["recordSummary"]["outputRecordCount"] > 0
    rows = rejected_rows(platform, run)
    assert len(rows) == failed
    assert all(row["_errors"][0]["code"].startswith("INGEST-") for row in rows)
    assert platform.access.getPreview(dataset)[0]["_tributary"]["distinctId"]

    change_schedule(flows, flow)
    remove(flows, flow, source, target, base)
    change_single_mappings(platform.prep, mapping)
    assert platform.prep.deleteMappingSet(mapping) == 204
    assert platform.catalog.deleteDataSet(dataset) == 200
    assert dataset not in platform.catalog.getDataSets(limit=50)


def test_aepp_lists_what_there_is(platform: Platform) -> None:
    flows = platform.flows
    assert flows.getConnectionSpecIdFromName("datalake") == tutorial.DATA_LAKE_SPEC
    assert flows.getFlowSpecIdFromNames("RestStorageToAEP", "Mixpanel", "datalake") == tutorial.FLOW_SPEC
    assert isinstance(flows.getConnections(limit=1, n_results="inf"), list)
    for listed in (
        flows.getFlows(limit=1),
        flows.getRuns(),
        flows.getSourceConnections(),
        flows.getTargetConnections(),
    ):
        assert isinstance(listed, list)
    assert platform.schemas.getTenantId() == "tributary"
    assert "Mixpanel Events (ExperienceEvent)" in {each["title"] for each in platform.schemas.getSchemas()}
    assert isinstance(platform.schemas.getDescriptors(), list)
    assert isinstance(platform.catalog.getDataSets(limit=50), dict)
    assert isinstance(platform.prep.getMappingSets(), list)
    assert "upper" in {each["function"] for each in platform.prep.getMappingSetFunctions()}


def explore(flows: Any, base: str) -> Any:
    params = {"projectId": UTC_PROJECT_ID, "timezone": tutorial.ZONE}
    encoded = base64.b64encode(json.dumps(params).encode()).decode()
    return flows.getResource(
        f"{flows.endpoint}/connections/{base}/explore",
        params={"objectType": "rest", "object": "json", "fileType": "json", "preview": True, "sourceParams": encoded},
    )


def make_schema(schemas: Any) -> str:
    """A field group with two own fields, and a schema of events that has it."""
    own = {name: {"type": "string", "title": name} for name in ("eventName", "distinctId")}
    tenant = {"type": "object", "properties": own}
    group = schemas.createFieldGroup(
        {
            "type": "object",
            "title": "aepp fields",
            "meta:intendedToExtend": [EVENT_CLASS],
            "definitions": {"customFields": {"type": "object", "properties": {"_tributary": tenant}}},
            "allOf": [{"$ref": "#/definitions/customFields", "type": "object", "meta:xdmType": "object"}],
        }
    )
    made = schemas.createExperienceEventSchema(name="aepp schema", fieldGroupIds=[group["$id"]])
    assert schemas.getSchema(made["$id"])["title"] == "aepp schema"
    return str(made["$id"])


def flow_body(source: str, target: str, mapping: str) -> dict[str, Any]:
    """One run over the last two days that are complete."""
    began = datetime.now(UTC) - timedelta(days=3)
    schedule = {"startTime": str(int(began.timestamp())), "frequency": "once", "backfill": True}
    options = {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 100}
    return tutorial.flow(source, target, mapping, name="aepp flow", scheduleParams=schedule, options=options)


def awaited(runs: Callable[[], list[dict[str, Any]]], seconds: float = 90) -> dict[str, Any]:
    """The first run, once it has ended."""
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        found = runs()
        if found and found[0]["metrics"]["statusSummary"]["status"] in ENDED:
            return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no run ended: {found}")


def rejected_rows(platform: Platform, run: dict[str, Any]) -> list[dict[str, Any]]:
    (batch,) = run["activities"][1]["targetInfo"][0]["reference"]["ids"]
    assert platform.catalog.getBatch(batch)[batch]["status"] == "success"
    names = [each["name"] for each in platform.access.getBatchMeta(batch, path="row_errors")["data"]]
    place = f"{platform.access.endpoint}/batches/{batch}/meta"
    lines: list[str] = []
    for name in names:
        answer = platform.access.getResource(place, params={"path": f"row_errors/{name}"}, format="raw")
        lines += answer.content.decode().splitlines()
    return [json.loads(line) for line in lines]


def change_schedule(flows: Any, flow: str) -> None:
    """To every second day, with the etag of a GET."""
    current = flows.getFlow(flow)
    changes = [
        {"op": "replace", "path": "/scheduleParams/frequency", "value": "day"},
        {"op": "add", "path": "/scheduleParams/interval", "value": "2"},
    ]
    changed = flows.updateFlow(flow, current["etag"], changes)
    assert changed["id"] == flow
    assert changed["etag"] != current["etag"]
    assert flows.updateFlow(flow, current["etag"], changes)["status"] == 412
    assert flows.getFlow(flow)["scheduleParams"]["interval"] == 2


def change_single_mappings(prep: Any, mapping: str) -> None:
    row = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "producedBy"}
    made = prep.createMappingSetMapping(mapping, row)["id"]
    assert prep.updateMappingSetMapping(mapping, made, row | {"source": "properties.mp_lib"})["id"] == made
    assert prep.getMappingSetMapping(mapping, made)["source"] == "properties.mp_lib"
    assert prep.deleteMappingSetMapping(mapping, made) == 204
    assert made not in {each["id"] for each in prep.getMappingSetMappings(mapping)}


def remove(flows: Any, flow: str, source: str, target: str, base: str) -> None:
    assert flows.postFlowAction(flow, "disable")["id"] == flow
    assert flows.getFlow(flow)["state"] == "disabled"
    assert flows.deleteFlow(flow) == 204
    assert flows.deleteSourceConnection(source) == 204
    assert flows.deleteTargetConnection(target) == 204
    assert flows.deleteConnection(base) == 204
