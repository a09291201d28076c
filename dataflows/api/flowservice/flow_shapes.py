"""A dataflow as the Flow Service tells it, and what makes one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Q, Subquery
from django.http import HttpRequest
from ninja import Field

from connectors.roles import User
from dataflows.api.answers import Open
from dataflows.api.conversion import mappings
from dataflows.api.filters import Choice, Condition, Constant, Id, Moment, Text, uuid_of
from dataflows.api.flowservice import ids, schedules
from dataflows.api.flowservice.connections import SpecReference
from dataflows.api.flowservice.envelope import framed
from dataflows.api.flowservice.run_status import status_of
from dataflows.api.listing import Item, Resource
from dataflows.api.moments import millis
from dataflows.api.sent import Sent
from dataflows.messages import message_for
from dataflows.models import Dataflow, Run
from dataflows.models.dataflow import DataflowQuerySet

HEAVY = ("mapping", "mapping_draft", "mapping_before", "sample", "time_evidence", "new_dataset_description")
# Of these a flow tells the id alone.
RELATED = ("account", "source_connection", "target_connection", "mapping_set")
SPEC = {"id": ids.FLOW_SPEC, "version": ids.VERSION}
SOURCE_SPEC = {"id": ids.MIXPANEL_SPEC, "version": ids.VERSION}
TARGET_SPEC = {"id": ids.DATA_LAKE_SPEC, "version": ids.VERSION}


class Options(Open):
    """Without ``partialIngestionPercent`` a day with any bad record is not loaded."""

    errorDiagnosticsEnabled: bool = True
    partialIngestionPercent: float | None = Field(None, gt=0, le=100)


class TransformationParams(Open):
    mappingId: str = Field(max_length=100)
    mappingVersion: int | str | None = None


class Transformation(Open):
    name: str = Field(max_length=40)
    params: TransformationParams


class FlowBody(Sent):
    """``options`` left out mean diagnostics and a threshold of 5 percent, as on the pages."""

    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    flowSpec: SpecReference
    sourceConnectionIds: list[str] = Field([], max_length=10)
    targetConnectionIds: list[str] = Field([], max_length=10)
    options: Options | None = None
    transformations: list[Transformation] = Field([], max_length=10)
    scheduleParams: dict[str, Any] | None = None
    state: str | None = Field(None, description="May not be sent: a flow is made enabled, or as a draft.")


def visible(user: User) -> DataflowQuerySet:
    """With all that ``item`` shows, in one query."""
    newest = Run.objects.filter(dataflow=OuterRef("pk")).order_by("-created_at", "-pk")
    flows = Dataflow.objects.visible_to(user).annotate(
        last_run_id=Subquery(newest.values("pk")[:1]), last_run_started=Subquery(newest.values("started_at")[:1])
    )
    own = [field.name for field in Dataflow._meta.concrete_fields if field.name not in HEAVY]
    people = ("created_by__username", "updated_by__username")
    found: DataflowQuerySet = flows.select_related(*RELATED, "created_by", "updated_by").only(
        *own, *(f"{name}__uuid" for name in RELATED), *people
    )
    return found


def items(request: HttpRequest, flows: Sequence[Dataflow]) -> list[Item]:
    wanted = [flow.last_run_id for flow in flows if flow.last_run_id]  # type: ignore[attr-defined]
    runs = Run.objects.only("uuid", "status", "created_at", "started_at", "finished_at").in_bulk(wanted)
    return [item(request, flow, runs.get(flow.last_run_id)) for flow in flows]  # type: ignore[attr-defined]


def item(request: HttpRequest, flow: Dataflow, last: Run | None = None) -> Item:
    source, target = flow.source_connection, flow.target_connection
    is_mapped = flow.mapping_version > 0 or flow.mapping_set_id is not None
    body: dict[str, Any] = {
        "name": flow.name,
        "description": flow.description,
        "state": flow.status,
        "flowSpec": SPEC,
        "sourceConnectionIds": [str(source.uuid)] if source else [],
        "targetConnectionIds": [str(target.uuid)] if target else [],
        "inheritedAttributes": _inherited(flow),
        "options": options_of(flow),
        "transformations": [{"name": "Mapping", "params": mappings.reference(flow)}] if is_mapped else [],
        "runs": f"/runs?property=flowId=={flow.uuid}",
        "lastOperation": _last_operation(flow),
    }
    if schedules.is_given(flow):
        body["scheduleParams"] = schedules.written(flow)
    if last is not None:
        body["lastRunDetails"] = _last_run(last)
    return framed(request, flow, body)


def options_of(flow: Dataflow) -> dict[str, Any]:
    options: dict[str, Any] = {"errorDiagnosticsEnabled": flow.error_diagnostics}
    if flow.partial_ingestion:
        percent = float(flow.error_threshold)
        options["partialIngestionPercent"] = int(percent) if percent.is_integer() else percent
    return options


def _inherited(flow: Dataflow) -> dict[str, Any]:
    source, target, account = flow.source_connection, flow.target_connection, flow.account
    inherited: dict[str, Any] = {"properties": {"isSourceFlow": True, "isDestinationFlow": False}}
    inherited["sourceConnections"] = []
    if account is not None:
        known: dict[str, Any] = {"id": str(source.uuid)} if source else {}
        base = {"id": str(account.uuid), "connectionSpec": SOURCE_SPEC}
        inherited["sourceConnections"] = [{**known, "connectionSpec": SOURCE_SPEC, "baseConnection": base}]
    inherited["targetConnections"] = [{"id": str(target.uuid), "connectionSpec": TARGET_SPEC}] if target else []
    return inherited


def _last_operation(flow: Dataflow) -> dict[str, Any]:
    """A flow that was paused because only a person can help says why."""
    errors = []
    if flow.status_reason:
        message = message_for(flow.status_reason)
        errors = [{"code": flow.status_reason, "message": f"{message.what} {message.todo}"}]
    status = {"value": "failed" if errors else "success", "errors": errors}
    return {"started": millis(flow.created_at), "percentCompleted": 100, "status": status, "operation": "create"}


def _last_run(run: Run) -> dict[str, Any]:
    details: dict[str, Any] = {"id": str(run.uuid), "state": status_of(run.status)}
    details["startedAtUTC"] = millis(run.started_at or run.created_at)
    if run.finished_at:
        details["completedAtUTC"] = millis(run.finished_at)
    return details


class _MappingId:
    """A set that was given to the flow, or the flow's own."""

    def query(self, condition: Condition) -> Q:
        given, own = Id("mapping_set__uuid", uuid_of), Id("uuid", uuid_of)
        positive = Condition(condition.path, "==", condition.values)
        found = given.query(positive) | own.query(positive)
        given.query(condition)  # refuses operators that ids do not take
        return ~found if condition.operator == "!=" else found


