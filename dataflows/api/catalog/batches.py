"""Batches: what each run loaded into its dataset."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Field, Query, Router

from connectors.roles import User
from dataflows.api import datasets, errors, listing
from dataflows.api.access import reader
from dataflows.api.answers import answers
from dataflows.api.authentication import SANDBOX_ID
from dataflows.api.batches import batch_id, dataset_id, run_uuid
from dataflows.api.catalog.data_sets import last_runs
from dataflows.api.catalog.paging import CatalogQuery, ordered, projected
from dataflows.api.catalog.run_status import WORDS, status_of
from dataflows.api.flowservice import run_records, run_shapes
from dataflows.api.flowservice.envelope import client_of
from dataflows.api.flowservice.run_records import Records
from dataflows.api.moments import millis
from dataflows.messages import message_for
from dataflows.models import Run
from dataflows.models.run import RunQuerySet

router = Router(tags=["Catalog: batches"], by_alias=True)
KIND = "batch"
COLUMNS = {"created": "created_at", "createdAt": "created_at"}
LATEST = 253402300799999  # the last millisecond of the year 9999


class BatchQuery(CatalogQuery):
    """Times are epoch milliseconds."""

    dataSet: str | None = Field(None, max_length=100)
    status: str | None = Field(None, max_length=40)
    createdAfter: int | None = Field(None, ge=0, le=LATEST)
    createdBefore: int | None = Field(None, ge=0, le=LATEST)
    startAfter: int | None = Field(None, ge=0, le=LATEST)
    endBefore: int | None = Field(None, ge=0, le=LATEST)


class LastQuery(CatalogQuery):
    dataSetId: str | None = Field(None, max_length=100)


TIMES = {
    "createdAfter": "created_at__gt",
    "createdBefore": "created_at__lt",
    "startAfter": "started_at__gt",
    "endBefore": "finished_at__lt",
}


@router.get("/batches", response=answers(dict[str, Any]))
def batches(request: HttpRequest, query: Query[BatchQuery]) -> JsonResponse:
    """Batches by their ids."""
    listing.check_parameters(request, BatchQuery.model_fields)
    found = _wanted(visible(reader(request)), request.user, query)
    page = list(ordered(found, query.orderBy, COLUMNS)[query.start : query.start + query.limit])
    records = run_records.of_runs(page)
    items = {batch_id(run.uuid): item(request, run, records[run.pk]) for run in page}
    return JsonResponse(projected(items, query.properties))


@router.get("/batches/{batch}", response=answers(dict[str, Any]))
def batch(request: HttpRequest, batch: str) -> JsonResponse:
    """One batch by its id."""
    listing.check_parameters(request, ())
    run = find(reader(request), batch)
    return JsonResponse({batch: item(request, run, run_records.of_run(run))})


@router.get("/lastBatches", response=answers(dict[str, Any]))
def last_batches(request: HttpRequest, query: Query[LastQuery]) -> JsonResponse:
    """The newest batches of datasets, by dataset."""
    listing.check_parameters(request, LastQuery.model_fields)
    if query.dataSetId:
        wanted = [datasets.find(reader(request), query.dataSetId)]
    else:
        wanted = datasets.page(reader(request), query.start, query.limit)
    last = last_runs(wanted)
    return JsonResponse({dataset_id(each.uuid): _last(last.get(each.pk, {})) for each in wanted})


def visible(user: User) -> RunQuerySet:
    """A dry run loads nothing and is no batch."""
    found: RunQuerySet = Run.objects.visible_to(user).filter(dry_run=False, dataflow__dataset__isnull=False)
    return found.select_related("dataflow__dataset", "requested_by").defer(
        "mapping", "error_trace", "dataflow__mapping", "dataflow__sample"
    )


def find(user: User, batch: str) -> Run:
    """Raises ApiError 1101-404."""
    wanted = run_uuid(batch)
    found = visible(user).filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, batch)
    return found


def _wanted(found: RunQuerySet, user: User, query: BatchQuery) -> RunQuerySet:
    if query.dataSet:
        found = found.filter(dataflow__dataset=datasets.find(user, query.dataSet))
    if query.status:
        known = WORDS.get(query.status.lower())
        if known is None:
            raise errors.bad_value("status", f"There is no status {query.status}.", f"Use {', '.join(WORDS)}.")
        found = found.filter(status__in=known)
    for name, lookup in TIMES.items():
        moment = getattr(query, name)
        if moment is not None:
            found = found.filter(**{lookup: datetime.fromtimestamp(moment / 1000, UTC)})
    return found


def item(request: HttpRequest, run: Run, records: Records) -> dict[str, Any]:
    flow = run.dataflow
    author = run.requested_by.get_username() if run.requested_by else "system"
    told: dict[str, Any] = {
        "status": status_of(run.status),
        "version": "1.0.0",
        "imsOrg": client_of(request).org_id,
        "sandboxId": SANDBOX_ID,
        "created": millis(run.created_at),
        "updated": millis(run.finished_at or run.started_at or run.created_at),
        "createdClient": author,
        "createdUser": f"{author}@AdobeID",
        "relatedObjects": [{"type": "dataSet", "id": dataset_id(flow.writes_to.uuid)}],
        "tags": {
            "flowId": [str(flow.uuid)],
            "runId": [str(run.uuid)],
            "acp_enableErrorDiagnostics": [str(flow.error_diagnostics).lower()],
            "acp_partialIngestionPercent": [f"{flow.error_threshold:f}" if flow.partial_ingestion else "0"],
        },
        "metrics": _metrics(run, records),
        "errors": _errors(run, records),
    }
    if run.started_at:
        told["started"] = millis(run.started_at)
    if run.finished_at:
        told["completed"] = millis(run.finished_at)
    return told


def _metrics(run: Run, records: Records) -> dict[str, int]:
    return {
        "inputByteSize": records.size,
        "inputFileCount": records.windows,
        "inputRecordCount": records.received,
        "outputRecordCount": records.loaded,
        "outputFileCount": records.published,
        "partitionCount": run.day_count,
        "failedRecordCount": records.failed,
        "recordsSize": records.size,
        "invalidRecordCount": records.rejected,
    }


def _errors(run: Run, records: Records) -> list[dict[str, Any]]:
    found = [
        {"code": each["code"], "description": each["message"], "recordCount": each.get("recordCount", 0)}
        for each in run_shapes.extended(records)
    ]
    if run.error_code:
        found.insert(0, {"code": run.error_code, "description": message_for(run.error_code).what})
    return found


def _last(told: Mapping[str, Any]) -> dict[str, Any]:
    names = {"lastSuccessfulBatch": "lastSuccessfulBatchId", "lastFailedBatch": "lastFailedBatchId"}
    return {names.get(name, name): value for name, value in told.items()}
