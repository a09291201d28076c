"""A dataset holds every event of a project once, whichever dataflows wrote and write to it."""

from __future__ import annotations

from dataflows.models import Dataflow, Dataset, Remnant
from dataflows.runs.cannot_start import CannotStart

CODE = "project_twice"


def check(flow: Dataflow) -> None:
    """Raises CannotStart if another dataflow already loads this project into this dataset."""
    if flow.dataset and (other := other_writer(flow, flow.dataset)):
        raise CannotStart(
            CODE,
            f"“{other}” already loads project {flow.project_id} into “{flow.dataset}”: every event would be there "
            "twice. Choose another dataset, or delete that dataflow first; its rows are then replaced day by day.",
        )


def other_writer(flow: Dataflow, dataset: Dataset) -> Dataflow | None:
    """A disabled one counts as well: its rows are there."""
    if flow.account is None:
        return None
    same = Dataflow.objects.live().filter(dataset=dataset, project_id=flow.project_id)
    found: Dataflow | None = same.filter(account__region=flow.account.region).exclude(pk=flow.pk).first()
    return found


def leave(flow: Dataflow) -> None:
    """Note what a dataflow that is about to go leaves in its dataset."""
    if flow.dataset is None or flow.account is None or not flow.days.filter(loaded__gt=0).exists():
        return
    Remnant.objects.create(
        dataset=flow.dataset,
        partition=str(flow.pk),
        name=flow.name,
        region=flow.account.region,
        project_id=flow.project_id,
    )


def predecessors(flow: Dataflow) -> frozenset[str]:
    """The partitions whose days go as this dataflow publishes the same days."""
    if flow.dataset is None or flow.account is None:
        return frozenset()
    found = Remnant.objects.of_project(flow.dataset, flow.account.region, flow.project_id)
    return frozenset(found.values_list("partition", flat=True))
