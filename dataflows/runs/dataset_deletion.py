"""A dataset that goes for good, with its table and every file of it."""

from __future__ import annotations

from django.db import transaction

from dataflows import stores
from dataflows.models import Dataset

NAMED = 5
"""How many dataflows a refusal names."""


class InUse(Exception):
    """Dataflows write into the dataset, drafts included; ``flows`` are the names of some of them."""

    def __init__(self, flows: list[str]) -> None:
        super().__init__(", ".join(flows))
        self.flows = flows


def delete(dataset: Dataset) -> None:
    """Raises InUse, LakeUnavailable; then everything stays."""
    with transaction.atomic():
        # Who chooses this dataset meanwhile waits here, and then finds it gone.
        held = Dataset.objects.select_for_update().get(pk=dataset.pk)
        if flows := list(held.dataflows.order_by("pk")[:NAMED]):
            raise InUse([str(flow) for flow in flows])
        table = held.table
        held.delete()
        stores.lake().drop(table)
