"""Making what there is equal to a file: first the differences, then the same calls as pages and API make.

What a file does not name is left alone; nothing is ever deleted.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connectors import accounts
from connectors.models import Account
from connectors.roles import User, person
from dataflows.api import schemas
from dataflows.api.flowservice import flow_making, flow_shapes, schedules
from dataflows.api.flowservice.connections import kind_of, region_of
from dataflows.api.flowservice.explore import project_of
from dataflows.api.flowservice.flow_shapes import Options
from dataflows.api.portable import exporting
from dataflows.api.portable.exporting import Entry
from dataflows.api.portable.shape import REFERENCE, Connection, DataSet, Document, FileInvalid, Flow
from dataflows.models import Dataflow, Dataset
from dataflows.runs import amending, dataset_making, lifecycle, remapping

FIXED = ("baseConnection", "params", "dataSet")


@dataclass(frozen=True)
class Change:
    """One thing to do. ``before`` is "" for something new; both are the entries as far as the file names them."""

    kind: str
    name: str
    before: Entry
    after: Entry
    perform: Callable[[], None]


def plan(document: Document, *, by: User, now: datetime) -> list[Change]:
    """What is to be done, in order. Raises FileInvalid for what cannot be."""
    changes = [_connection(each, by) for each in document.connections]
    changes += [_data_set(each, by) for each in document.dataSets]
    changes += [_flow(each, document, by, now) for each in document.flows]
    return [change for change in changes if change is not None]


# --- connections --------------------------------------------------------------------------------------------------
def _connection(wanted: Connection, by: User) -> Change | None:
    """The secret is read when something is to be done, for it cannot be compared."""
    after = wanted.model_dump(exclude_unset=True)
    account = Account.objects.filter(name=wanted.name).first()
    if account is None:
        return Change("connection", wanted.name, {}, after, lambda: _connect(wanted, by))
    before = _as_far_as(exporting.connection(account), after)
    for entry in (before, after):
        entry["auth"]["params"] = {name: each for name, each in entry["auth"]["params"].items() if name != "password"}
    if before == after:
        return None
    return Change("connection", wanted.name, before, after, lambda: _reconnect(account, wanted))


def _connect(wanted: Connection, by: User) -> None:
    accounts.connect(**_credentials(wanted), name=wanted.name, description=wanted.description, by=by)


def _reconnect(account: Account, wanted: Connection) -> None:
    accounts.update(account, **_credentials(wanted), name=wanted.name, description=wanted.description)


def _credentials(wanted: Connection) -> dict[str, Any]:
    params = wanted.auth.params
    return {
        "auth_kind": kind_of(wanted.auth.specName),
        "username": params.get("username", ""),
        "secret": _secret(wanted.name, params.get("password", "")),
        "region": region_of(params.get("host", "")),
    }


def _secret(name: str, reference: str) -> str:
    """Raises FileInvalid for a secret in the file, and for a variable that is not set."""
    found = REFERENCE.fullmatch(reference)
    if found is None:
        raise FileInvalid(f"connections.{name}.auth.params.password: write ${{NAME}} of an environment variable.")
    value = os.environ.get(found[1], "")
    if not value:
        raise FileInvalid(f"connections.{name}: the environment variable {found[1]} is not set.")
    return value


# --- datasets -----------------------------------------------------------------------------------------------------
def _data_set(wanted: DataSet, by: User) -> Change | None:
    after = wanted.model_dump(exclude_unset=True)
    schema = schemas.find(by, wanted.schemaRef.id)
    dataset = Dataset.objects.filter(name=wanted.name).select_related("schema").first()
    if dataset is None:
        return Change(
            "dataSet",
            wanted.name,
            {},
            after,
            lambda: _ignore(dataset_making.make(wanted.name, wanted.description, schema, by=by)),
        )
    before = _as_far_as(exporting.data_set(dataset), after)
    if before == after:
        return None
    if before["schemaRef"] != after["schemaRef"]:
        raise FileInvalid(f"dataSets.{wanted.name}.schemaRef: the schema of a dataset cannot be changed.")
    return Change(
        "dataSet",
        wanted.name,
        before,
        after,
        lambda: dataset_making.rename(dataset, wanted.name, wanted.description),
    )


def _ignore(_: object) -> None:
    """A change answers nothing."""


# --- flows --------------------------------------------------------------------------------------------------------
def _flow(wanted: Flow, document: Document, by: User, now: datetime) -> Change | None:
    after = _told(wanted)
    found = list(Dataflow.objects.live().filter(name=wanted.name).select_related("account", "dataset__schema"))
    if len(found) > 1:
        raise FileInvalid(f"flows.{wanted.name}: two dataflows have this name; rename one.")
    _check_references(wanted, document)
    _, zone = project_of(wanted.params.model_dump())
    fields = schedules.read(wanted.scheduleParams, zone, now=now, fresh=not found)
    if not found:
        return Change("flow", wanted.name, {}, after, lambda: _make(wanted, fields, by, now))
    flow = found[0]
    before = _as_far_as(exporting.flow_entry(flow), after)
    if before == after:
        return None
    for name in FIXED:
        if before.get(name) != after.get(name):
            raise FileInvalid(f"flows.{wanted.name}.{name}: this cannot be changed; delete the dataflow first.")
    return Change("flow", wanted.name, before, after, lambda: _change(flow, before, wanted, fields, by, now))


def _told(wanted: Flow) -> Entry:
    """The entry as it was written, with its options whole: what they leave out is off, not left alone."""
    after = wanted.model_dump(exclude_unset=True)
    if wanted.options is not None:
        after["options"] = flow_shapes.options_of(Dataflow(**_options(wanted)))
    return after


def _check_references(wanted: Flow, document: Document) -> None:
    known = {each.name for each in document.connections} | set(Account.objects.values_list("name", flat=True))
    if wanted.baseConnection not in known:
        raise FileInvalid(f"flows.{wanted.name}.baseConnection: there is no connection {wanted.baseConnection!r}.")
    datasets = {each.name for each in document.dataSets} | set(Dataset.objects.values_list("name", flat=True))
    if wanted.dataSet not in datasets:
        raise FileInvalid(f"flows.{wanted.name}.dataSet: there is no dataset {wanted.dataSet!r}.")


def _make(wanted: Flow, schedule: Mapping[str, Any], by: User, now: datetime) -> None:
    project_id, zone = project_of(wanted.params.model_dump())
    flow = Dataflow(
        name=wanted.name,
        description=wanted.description,
        created_by=person(by),
        account=Account.objects.get(name=wanted.baseConnection),
        project_id=project_id,
        timezone=zone,
        time_semantic=wanted.params.timeSemantic,
        time_evidence="Set by a file." if wanted.params.timeSemantic else "",
        dataset=Dataset.objects.get(name=wanted.dataSet),
        mapping=_rows(wanted),
        reached="review",
    )
    for name, value in {**_options(wanted), **schedule}.items():
        setattr(flow, name, value)
    flow_making.launch(flow, by=by, now=now)
    if wanted.state == "disabled":
        lifecycle.disable(flow)


def _change(flow: Dataflow, before: Entry, wanted: Flow, schedule: Mapping[str, Any], by: User, now: datetime) -> None:
    after = _told(wanted)
    changes: dict[str, Any] = {}
    if "description" in after and before["description"] != after["description"]:
        changes["description"] = wanted.description
    if "options" in after and before["options"] != after["options"]:
        changes |= _options(wanted)
    if before["scheduleParams"] != after["scheduleParams"]:
        changes |= schedule
    if changes:
        amending.amend(flow, changes, revision=flow.revision, now=now)
    if before["mappings"] != after["mappings"]:
        remapping.save(flow, _rows(wanted), by=by, now=now, revision=flow.revision, note="Set by a file.")
    if "state" in after and before["state"] != after["state"]:
        _switch(flow, wanted.state, now)


def _switch(flow: Dataflow, state: str, now: datetime) -> None:
    if state == "enabled":
        lifecycle.enable(flow, now=now)
    else:
        lifecycle.disable(flow)


def _options(wanted: Flow) -> dict[str, Any]:
    given = wanted.options.model_dump() if wanted.options else None
    return flow_making.options(Options.model_validate(given) if given is not None else None)


def _rows(wanted: Flow) -> list[dict[str, Any]]:
    return [each.model_dump(exclude_unset=True) | {"sourceType": each.sourceType} for each in wanted.mappings]


def _as_far_as(current: Any, wanted: Any) -> Any:
    """``current`` with only the keys that ``wanted`` has, so that what a file leaves out is no difference."""
    if isinstance(current, Mapping) and isinstance(wanted, Mapping):
        shown = (name for name in wanted if name in current)
        return {name: current[name] if name == "options" else _as_far_as(current[name], wanted[name]) for name in shown}
    return current
