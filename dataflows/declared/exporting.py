"""What there is, as a file of declarations says it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from connectors.models import Account
from dataflows.declared import connections, data_sets, flows, schemas
from dataflows.declared.change import Entry
from dataflows.models import Dataflow, Dataset, Schema


class NameUnknown(Exception):
    """No dataflow has this name, or more than one has it. The message says which."""


@dataclass(frozen=True)
class Exported:
    """``left_out`` are sentences about drafts and dataflows that no file can name."""

    document: Entry
    left_out: list[str] = field(default_factory=list)


def export(names: Sequence[str] = ()) -> Exported:
    """Everything, or the dataflows of ``names`` with what they need. Raises NameUnknown."""
    found = list(
        Dataflow.objects.select_related("account", "dataset__schema", "new_dataset_schema").order_by("name", "pk")
    )
    counted = Counter(flow.name for flow in found)
    if names:
        _check_names(names, counted)
        chosen = [flow for flow in found if flow.name in names]
        return Exported(_document(chosen, *_needed(chosen)))
    chosen = [flow for flow in found if flow.name.strip() and counted[flow.name] == 1]
    everything = (
        list(Account.objects.order_by("name")),
        list(Schema.objects.order_by("title")),
        list(Dataset.objects.select_related("schema").order_by("name")),
    )
    return Exported(_document(chosen, *everything), _left_out(counted))


def _check_names(names: Sequence[str], counted: Counter[str]) -> None:
    for name in names:
        if not counted[name]:
            raise NameUnknown(f"There is no dataflow called “{name}”.")
        if counted[name] > 1:
            raise NameUnknown(f"{counted[name]} dataflows are called “{name}”; rename them, for files tell by name.")


def _left_out(counted: Counter[str]) -> list[str]:
    said = []
    for name, number in counted.items():
        if not name.strip():
            said.append(f"{number} without a name left out.")
        elif number > 1:
            said.append(f"{number} dataflows called “{name}” left out: rename them, for files tell by name.")
    return said


def _needed(chosen: Sequence[Dataflow]) -> tuple[list[Account], list[Schema], list[Dataset]]:
    accounts = {flow.account.pk: flow.account for flow in chosen if flow.account}
    datasets = {flow.dataset.pk: flow.dataset for flow in chosen if flow.dataset}
    made_from = {flow.schema.pk: flow.schema for flow in chosen if flow.schema}
    return (
        sorted(accounts.values(), key=str),
        sorted(made_from.values(), key=str),
        sorted(datasets.values(), key=str),
    )


def _document(
    chosen: Sequence[Dataflow], accounts: Sequence[Account], made_from: Sequence[Schema], datasets: Sequence[Dataset]
) -> Entry:
    return {
        "connections": connections.entries(accounts),
        "schemas": [schemas.entry(each) for each in made_from],
        "dataSets": [data_sets.entry(each) for each in datasets],
        "flows": [flows.entry(each) for each in chosen],
    }
