"""Every request of the published tutorials and OpenAPI files, sent as they spell it and answered as they say.

The ids in braces are those of what the shop has made; ``shape`` names keys of the answer, dots go down.
"""

from __future__ import annotations

import base64
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import pytest

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from dataflows.api.batches import batch_id, dataset_id
from dataflows.api.schemas import schema_id
from dataflows.models import Dataflow, Run, Schema
from tests.dataflows.api import tutorial
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import CATALOG, CONVERSION, EXPORT, FLOW_SERVICE, REGISTRY
from tests.dataflows.factories import make_run, make_window

FLOWS, MAPPING, XDM = FLOW_SERVICE, CONVERSION, REGISTRY
SOURCE_PARAMS = base64.b64encode(
    json.dumps({"projectId": UTC_PROJECT_ID, "timezone": tutorial.ZONE}, separators=(",", ":")).encode()
).decode()
XED, XDM_TYPE = "application/vnd.adobe.xed", "application/vnd.adobe.xdm"
EVENT_CLASS = "https://ns.adobe.com/xdm/context/experienceevent"
DAY = 86_400
PATCH_TYPE = "application/json-patch+json"


@dataclass(frozen=True)
class Ask:
    """One request and what its answer has: its status, keys, a code."""

    method: str
    path: str
    status: int = 200
    shape: tuple[str, ...] = ()
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    code: str = ""

    def __str__(self) -> str:
        return f"{self.method} {self.path.removeprefix('/data/foundation')[:90]}"


def get(path: str, *shape: str, **more: Any) -> Ask:
    return Ask("GET", path, shape=shape, **more)


LISTS = ("connections", "sourceConnections", "targetConnections", "flows", "runs", "flowSpecs", "connectionSpecs")
ENTITIES = {
    "connections/{base}": ("items.0.auth.specName", "items.0.auth.params.username", "items.0.connectionSpec.id"),
    "sourceConnections/{source}": ("items.0.params.projectId", "items.0.inheritedAttributes.baseConnection.id"),
    "targetConnections/{target}": ("items.0.params.dataSetId", "items.0.data.format"),
    "flows/{flow}": (
        "items.0.inheritedAttributes.properties.isSourceFlow",
        "items.0.inheritedAttributes.sourceConnections.0.connectionSpec.id",
        "items.0.transformations.0.params.mappingId",
        "items.0.scheduleParams.startTime",
        "items.0.lastOperation.status.value",
        "items.0.runs",
    ),
    "runs/{run}": (
        "items.0.metrics.durationSummary.startedAtUTC",
        "items.0.metrics.recordSummary.inputRecordCount",
        "items.0.metrics.statusSummary.status",
        "items.0.activities.0.sourceInfo.0.reference.ids.0",
        "items.0.activities.1.targetInfo.0.reference.ids.0",
        "items.0.activities.1.statusSummary.extensions.manifest.failedRecords",
    ),
    "connectionSpecs/{mixpanel}": ("items.0.authSpec.0.spec.properties.username", "items.0.sourceSpec.spec.required"),
    "flowSpecs/{flowSpec}": ("items.0.sourceConnectionSpecIds", "items.0.targetConnectionSpecIds"),
}
AUDIT = ("items.0.id", "items.0.createdAt", "items.0.updatedAt", "items.0.etag", "items.0.sandboxName")

