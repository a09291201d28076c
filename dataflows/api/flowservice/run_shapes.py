"""A run as the Flow Service tells it: what came in, what went out, what failed, and where the evidence lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q
from django.http import HttpRequest

from connectors.messages import MESSAGES as CONNECTOR_MESSAGES
from connectors.roles import User
from dataflows.api.batches import batch_id
from dataflows.api.filters import Choice, Constant, Id, Moment, Number, Text, uuid_of
from dataflows.api.flowservice import ids, run_records
from dataflows.api.flowservice.envelope import framed
from dataflows.api.flowservice.run_records import Records, printable
from dataflows.api.flowservice.run_status import WORDS, status_of
from dataflows.api.listing import Item, Resource
from dataflows.api.moments import millis
from dataflows.messages import message_for
from dataflows.models import Run, RunStatus
from dataflows.models.run import RunQuerySet
from dataflows.scheduling import midnight

COPY, PROCESS, CREATE = "CONNECTOR-1001-500", "CONNECTOR-2001-500", "CONNECTOR-3001-500"
LAKE_CODES = ("lake_unavailable", "lake_conflict", "storage_full")


def visible(user: User) -> RunQuerySet:
    """With all that ``item`` shows."""
    related = ("dataflow__source_connection", "dataflow__target_connection", "requested_by")
    light = ("uuid", "source_connection__uuid", "target_connection__uuid", "timezone", "time_semantic")
    heavy = ("mapping", "error_trace")
    found: RunQuerySet = Run.objects.visible_to(user).select_related(*related).defer(*heavy)
    return found.only(
        *(field.name for field in Run._meta.concrete_fields if field.name not in heavy),
        *(f"dataflow__{name}" for name in light),
        "requested_by__username",
    )


def items(request: HttpRequest, runs: Sequence[Run]) -> list[Item]:
    records, place = run_records.of_runs(runs), _exports(request)
    return [item(request, run, records[run.pk], place) for run in runs]


def whole(request: HttpRequest, run: Run) -> Item:
    return item(request, run, run_records.of_run(run), _exports(request))


def item(request: HttpRequest, run: Run, records: Records, exports: str) -> Item:
    """``exports``: the address below which the evidence of batches lies."""
    flow, batch = run.dataflow, batch_id(run.uuid)
    meta = f"{exports}/batches/{batch}/meta?path="
    updated = run.finished_at or run.started_at or run.created_at
    body: dict[str, Any] = {
        "flowId": str(flow.uuid),
        "flowSpec": {"id": ids.FLOW_SPEC, "version": ids.VERSION},
        "providerRefId": f"M-{flow.uuid}-{run.trigger}-0:{run.uuid}",
        "metrics": _metrics(run, records, meta),
        "activities": [_copy(run, records), _promotion(run, records, batch, meta)],
    }
    if run.requested_by_id:
        body["params"] = _window(run)
    return framed(request, run, body, updated=updated)


def _metrics(run: Run, records: Records, meta: str) -> dict[str, Any]:
    return {
        "durationSummary": _duration(run),
        "sizeSummary": {"inputBytes": records.size, "outputBytes": -1},
        "recordSummary": records.summary,
        "fileSummary": records.files
        | {
            "activityRefs": [ids.PROMOTION_ACTIVITY],
            "manifest": {"fileInfo": [{"path": f"{meta}input_files"}]},
        },
        "statusSummary": {
            "status": status_of(run.status),
            "errors": _errors(run),
            "activityRefs": [ids.COPY_ACTIVITY, ids.PROMOTION_ACTIVITY],
        },
    }


def _duration(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = {"startedAtUTC": millis(run.started_at or run.created_at)}
    if run.finished_at:
        found["completedAtUTC"] = millis(run.finished_at)
    return found


def _window(run: Run) -> dict[str, int]:
    """The days of the run in epoch seconds, as an on-demand run is asked for them."""
    first, last = _edges(run)
    return {"windowStartTime": first // 1000, "windowEndTime": last // 1000}


def _edges(run: Run) -> tuple[int, int]:
    """Where the first day begins and the last one ends, in epoch milliseconds."""
    zone = run.dataflow.day_zone
    return millis(midnight(run.first_day, zone)), millis(midnight(run.last_day, zone, after=True))


# --- what went wrong ----------------------------------------------------------------------------------------------
def _errors(run: Run) -> list[dict[str, str]]:
    """In the words of AEP: which phase failed; our own code and what to do are in the text and in ``details``."""
    if run.status == RunStatus.CANCELLED:
        return [{"code": PROCESS, "message": "The run was cancelled.", "details": "cancelled"}]
    if not run.error_code:
        return []
    message = message_for(run.error_code)
    words = f"{message.what} {printable(run.error_detail)} {message.todo}"
    return [{"code": _phase(run.error_code), "message": " ".join(words.split()), "details": run.error_code}]


def _phase(code: str) -> str:
    if code in LAKE_CODES:
        return CREATE
    return COPY if code in CONNECTOR_MESSAGES else PROCESS


# --- activities ---------------------------------------------------------------------------------------------------
def _copy(run: Run, records: Records) -> dict[str, Any]:
    first, last = _edges(run)
    failed = bool(run.error_code) and _phase(run.error_code) == COPY
    source = run.dataflow.source_connection
    return {
        "id": ids.COPY_ACTIVITY,
        "name": "Mixpanel Copy Activity",
        "updatedAtUTC": millis(run.finished_at or run.started_at or run.created_at),
        "durationSummary": _duration(run) | {"extensions": {"windowStart": first, "windowEnd": last}},
        "sizeSummary": {"inputBytes": records.size, "outputBytes": records.size},
        "recordSummary": {},
        "fileSummary": {"inputFileCount": records.windows, "outputFileCount": records.windows - records.broken},
        "statusSummary": {
            "status": "failed" if failed else _activity_status(run),
            "errors": _errors(run) if failed else [],
            "extensions": {"type": run.trigger},
        },
        "sourceInfo": [
            {
                "id": str(source.uuid) if source else "",
                "type": "SourceConnection",
                "reference": {"type": "AdfRunId", "ids": [str(run.uuid)]},
            }
        ],
    }


def _activity_status(run: Run) -> str:
    status = status_of(run.status)
    return status if status in ("scheduled", "inProgress") else "success"


def _promotion(run: Run, records: Records, batch: str, meta: str) -> dict[str, Any]:
    target = run.dataflow.target_connection
    return {
        "id": ids.PROMOTION_ACTIVITY,
        "name": "Promotion Activity",
        "updatedAtUTC": millis(run.finished_at or run.started_at or run.created_at),
        "durationSummary": _duration(run),
        "sizeSummary": {"inputBytes": records.size, "outputBytes": -1},
        "recordSummary": {name: n for name, n in records.summary.items() if isinstance(n, int)},
        "fileSummary": records.files | {"extensions": {"manifest": {"fileInfo": f"{meta}input_files"}}},
        "statusSummary": {
            "status": status_of(run.status),
            "errors": _errors(run),
            "extensions": {
                "manifest": {
                    "failedRecords": f"{meta}row_errors",
                    "sampleErrors": f"{meta}row_error_samples.json",
                },
                "errors": extended(records),
            },
        },
        "targetInfo": [
            {
                "id": str(target.uuid) if target else "",
                "type": "TargetConnection",
                "reference": {"type": "Batch", "ids": [batch]},
            }
        ],
    }


def extended(records: Records) -> list[dict[str, Any]]:
    if not records.failed:
        return []
    words = f"Encountered {records.failed} errors in the data. Successfully ingested {records.loaded} rows."
    return [{"code": "INGEST-1212-400", "message": words}, *records.failures]


def _exports(request: HttpRequest) -> str:
    return request.build_absolute_uri("/data/foundation/export")


RESOURCE = Resource(
    path="/runs",
    fields={
        "id": Id("uuid", uuid_of),
        "flowId": Id("dataflow__uuid", uuid_of),
        "flowSpec.id": Constant(ids.FLOW_SPEC),
        "createdAt": Moment("created_at"),
        "metrics.durationSummary.startedAtUTC": Moment("started_at"),
        "metrics.durationSummary.completedAtUTC": Moment("finished_at"),
        "metrics.statusSummary.status": Choice({word: Q(status__in=found) for word, found in WORDS.items()}),
        "metrics.recordSummary.inputRecordCount": Number("received"),
        "metrics.recordSummary.outputRecordCount": Number("loaded"),
        "metrics.recordSummary.failedRecordCount": Number("rejected"),
        "metrics.statusSummary.errors.details": Text("error_code"),
    },
    sorts={"createdAt": "created_at"},
    items=items,
    optional=("params",),
)
