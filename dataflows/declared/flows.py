"""Dataflows as a file says them: what there is, and what the file wants in the same form."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from connectors.models import Account
from dataflows.api.flowservice import flow_making, flow_shapes, schedules
from dataflows.api.flowservice.explore import project_of
from dataflows.api.flowservice.flow_shapes import Options as GivenOptions
from dataflows.declared.change import Entry
from dataflows.declared.desk import Desk
from dataflows.declared.problems import Place
from dataflows.declared.shape import Flow, Options, Row
from dataflows.models import Dataflow, Dataset, Frequency, Schema

ROW = ("sourceType", "source", "destination", "name", "description")
SCHEDULE = ("frequency", "interval", "cron", "schedule_zone", "backfill", "history_from", "lookback_days")
WHEN = ("frequency", "interval", "cron")
EPOCH = datetime.fromtimestamp(0, UTC)
KEPT = ("startTime", "timezone", "lookbackDays", "historyFrom", "backfill")


# --- what there is ------------------------------------------------------------------------------------------------
def entry(flow: Dataflow) -> Entry:
    """All of it; a draft leaves out what it does not have yet."""
    params = {"projectId": flow.project_id, "timezone": flow.timezone}
    params |= {"timeSemantic": flow.time_semantic} if flow.time_semantic else {}
    told: Entry = {"name": flow.name, "description": flow.description, "state": str(flow.status)}
    told |= {"baseConnection": flow.account.name} if flow.account else {}
    told |= {"params": params} if flow.project_id else {}
    told |= {"dataSet": flow.dataset.name} if flow.dataset else _planned_data_set(flow)
    told["options"] = options_entry(flow)
    told |= {"mappings": [row_entry(row) for row in flow.mapping]} if flow.mapping or not flow.is_draft else {}
    return told | {"scheduleParams": schedule_entry(flow)}


def _planned_data_set(flow: Dataflow) -> Entry:
    if not flow.new_dataset_name or flow.new_dataset_schema is None:
        return {}
    title = flow.new_dataset_schema.title
    planned = {"name": flow.new_dataset_name, "description": flow.new_dataset_description}
    return {"newDataSet": {**planned, "schemaRef": {"title": title}}}


def options_entry(flow: Dataflow) -> Entry:
    """Partial ingestion keeps rejected records, whatever else is stored."""
    return {**flow_shapes.options_of(flow), "errorDiagnosticsEnabled": flow.keeps_rejected}


def row_entry(row: Mapping[str, Any]) -> Entry:
    """Without words that are empty."""
    return {name: row[name] for name in ROW if name in row and (row[name] or name in ROW[:3])}


def schedule_entry(flow: Dataflow) -> Entry:
    """As the API writes it; a draft that starts when it is finished has no start time yet."""
    starts = flow.start_at is not None
    written = schedules.written(flow if starts else Dataflow(**_schedule_of(flow), start_at=EPOCH))
    told = {name: value for name, value in written.items() if starts or name != "startTime"}
    return told | {"historyFrom": flow.history_from.isoformat() if flow.history_from else None}


def _schedule_of(flow: Dataflow) -> dict[str, Any]:
    return {name: getattr(flow, name) for name in SCHEDULE}


# --- what the file wants ------------------------------------------------------------------------------------------
def wanted_entry(wanted: Flow, flow: Dataflow | None, at: Place, desk: Desk) -> Entry:
    """The entry as far as it is written, in the form of ``entry``. Notes what cannot be read."""
    told: Entry = {"name": wanted.name}
    for name in ("description", "state", "baseConnection", "dataSet"):
        if (value := getattr(wanted, name)) is not None:
            told[name] = value
    if wanted.newDataSet is not None:
        told["newDataSet"] = {"description": "", **wanted.newDataSet.model_dump(exclude_none=True)}
    if wanted.options is not None:
        told["options"] = options_entry(Dataflow(**options_fields(wanted.options)))
    if wanted.mappings is not None:
        told["mappings"] = [row_entry(each.model_dump()) for each in wanted.mappings]
    _add_params(told, wanted, at, desk)
    _add_schedule(told, wanted, flow, at, desk)
    return told


def _add_params(told: Entry, wanted: Flow, at: Place, desk: Desk) -> None:
    if wanted.params is None:
        return
    given, found = wanted.params.model_dump(), {}
    # Each is read beside a right value of the other, so that both are judged.
    with desk.problems.noting((*at, "params")):
        found["projectId"] = project_of({**given, "timezone": "UTC"})[0]
    with desk.problems.noting((*at, "params")):
        found["timezone"] = project_of({**given, "projectId": "0"})[1]
    if len(found) == len(("projectId", "timezone")):
        semantic = {"timeSemantic": wanted.params.timeSemantic} if wanted.params.timeSemantic else {}
        told["params"] = found | semantic


def _add_schedule(told: Entry, wanted: Flow, flow: Dataflow | None, at: Place, desk: Desk) -> None:
    if wanted.scheduleParams is None:
        return
    given = wanted.scheduleParams.model_dump(exclude_unset=True)
    current = schedule_entry(flow) if flow else {}
    if flow and all(name in current and current[name] == given[name] for name in given):
        told["scheduleParams"] = current  # What is stored already need not pass today's check.
        return
    zone = told.get("params", {}).get("timezone") or (flow.timezone if flow else "") or "UTC"
    fields = _judged(given, current, zone, (*at, "scheduleParams"), desk)
    if fields is not None:
        told["scheduleParams"] = schedule_entry(Dataflow(**fields))


def _judged(given: Entry, current: Entry, zone: str, at: Place, desk: Desk) -> dict[str, Any] | None:
    """Model fields; nothing if there is a mistake. Notes it, then looks at the rest without it."""
    fields: dict[str, Any] = {}
    before = len(desk.problems.found)
    with desk.problems.noting(at):
        fields = schedule_fields(given, current, zone, desk)
    if fields:
        return fields
    key = str(desk.problems.found[before].place[-1])
    rest = {name: value for name, value in given.items() if name not in (WHEN if key in WHEN else (key,))}
    if key in WHEN:
        rest["frequency"] = Frequency.ONCE
    if rest != given:
        _judged(rest, current, zone, at, desk)
    return None


def schedule_fields(given: Mapping[str, Any], current: Entry, zone: str, desk: Desk) -> dict[str, Any]:
    """Model fields; what is not given stays as it is. Raises ApiError.

    A start that has passed is kept, unlike for a new flow of the API: the file says what is, not what is wished.
    """
    same = given.get("frequency", current.get("frequency")) == current.get("frequency")
    # Another frequency takes no interval, or another one.
    merged = {name: value for name, value in current.items() if same or name in KEPT} | dict(given)
    fields = schedules.read(merged, zone, now=desk.now, fresh=False)
    if "historyFrom" in merged and merged["historyFrom"] is None:
        fields["history_from"] = None
    if merged.get("startTime") in (None, ""):
        fields["start_at"] = None
    return fields


def options_fields(wanted: Options) -> dict[str, Any]:
    return flow_making.options(GivenOptions.model_validate(wanted.model_dump()))


def stored_rows(wanted: list[Row]) -> list[dict[str, Any]]:
    return [row_entry(each.model_dump()) for each in wanted]


def draft_fields(told: Entry, wanted: Flow, current: Entry, desk: Desk) -> dict[str, Any]:
    """Model fields of a draft for what ``told`` says; accounts, datasets and schemas exist by now."""
    fields: dict[str, Any] = {}
    if wanted.description is not None:
        fields["description"] = wanted.description
    if "baseConnection" in told:
        fields["account"] = Account.objects.get(name=told["baseConnection"])
    if "dataSet" in told:
        fields["dataset"] = Dataset.objects.select_related("schema").get(name=told["dataSet"])
    fields |= _params_fields(told, fields.get("account"))
    fields |= _planned_fields(wanted)
    if wanted.options is not None:
        fields |= options_fields(wanted.options)
    if wanted.mappings is not None:
        fields["mapping"] = stored_rows(wanted.mappings)
    if wanted.scheduleParams is not None:
        zone = told.get("params", {}).get("timezone") or current.get("params", {}).get("timezone") or "UTC"
        given = wanted.scheduleParams.model_dump(exclude_unset=True)
        fields |= schedule_fields(given, current.get("scheduleParams", {}), zone, desk) | {"reached": "review"}
    return fields


def _params_fields(told: Entry, account: Account | None) -> dict[str, Any]:
    params = told.get("params")
    if params is None:
        return {}
    fields = {"project_id": params["projectId"], "timezone": params["timezone"]}
    if account is not None:
        fields["project_name"] = flow_making.project_name(account.projects, params["projectId"])
    if semantic := params.get("timeSemantic"):
        fields |= {"time_semantic": semantic, "time_evidence": "Set by a file."}
    return fields


def _planned_fields(wanted: Flow) -> dict[str, Any]:
    planned = wanted.newDataSet
    if planned is None:
        return {}
    return {
        "dataset": None,
        "new_dataset_name": planned.name,
        "new_dataset_description": planned.description or "",
        "new_dataset_schema": Schema.objects.get(title=planned.schemaRef.title),
    }