READING = [
    *(get(f"{FLOWS}/{each}", "items", "_links") for each in LISTS),
    *(get(f"{FLOWS}/{path}", *shape) for path, shape in ENTITIES.items()),
    *(get(f"{FLOWS}/{path}", *AUDIT) for path in ENTITIES if "Specs" not in path),
    # As aepp writes them.
    get(f"{FLOWS}/flows?limit=100&count=False", "items.0.flowSpec.id", "_links"),
    get(f"{FLOWS}/runs?limit=10&count=False&property=flowId%3D%3D{{flow}}", "items.0.flowId"),
    get(f"{FLOWS}/flowSpecs?property=name%3D%3DRestStorageToAEP", "items.0.id"),
    get(f"{FLOWS}/connections/?limit=20", "items"),
    get(f"{XDM}/stats/", "tenantId"),
    # Filters.
    get(f"{FLOWS}/flows?property=id=={{flow}},00000000-0000-4000-8000-000000000000", "items.0.id"),
    get(f"{FLOWS}/flows?property=sourceConnectionIds[]=={{source}}", "items.0.id"),
    get(f"{FLOWS}/flows?property=transformations[].params.mappingId=={{mapping}}", "items.0.id"),
    get(f"{FLOWS}/flows?property=inheritedAttributes.properties.isSourceFlow==true", "items.0.id"),
    get(
        f"{FLOWS}/flows?property=inheritedAttributes.targetConnections[].connectionSpec.id=={{dataLake}}", "items.0.id"
    ),
    get(f"{FLOWS}/runs?property=metrics.durationSummary.startedAtUTC>1593134665781", "items.0.id"),
    get(f"{FLOWS}/runs?property=metrics.statusSummary.status==Success", "items.0.id"),
    get(f"{FLOWS}/runs?property=flowId=={{flow}}&property=metrics.statusSummary.status==failed", "items"),
    get(f"{FLOWS}/connections?property=name,state", "items.0.name", "items.0.state"),
    get(f"{FLOWS}/flows?orderby=-createdAt", "items.0.id"),
    get(f"{FLOWS}/flows?orderby=%2Bname", "items.0.id"),
    get(f"{FLOWS}/flows?count=true", "count"),
    Ask("GET", f"{FLOWS}/flows?limit=5&count=true", 400, code="1401-400"),
    Ask("GET", f"{FLOWS}/flows?orderby=colour", 400, code="1432-400"),
    Ask("GET", f"{FLOWS}/flows?property=colour==red", 400, code="1423-400"),
    Ask("GET", f"{FLOWS}/flows?property=id>{{flow}}", 400, code="1448-400"),
    Ask("GET", f"{FLOWS}/flows?colour=red", 400, code="1451-400"),
    # Test and explore.
    get(f"{FLOWS}/connections/{{base}}/test", "result"),
    get(
        f"{FLOWS}/connections/{{base}}/explore?objectType=rest&object=json&fileType=json&preview=true"
        f"&sourceParams={SOURCE_PARAMS}",
        "format",
        "schema.properties.event.type",
        "schema.properties.properties.properties.$insert_id",
        "data.0.event",
    ),
    get(
        f"{FLOWS}/connections/{{base}}/explore?objectType=REST&object=json&FileType=json&preview=True"
        f"&sourceParams={quote(SOURCE_PARAMS)}",
        "schema.properties.properties.properties.time.minimum",
    ),
    # Mapping.
    get(f"{MAPPING}/mappingSets?limit=2&start=0", "data.0.id", "_page.count"),
    get(f"{MAPPING}/mappingSets?limit=5", "data.0.version"),
    get(f"{MAPPING}/mappingSets/{{mapping}}", "mappings.0.destination", "xdmSchema", "version"),
    get(f"{MAPPING}/mappingSets/{{mapping}}/mappings", "0.sourceType", "0.id"),
    get(f"{MAPPING}/languages/el/functions"),
    get(f"{MAPPING}/languages/el/operators"),
    # Schemas.
    get(f"{XDM}/stats", "tenantId"),
    get(f"{XDM}/tenant/schemas?limit=5&orderby=title", "results.0.$id", headers={"Accept": f"{XED}-id+json"}),
    get(f"{XDM}/tenant/schemas/?start=0", "_page.count", headers={"Accept": f"{XED}+json"}),
    get(
        f"{XDM}/tenant/schemas?property=meta:class=={EVENT_CLASS}",
        "results.0.title",
        headers={"Accept": f"{XED}-id+json"},
    ),
    get(f"{XDM}/tenant/schemas/{{schema}}", "properties", headers={"Accept": f"{XED}-full+json; version=1"}),
    get(f"{XDM}/tenant/schemas/{{schema}}", "meta:class", "version", headers={"Accept": f"{XED}+json;version=1"}),
    get(f"{XDM}/tenant/descriptors", headers={"Accept": f"{XDM_TYPE}+json"}),
    get(f"{XDM}/global/schemas?limit=2", "results", headers={"Accept": f"{XED}-id+json"}),
    Ask("GET", f"{XDM}/tenant/schemas/{{schema}}", 400, code="1007-400", headers={"Accept": "application/json"}),
    # Datasets and batches: objects by id.
    get(f"{CATALOG}/dataSets?limit=1&orderBy=desc:created", "{dataset}.classification.dataBehavior"),
    get(f"{CATALOG}/dataSets?limit=50&properties=name,schemaRef", "{dataset}.name"),
    get(f"{CATALOG}/dataSets?property=name~^D", status=200),
    get(f"{CATALOG}/dataSets/{{dataset}}", "{dataset}.schemaRef.id", "{dataset}.tags.adobe/pqs/table"),
    get(f"{CATALOG}/batches?limit=5&orderBy=desc:created&dataSet={{dataset}}", "{batch}.status"),
    get(f"{CATALOG}/batches/{{batch}}", "{batch}.metrics.inputRecordCount", "{batch}.tags.flowId.0"),
    get(f"{CATALOG}/lastBatches?dataSetId={{dataset}}", "{dataset}.lastBatchId"),
    # Evidence.
    get(f"{EXPORT}/batches/{{batch}}/meta?path=input_files", "data.0.name", "_page.count"),
    get(f"{EXPORT}/batches/{{batch}}/meta?path=row_errors", "data.0._links.self.href"),
    get(f"{EXPORT}/batches/{{batch}}/meta?path=row_error_samples.json"),
    get(f"{EXPORT}/batches/{{batch}}/meta?path=row_errors_sample.json"),
    get(f"{EXPORT}/batches/{{batch}}/files", "data.0.dataSetFileId"),
    get(f"{EXPORT}/batches/{{batch}}/failed", "data"),
    get(f"{EXPORT}/datasets/{{dataset}}/preview", "data"),
]

