"""Dataflows made and changed by programs: the body of a request → fields of a dataflow → the same domain calls."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import transaction

from connectors import projects
from connectors.base import Project
from connectors.errors import AskUser, ConnectorError
from connectors.roles import User, person
from dataflows import tasks
from dataflows.api import errors
from dataflows.api.conversion import mappings
from dataflows.api.errors import ApiError
from dataflows.api.flowservice import ids, schedules, source_connections, target_connections
from dataflows.api.flowservice.flow_shapes import FlowBody, Options
from dataflows.api.listing import Item
from dataflows.mapper import sampling
from dataflows.models import Dataflow
from dataflows.models.dataflow import TimeSemantic
from dataflows.runs import amending, launching, remapping

TWINS = timedelta(seconds=10)
DEFAULTS = {"partial_ingestion": True, "error_threshold": Decimal(5), "error_diagnostics": True}


def draft_from(body: FlowBody, *, by: User, now: datetime) -> Dataflow:
    """A dataflow that is not stored yet, with everything the body says. Raises ApiError."""
    if body.state is not None:
        raise ApiError("1410-400", "State not allowed", "A new flow has no state of its own.", ours="state_given")
    _check_spec(body)
    flow = Dataflow(name=body.name, description=body.description, created_by=person(by))
    connect(flow, body, by)
    for name, value in options(body.options).items():
        setattr(flow, name, value)
    map_draft(flow, body, by)
    plan(flow, body, now=now)
    return flow


def plan(flow: Dataflow, body: FlowBody, *, now: datetime) -> None:
    """Give a draft its schedule; without one the pages go on at that step. Raises ApiError."""
    flow.start_at, flow.reached = None, "schedule"
    if body.scheduleParams is not None:
        flow.reached = "review"
        for name, value in schedules.read(body.scheduleParams, flow.timezone, now=now, fresh=True).items():
            setattr(flow, name, value)


def refuse_twin(flow: Dataflow, *, now: datetime) -> None:
    """Clients send a request again when its answer was lost. Raises ApiError 409 for a flow made a moment ago."""
    alike = Dataflow.objects.filter(name=flow.name, created_by=flow.created_by, created_at__gt=now - TWINS)
    if alike.filter(source_connection=flow.source_connection, target_connection=flow.target_connection).exists():
        raise ApiError(
            "1409-409",
            "Made a moment ago",
            f"A flow “{flow.name[:80]}” between the same connections was made within the last seconds.",
            remedy="Look for it in the list of flows.",
            ours="duplicate",
        )


def launch(flow: Dataflow, *, by: User, now: datetime) -> None:
    """Make a complete draft a dataflow that runs. Raises ApiError for what is missing, and what activation raises."""
    _check_complete(flow)
    projects.check(flow.reads_from, flow.project_id, flow.timezone)
    know_times(flow, now=now)
    with transaction.atomic():
        flow.save(update_fields=["time_semantic", "time_evidence"] if flow.pk else None)
        run = launching.launch(flow, flow.revision, by=by, now=now)
        flow.refresh_from_db()
        if flow.mapping_set_id:
            flow.mapping_set_taken = flow.mapping_version
            flow.save(update_fields=["mapping_set_taken"])
    if run is not None:
        tasks.ring(run)


def _check_spec(body: FlowBody) -> None:
    if body.flowSpec.id != ids.FLOW_SPEC:
        raise errors.spec_invalid("Mixpanel flows have one specification.", f"Use flowSpec.id {ids.FLOW_SPEC}.")


def connect(flow: Dataflow, body: FlowBody, by: User) -> None:
    """Source and target by their ids, without storing the flow. Raises ApiError."""
    for name, given in (
        ("sourceConnectionIds", body.sourceConnectionIds),
        ("targetConnectionIds", body.targetConnectionIds),
    ):
        if len(given) > 1:
            raise errors.bad_value(name, "A flow has one source and one target.")
    if body.sourceConnectionIds:
        source = source_connections.find(by, body.sourceConnectionIds[0])
        flow.source_connection, flow.account = source, source.account
        flow.project_id, flow.timezone = source.project_id, source.timezone
        flow.project_name = project_name(source.account.projects, source.project_id)
        flow.time_semantic = source.time_semantic
        flow.time_evidence = "Set by the source connection." if source.time_semantic else ""
    if body.targetConnectionIds:
        target = target_connections.find(by, body.targetConnectionIds[0])
        flow.target_connection, flow.dataset = target, target.dataset


def project_name(projects: list[dict[str, Any]], project_id: str) -> str:
    return next((Project(**each).name[:255] for each in projects if each["id"] == project_id), "")


def options(given: Options | None) -> dict[str, Any]:
    """Partial ingestion without diagnostics would drop records without a trace."""
    if given is None:
        return dict(DEFAULTS)
    percent = given.partialIngestionPercent
    fields: dict[str, Any] = {
        "partial_ingestion": percent is not None,
        "error_diagnostics": given.errorDiagnosticsEnabled or percent is not None,
    }
    if percent is not None:
        fields["error_threshold"] = max(Decimal("0.01"), round(Decimal(str(percent)), 2))
    return fields


# --- mapping ------------------------------------------------------------------------------------------------------
def map_draft(flow: Dataflow, body: FlowBody, by: User) -> None:
    found = mapping_of(body, by)
    if found is None:
        return
    _check_schema(flow, found)
    flow.mapping = [dict(row) for row in found.rows]
    flow.mapping_set, flow.mapping_set_version = found.stored, found.version


def mapping_of(body: FlowBody, by: User) -> mappings.Found | None:
    """The mapping set that the transformations name. Raises ApiError 1419-400 for one there is not."""
    if not body.transformations:
        return None
    wanted = [each for each in body.transformations if each.name == "Mapping"]
    if len(wanted) != 1 or len(body.transformations) != 1:
        raise errors.bad_value("transformations", "Mixpanel flows have one transformation, called Mapping.")
    params = wanted[0].params
    try:
        return mappings.find(by, params.mappingId, _version(params.mappingVersion))
    except ApiError as error:
        if error.status != 404:
            raise
        words = f"There is no mapping set {params.mappingId[:80]}."
        raise ApiError("1419-400", "Mapping not valid", words, ours="mapping_unknown") from error


def _version(given: int | str | None) -> int | None:
    if given is None or given == "":
        return None
    text = str(given)
    if not text.isascii() or not text.isdigit() or len(text) > 9:
        raise ApiError("1412-400", "Mapping version not valid", f"“{text[:40]}” is no version.", ours="mapping_version")
    return int(text)


def _check_schema(flow: Dataflow, found: mappings.Found) -> None:
    if flow.dataset and found.schema and flow.dataset.schema_id != found.schema.pk:
        raise ApiError(
            "1425-400",
            "Schemas differ",
            f"The dataset has the schema “{flow.dataset.schema}”, the mapping set “{found.schema}”.",
            remedy="Make the mapping set for the schema of the dataset.",
            ours="schema_differs",
        )


# --- the last look before it is real ------------------------------------------------------------------------------
def _check_complete(flow: Dataflow) -> None:
    """Raises ApiError 1452-400 that names everything that is missing."""
    missing = [
        name
        for name, there in (
            ("name", flow.name),
            ("sourceConnectionIds", flow.account_id and flow.project_id and flow.timezone),
            ("targetConnectionIds", flow.dataset_id or (flow.new_dataset_name and flow.new_dataset_schema_id)),
            ("transformations", flow.mapping),
            ("scheduleParams", schedules.is_given(flow)),
        )
        if not there
    ]
    if missing:
        raise ApiError(
            "1452-400",
            "Flow not complete",
            f"The flow has no {', '.join(missing)}.",
            remedy="Add what is missing, or make a draft with ?mode=draft.",
            ours="incomplete",
            sub=[errors.Detail("missing", "This is needed.", name) for name in missing],
        )


def know_times(flow: Dataflow, *, now: datetime) -> None:
    """Find out what the times of the project mean, if nobody has said so.

    Where the data does not tell, UTC is assumed; a run that finds evidence against it stops before it publishes.
    Raises ConnectorError for what only a person can mend.
    """
    if flow.time_semantic:
        return
    try:
        seen = sampling.take(flow.reads_from, flow.project_id, flow.timezone, now=now)
    except ConnectorError as error:
        if isinstance(error, AskUser):
            raise
        flow.time_evidence = f"No sample could be read ({error.code}); UTC is assumed."
    else:
        flow.time_semantic, flow.time_evidence = seen.semantic, seen.evidence
    flow.time_semantic = flow.time_semantic or TimeSemantic.UTC


# --- changes ------------------------------------------------------------------------------------------------------
def change(
    flow: Dataflow, current: Item, wanted: Mapping[str, Any], body: FlowBody, *, by: User, now: datetime
) -> None:
    """Bring a live dataflow from what ``current`` says to what ``wanted`` says. Raises ApiError, MappingInvalid."""
    differs = differing(current, wanted)
    changes = _plain_changes(flow, differs, current, wanted, body, now)
    found = mapping_of(body, by) if "transformations" in differs else None
    if "transformations" in differs and found is None:
        raise errors.bad_value("transformations", "A flow that runs needs its mapping.", "Replace it instead.")
    try:
        with transaction.atomic():
            if changes:
                amending.amend(flow, changes, revision=flow.revision, by=by, now=now)
            if found is not None:
                _remap(flow, found, by=by, now=now)
    except (amending.Overtaken, remapping.MappingConflict) as error:
        raise overtaken() from error


def differing(current: Item, wanted: Mapping[str, Any]) -> set[str]:
    """The keys whose values change, come or go."""
    return {name for name in current.keys() | wanted.keys() if current.get(name) != wanted.get(name)}


def _plain_changes(
    flow: Dataflow, differs: set[str], current: Item, wanted: Mapping[str, Any], body: FlowBody, now: datetime
) -> dict[str, Any]:
    changes: dict[str, Any] = {name: getattr(body, name) for name in ("name", "description") if name in differs}
    if "options" in differs:
        changes |= options(body.options)
    if "scheduleParams" in differs:
        if body.scheduleParams is None:
            raise errors.bad_value("scheduleParams", "A flow that runs needs a schedule.", "Replace it instead.")
        schedules.need_start(body.scheduleParams)
        schedules.immutable_start(current["scheduleParams"], wanted["scheduleParams"], now)
        changes |= schedules.read(body.scheduleParams, flow.timezone, now=now, fresh=False)
    return changes


def _remap(flow: Dataflow, found: mappings.Found, *, by: User, now: datetime) -> None:
    _check_schema(flow, found)
    version = remapping.save(flow, [dict(row) for row in found.rows], by=by, now=now, revision=flow.revision)
    Dataflow.objects.filter(pk=flow.pk).update(
        mapping_set=found.stored, mapping_set_version=found.version, mapping_set_taken=version.number
    )
    flow.refresh_from_db()


def overtaken() -> ApiError:
    return ApiError(
        "1404-412",
        "Version not matching",
        "Somebody changed the flow at the same moment.",
        remedy="Get the flow again and repeat the change.",
        ours="etag_mismatch",
    )
