"""What there is, as such a file says it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from connectors.models import Account, AuthKind
from dataflows.api import schemas
from dataflows.api.flowservice import flow_shapes, schedules
from dataflows.api.flowservice.connections import SPEC_NAMES, host_of
from dataflows.api.portable.shape import FileInvalid, environment_name
from dataflows.models import Dataflow, Dataset

Entry = dict[str, Any]


def document(names: Iterable[str] = ()) -> Entry:
    """All dataflows that are set up, or those of ``names``, with the connections and datasets they need.

    Raises FileInvalid for a name that no dataflow has, or two.
    """
    flows = _flows(list(names))
    accounts = {flow.reads_from.pk: flow.reads_from for flow in flows}
    datasets = {flow.writes_to.pk: flow.writes_to for flow in flows}
    return {
        "connections": [connection(each) for each in sorted(accounts.values(), key=str)],
        "dataSets": [data_set(each) for each in sorted(datasets.values(), key=str)],
        "flows": [flow_entry(each) for each in flows],
    }


def _flows(names: list[str]) -> list[Dataflow]:
    found = list(Dataflow.objects.live().select_related("account", "dataset__schema").order_by("name", "pk"))
    wanted = [flow for flow in found if not names or flow.name in names]
    known = [flow.name for flow in wanted]
    if missing := set(names) - set(known):
        raise FileInvalid(f"There is no dataflow called {sorted(missing)[0]!r}.")
    if twice := [name for name in known if known.count(name) > 1]:
        raise FileInvalid(f"Two dataflows are called {twice[0]!r}; rename one, for files tell them by name.")
    return wanted


def connection(account: Account) -> Entry:
    """The secret as a reference to an environment variable."""
    params = {"username": account.username} if account.username else {}
    secret = {"password": f"${{{environment_name(account.name)}}}"}
    auth = {
        "specName": SPEC_NAMES[AuthKind(account.auth_kind)],
        "params": {**params, **secret, "host": host_of(account.region)},
    }
    return {"name": account.name, "description": account.description, "auth": auth}


def data_set(dataset: Dataset) -> Entry:
    reference = {"id": schemas.schema_id(dataset.schema)}
    return {"name": dataset.name, "description": dataset.description, "schemaRef": reference}


def flow_entry(flow: Dataflow) -> Entry:
    params = {"projectId": flow.project_id, "timezone": flow.timezone, "timeSemantic": flow.time_semantic}
    return {
        "name": flow.name,
        "description": flow.description,
        "state": flow.status,
        "baseConnection": flow.reads_from.name,
        "params": params,
        "dataSet": flow.writes_to.name,
        "options": flow_shapes.options_of(flow),
        "mappings": [dict(row) for row in flow.mapping],
        "scheduleParams": schedules.written(flow),
    }