FIELD_GROUP = {
    "type": "object",
    "title": "Sheet fields",
    "meta:intendedToExtend": [EVENT_CLASS],
    "definitions": {
        "customFields": {
            "type": "object",
            "properties": {"_tributary": {"type": "object", "properties": {"plan": {"type": "string"}}}},
        }
    },
    "allOf": [{"$ref": "#/definitions/customFields", "type": "object", "meta:xdmType": "object"}],
}
DESCRIPTOR = {
    "@type": "xdm:descriptorIdentity",
    "xdm:sourceSchema": "{schema}",
    "xdm:sourceVersion": 1,
    "xdm:sourceProperty": "/_tributary/distinct_id",
    "xdm:namespace": "ECID",
    "xdm:property": "xdm:code",
    "xdm:isPrimary": True,
}
SEARCH = {"queryString": "", "limit": 100, "orderby": "-createdAt", "count": False, "projectionFields": "id,name"}

WRITING = [
    *(Ask("POST", f"{FLOWS}/{each}/search", body=SEARCH, shape=("items", "_links")) for each in LISTS[:4]),
    Ask("POST", f"{FLOWS}/runs/search", body={"queryString": "flowId=={flow}", "limit": 10}, shape=("items.0.id",)),
    Ask("POST", f"{FLOWS}/flowSpecs/search", body={"queryString": "name==RestStorageToAEP"}, shape=("items.0.id",)),
    Ask("POST", f"{FLOWS}/flows/{{flow}}/action?op=disable", shape=("id", "etag"), headers={"Content_Type": ""}),
    Ask("POST", f"{FLOWS}/flows/{{flow}}/action?op=ENABLE&subOp=APPLY", shape=("id", "etag")),
    Ask("POST", f"{FLOWS}/flows/{{flow}}/action?op=FINALIZE", 400, code="1402-400"),
    Ask(
        "PATCH",
        f"{FLOWS}/flows/{{flow}}",
        body=[{"op": "replace", "path": "/description", "value": "From the sheet"}],
        headers={"If_Match": "{flowEtag}"},
        shape=("id", "etag"),
    ),
    Ask(
        "PATCH",
        f"{FLOWS}/flows/{{flow}}",
        body=[{"op": "REPLACE", "path": "/options/errorDiagnosticsEnabled", "value": True}],
        headers={"if_match": "{flowEtag}"},
        shape=("etag",),
    ),
    Ask(
        "PATCH",
        f"{FLOWS}/flows/{{flow}}",
        400,
        body=[{"op": "replace", "path": "/name", "value": "x"}],
        code="1403-400",
    ),
    Ask(
        "PATCH",
        f"{FLOWS}/connections/{{base}}/",
        body={"op": "replace", "path": "/description", "value": "From the sheet"},
        headers={"If_Match": "{baseEtag}"},
        shape=("id", "etag"),
    ),
    Ask("DELETE", f"{FLOWS}/connections/{{base}}/", 400, code="1418-400"),
    Ask(
        "PATCH",
        f"{FLOWS}/flows/{{flow}}",
        400,
        body=[{"op": "move", "path": "/name", "from": "/description"}],
        headers={"If_Match": "{flowEtag}"},
        code="1434-400",
    ),
    Ask(
        "PATCH",
        f"{FLOWS}/flows/{{flow}}",
        412,
        body=[{"op": "replace", "path": "/name", "value": "x"}],
        headers={"If_Match": '"aaaaaaaa-0000-0200-0000-aaaaaaaa"'},
        code="1404-412",
    ),
    Ask(
        "POST",
        f"{FLOWS}/runs",
        201,
        body={
            "flowId": "{flow}",
            "status": "active",
            "params": {"startTime": 1663735590, "windowStartTime": "{yesterday}", "windowEndTime": "{yesterday}"},
        },
        shape=("id", "etag"),
    ),
    Ask("POST", f"{FLOWS}/runs/{{run}}/action?op=RE_TRIGGER", shape=("flowId", "metrics.statusSummary.status")),
    Ask("PUT", f"{FLOWS}/runs/{{run}}", 400, body={}, headers={"If_Match": "{runEtag}"}, code="1427-400"),
    Ask(
        "POST",
        f"{MAPPING}/mappingSets?validate=false",
        body={
            "version": 0,
            "xdmSchema": "{schema}",
            "xdmVersion": "1.0",
            "id": None,
            "mappings": [
                {"sourceAttribute": "event", "destinationXdmPath": "_tributary.event_name", "identity": False}
            ],
        },
        shape=("id", "version", "createdDate", "modifiedDate", "createdBy", "modifiedBy"),
    ),
    Ask(
        "POST",
        f"{MAPPING}/mappingSets/validate",
        body={"xdmSchema": "{schema}", "mappings": tutorial.MAPPINGS},
        shape=("validationResponse.0.status",),
    ),
    Ask(
        "POST",
        f"{MAPPING}/mappingSets/preview",
        body={
            "data": {"event": "Purchase", "properties": {"time": 1772366400, "distinct_id": "a", "$insert_id": "b"}},
            "mappingSet": {"xdmSchema": "{schema}", "mappings": tutorial.MAPPINGS},
        },
        shape=("0.data._id", "0.data._tributary.event_name"),
    ),
    Ask("POST", f"{MAPPING}/languages/el/validate", body={"expression": "upper(event)"}),
    Ask("POST", f"{XDM}/tenant/fieldgroups", 201, body=FIELD_GROUP, shape=("$id", "meta:altId", "version")),
    Ask("POST", f"{XDM}/tenant/descriptors", 201, body=DESCRIPTOR, shape=("@id",)),
    Ask("DELETE", f"{XDM}/tenant/schemas/{{schemaPath}}", 400),
    Ask(
        "POST",
        f"{CATALOG}/dataSets?requestDataSource=False",
        201,
        body={
            "name": "From the sheet",
            "schemaRef": {"id": "{schema}", "contentType": f"{XED}+json;version=1"},
            "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
            "tags": {"unifiedProfile": ["enabled:true"]},
            "enableErrorDiagnostics": True,
        },
        shape=("0",),
    ),
    Ask(
        "PATCH",
        f"{CATALOG}/dataSets/{{dataset}}",
        body=[{"op": "add", "path": "/description", "value": "From the sheet"}],
        headers={"Content_Type": PATCH_TYPE},
        shape=("0",),
    ),
    Ask("PATCH", f"{CATALOG}/v2/dataSets/{{dataset}}", body={"description": "From the sheet"}, shape=("0",)),
]