RESOURCE = Resource(
    path="/flows",
    fields={
        "id": Id("uuid", uuid_of),
        "name": Text("name"),
        "description": Text("description"),
        "state": Choice({word: Q(status=word) for word in ("enabled", "disabled", "draft")}),
        "flowSpec.id": Constant(ids.FLOW_SPEC),
        "flowSpec.name": Constant("RestStorageToAEP"),
        "sourceConnectionIds": Id("source_connection__uuid", uuid_of),
        "targetConnectionIds": Id("target_connection__uuid", uuid_of),
        "transformations.params.mappingId": _MappingId(),
        "inheritedAttributes.properties.isSourceFlow": Constant("true"),
        "inheritedAttributes.properties.isDestinationFlow": Constant("false"),
        "inheritedAttributes.sourceConnections.id": Id("source_connection__uuid", uuid_of),
        "inheritedAttributes.sourceConnections.connectionSpec.id": Constant(ids.MIXPANEL_SPEC),
        "inheritedAttributes.sourceConnections.baseConnection.id": Id("account__uuid", uuid_of),
        "inheritedAttributes.targetConnections.id": Id("target_connection__uuid", uuid_of),
        "inheritedAttributes.targetConnections.connectionSpec.id": Constant(ids.DATA_LAKE_SPEC),
        "lastRunDetails.startedAtUTC": Moment("last_run_started"),
        "createdAt": Moment("created_at"),
        "updatedAt": Moment("updated_at"),
    },
    sorts={"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"},
    items=items,
    optional=("scheduleParams",),
)
