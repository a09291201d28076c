"""Datasets: listed, made, renamed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from django.db.models import Max, Q
from django.http import HttpRequest, JsonResponse
from ninja import Body, Field, Query, Router

from connectors import audit
from connectors.errors import ConnectorError
from connectors.roles import User
from dataflows import stores
from dataflows.api import datasets, errors, etags, listing, patches, schemas, spelling
from dataflows.api.access import editor, reader
from dataflows.api.answers import Open, answers
from dataflows.api.authentication import SANDBOX_ID
from dataflows.api.batches import batch_id, dataset_id
from dataflows.api.catalog.paging import CatalogQuery, ordered, projected
from dataflows.api.catalog.run_status import status_of
from dataflows.api.errors import ApiError
from dataflows.api.flowservice.connections import name_taken
from dataflows.api.flowservice.envelope import client_of
from dataflows.api.moments import millis
from dataflows.models import Dataset, Run
from dataflows.runs import dataset_deletion, dataset_making

router = Router(tags=["Catalog: datasets"], by_alias=True)
COLUMNS = {"created": "created_at", "name": "name"}
PATCHABLE = ("/name", "/description")
NOTHING: Mapping[str, Any] = {}
EMPTY = {"rowCount": 0, "storageSize": 0}


class SchemaRef(Open):
    id: str = Field(max_length=500)


class DatasetBody(Open):
    """Tags, file descriptions and the like are AEP's own and read over."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    schemaRef: SchemaRef


class DatasetWhole(Open):
    """What a PUT replaces; the schema may be repeated, and stays."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    schemaRef: SchemaRef | None = None


class DatasetQuery(CatalogQuery):
    name: str | None = Field(None, max_length=255)
    property: str | None = Field(None, max_length=500, description="`name~^text`, `name==text`, `schemaRef.id==…`")


class Words(Open):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)


@router.get("/dataSets", response=answers(dict[str, Any]))
def data_sets(request: HttpRequest, query: Query[DatasetQuery]) -> JsonResponse:
    """Datasets by their ids."""
    listing.check_parameters(request, DatasetQuery.model_fields)
    found = Dataset.objects.visible_to(reader(request)).select_related("schema", "created_by")
    if query.name:
        found = found.filter(name=query.name)
    if query.property:
        found = found.filter(_condition(query.property))
    page = list(ordered(found, query.orderBy, COLUMNS)[query.start : query.start + query.limit])
    held: dict[int, dict[str, Any]] = {}
    with suppress(ConnectorError):  # The list does without the lake; a single dataset says what is wrong with it.
        held = _held(page)
    items = {dataset_id(each.uuid): item(request, each, held.get(each.pk, NOTHING)) for each in page}
    return JsonResponse(projected(items, query.properties))


@router.post("/dataSets", response=answers(list[str], status=201, changes=True))
def data_set_create(request: HttpRequest, body: DatasetBody, requestDataSource: bool | None = None) -> JsonResponse:
    """Make a dataset of a schema, with an empty table."""
    by = editor(request)
    listing.check_parameters(request, ("requestDataSource",))
    schema = schemas.find(by, body.schemaRef.id)
    try:
        dataset = dataset_making.make(body.name, body.description, schema, by=by)
    except dataset_making.NameTaken as error:
        raise name_taken("dataset", body.name) from error
    audit.record(by, dataset, audit.ADDED)
    answer = JsonResponse([f"@/dataSets/{dataset_id(dataset.uuid)}"], status=201, safe=False)
    answer["Location"] = f"/data/foundation/catalog/dataSets/{dataset_id(dataset.uuid)}"
    return answer


@router.get("/dataSets/{data_set_id}", response=answers(dict[str, Any]))
def data_set(request: HttpRequest, data_set_id: str) -> JsonResponse:
    """One dataset by its id, with what its table holds."""
    listing.check_parameters(request, ())
    found = datasets.find(reader(request), data_set_id)
    whole = item(request, found, {**last_runs([found])[found.pk], **_held([found])[found.pk]})
    answer = JsonResponse({dataset_id(found.uuid): whole})
    answer["ETag"] = etags.stamped(_words(found))["etag"]
    return answer


@router.put("/dataSets/{data_set_id}", response=answers(list[str], changes=True))
def data_set_put(request: HttpRequest, data_set_id: str, body: DatasetWhole) -> JsonResponse:
    """Replace name and description; a dataset keeps the schema it was made of."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = datasets.find(by, data_set_id)
    etags.check(request, etags.stamped(_words(found)), needed=False)
    if body.schemaRef and schemas.find(by, body.schemaRef.id).pk != found.schema_id:
        words = "A dataset keeps the schema it was made of."
        raise errors.bad_value("schemaRef.id", words, "Leave schemaRef out, or make another dataset.")
    return _renamed(by, found, body.model_dump())


@router.delete("/dataSets/{data_set_id}", response=answers(list[str], changes=True))
def data_set_delete(request: HttpRequest, data_set_id: str) -> JsonResponse:
    """Delete the dataset with its table and all data in it, if no dataflow writes into it."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = datasets.find(by, data_set_id)
    etags.check(request, etags.stamped(_words(found)), needed=False)
    _delete(by, found)
    return JsonResponse([f"@/dataSets/{dataset_id(found.uuid)}"], safe=False)


@router.patch("/dataSets/{data_set_id}", response=answers(list[str], changes=True))
def data_set_patch(request: HttpRequest, data_set_id: str, body: Body[list[Any] | dict[str, Any]]) -> JsonResponse:
    """A JSON Patch of name and description; If-Match is kept when it is sent."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = datasets.find(by, data_set_id)
    current = etags.stamped(_words(found))
    etags.check(request, current, needed=False)
    return _renamed(by, found, patches.applied(current, body, PATCHABLE))