@pytest.fixture
def flow(shop: Shop) -> str:
    """Its first run is years ahead."""
    schedule = {"startTime": "4000000000", "frequency": "day", "interval": "1", "backfill": False}
    return shop.flow(scheduleParams=schedule)


@pytest.fixture
def ids(shop: Shop, flow: str) -> dict[str, Any]:
    """Of a flow, everything around it, and a run that ended."""
    run = make_run(Dataflow.objects.get())
    make_window(run)
    return ids_of(shop, flow, run)


@pytest.fixture
def ids_of_a_real_run(shop: Shop, flow: str) -> dict[str, Any]:
    """The run has read a day of the sample."""
    params = {"windowStartTime": int(time.time()) - 2 * DAY, "windowEndTime": int(time.time()) - 2 * DAY}
    assert shop.program.post("/runs", {"flowId": flow, "params": params}).status_code == 201
    shop.work()
    return ids_of(shop, flow, Run.objects.get())


def ids_of(shop: Shop, flow: str, run: Run) -> dict[str, Any]:
    schema, program = schema_id(Schema.objects.get()), shop.program
    return {
        "base": str(shop.account.uuid),
        "baseEtag": program.one(f"/connections/{shop.account.uuid}")["etag"],
        "source": shop.ids["sourceConnections"],
        "target": shop.ids["targetConnections"],
        "mapping": shop.ids["mappingSets"],
        "flow": flow,
        "flowEtag": program.one(f"/flows/{flow}")["etag"],
        "run": str(run.uuid),
        "runEtag": program.one(f"/runs/{run.uuid}")["etag"],
        "batch": batch_id(run.uuid),
        "dataset": dataset_id(shop.dataset.uuid),
        "schema": schema,
        "schemaPath": quote(schema, safe=""),
        "mixpanel": tutorial.MIXPANEL_SPEC,
        "dataLake": tutorial.DATA_LAKE_SPEC,
        "flowSpec": tutorial.FLOW_SPEC,
        "yesterday": int(time.time()) - DAY,
    }