@router.patch("/v2/dataSets/{data_set_id}", response=answers(list[str], changes=True))
def data_set_merge(request: HttpRequest, data_set_id: str, body: Body[dict[str, Any]]) -> JsonResponse:
    """Name and description as plain JSON; what else AEP keeps here is read over."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = datasets.find(by, data_set_id)
    current = etags.stamped(_words(found))
    etags.check(request, current, needed=False)
    spelling.check(body, list(Words.model_fields))
    return _renamed(by, found, {**current, **body})


def item(request: HttpRequest, dataset: Dataset, more: Mapping[str, Any] = NOTHING) -> dict[str, Any]:
    author = dataset.created_by.get_username() if dataset.created_by else "system"
    key = dataset_id(dataset.uuid)
    return {
        "name": dataset.name,
        "description": dataset.description,
        "version": "1.0.0",
        "imsOrg": client_of(request).org_id,
        "sandboxId": SANDBOX_ID,
        "created": millis(dataset.created_at),
        "updated": millis(dataset.created_at),
        "createdClient": author,
        "createdUser": f"{author}@AdobeID",
        "updatedUser": f"{author}@AdobeID",
        "state": "ENABLED",
        "tags": {"adobe/pqs/table": [dataset.table]},
        "files": f"@/dataSetFiles?dataSetId={key}",
        "schemaRef": {
            "id": schemas.schema_id(dataset.schema),
            "contentType": f"application/vnd.adobe.xed+json;version={dataset.schema.version}",
        },
        "fileDescription": {"persisted": True, "containerFormat": "parquet", "format": "parquet"},
        "classification": {"dataBehavior": "time-series", "managedBy": "CUSTOMER"},
        **more,
    }


def last_runs(found: Sequence[Dataset]) -> dict[int, dict[str, Any]]:
    """Of each dataset the newest batch, and the newest of either outcome; one query for all."""
    runs = Run.objects.filter(dataflow__dataset__in=found, dry_run=False).order_by()
    newest = runs.values("dataflow__dataset_id", "status").annotate(newest=Max("pk"))
    pairs = list(newest.values_list("dataflow__dataset_id", "newest"))
    known = Run.objects.only("uuid", "status").in_bulk([pk for _, pk in pairs])
    return {
        dataset.pk: _told([known[pk] for owner, pk in pairs if owner == dataset.pk and pk in known])
        for dataset in found
    }


def _told(runs: list[Run]) -> dict[str, Any]:
    if not runs:
        return {}
    newest = sorted(runs, key=lambda run: run.pk, reverse=True)
    told: dict[str, Any] = {
        "lastBatchId": batch_id(newest[0].uuid),
        "lastBatchStatus": status_of(newest[0].status),
    }
    for name, wanted in (("lastSuccessfulBatch", "success"), ("lastFailedBatch", "failed")):
        found = next((run for run in newest if status_of(run.status) == wanted), None)
        if found:
            told[name] = batch_id(found.uuid)
    return told


def _held(found: Sequence[Dataset]) -> dict[int, dict[str, Any]]:
    """What the table of each dataset holds; one question to the lake for all. Raises LakeUnavailable."""
    lake = stores.lake()
    states = lake.states(dataset.table for dataset in found)
    metrics = {dataset.pk: dict(EMPTY) for dataset in found}
    for dataset in found:
        if state := states.get(dataset.table):
            summary = lake.summary_of(state)
            metrics[dataset.pk] = {"rowCount": summary.rows, "storageSize": summary.size}
    return {pk: {"extensions": {"adobe_lakeHouse": {"metrics": each}}} for pk, each in metrics.items()}


def _delete(by: User, dataset: Dataset) -> None:
    """Raises ApiError 1418-400 while dataflows write into it, LakeUnavailable."""
    try:
        with audit.deleting(by, dataset):
            dataset_deletion.delete(dataset)
    except dataset_deletion.InUse as error:
        remedy = "Delete the dataflows first."
        raise errors.in_use("1418-400", "dataset", str(error), remedy, "dataset_in_use") from error


def _words(dataset: Dataset) -> dict[str, Any]:
    return {"id": dataset_id(dataset.uuid), "name": dataset.name, "description": dataset.description}


def _renamed(by: User, dataset: Dataset, wanted: Mapping[str, Any]) -> JsonResponse:
    words = patches.read(Words, {"name": wanted.get("name"), "description": wanted.get("description") or ""})
    try:
        dataset_making.rename(dataset, words.name, words.description)
    except dataset_making.NameTaken as error:
        raise name_taken("dataset", words.name) from error
    audit.record(by, dataset, audit.CHANGED)
    return JsonResponse([f"@/dataSets/{dataset_id(dataset.uuid)}"], safe=False)


def _condition(text: str) -> Q:
    """``name~^text`` begins with, ``name~text`` contains, ``name==text`` is."""
    for sign, lookup in (("==", "exact"), ("~^", "startswith"), ("~", "icontains")):
        name, found, value = text.partition(sign)
        if found and name == "name":
            return Q(**{f"name__{lookup}": value})
        if found and name == "schemaRef.id" and sign == "==":
            return Q(**{"schema__document__$id": value})
    raise ApiError(
        "1423-400",
        "Filter not valid",
        f"This filter cannot be read: {text[:200]}.",
        remedy="Write name~^text, name~text, name==text or schemaRef.id==id.",
        ours="filter_field",
    )