def filled(value: Any, ids: dict[str, Any]) -> Any:
    """``{name}`` becomes the id of that name, in text as in bodies."""
    if isinstance(value, dict):
        return {name: filled(each, ids) for name, each in value.items()}
    if isinstance(value, list):
        return [filled(each, ids) for each in value]
    if isinstance(value, str):
        for name, known in ids.items():
            if value == f"{{{name}}}":
                return known
            value = value.replace(f"{{{name}}}", str(known))
    return value


def found(answer: Any, path: str) -> Any:
    """What lies at ``a.0.b``; names may hold dots of their own as long as they are the whole rest."""
    if isinstance(answer, dict) and path in answer:
        return answer[path]
    name, _, rest = path.partition(".")
    below = answer[int(name)] if isinstance(answer, list) else answer[name]
    return found(below, rest) if rest else below


def send(shop: Shop, ask: Ask, ids: dict[str, Any]) -> Any:
    path = filled(ask.path, {**ids, "schema": ids["schemaPath"]})
    return shop.program.call(ask.method, path, filled(ask.body, ids), **filled(ask.headers, ids))


def holds(answer: Any, ask: Ask, ids: dict[str, Any]) -> None:
    assert answer.status_code == ask.status, f"{ask}: {answer.content[:400]!r}"
    if ask.code:
        assert answer.json()["report"]["error-code"] == ask.code, str(ask)
    for path in ask.shape:
        assert found(answer.json(), filled(path, ids)) is not None, f"{ask}: {path}"


def test_what_is_read_is_answered_as_published_and_without_the_secret(
    shop: Shop, ids_of_a_real_run: dict[str, Any]
) -> None:
    told = b""
    for ask in READING:
        answer = send(shop, ask, ids_of_a_real_run)
        holds(answer, ask, ids_of_a_real_run)
        told += answer.content
    assert USERNAME.encode() in told
    assert SECRET.encode() not in told


@pytest.mark.parametrize("ask", WRITING, ids=str)
def test_what_is_written_is_answered_as_published(shop: Shop, ids: dict[str, Any], ask: Ask) -> None:
    holds(send(shop, ask, ids), ask, ids)
