"""Datasets as the services refer to them."""

from __future__ import annotations

from typing import Any

from connectors.roles import User
from dataflows.api import errors
from dataflows.api.batches import dataset_range
from dataflows.models import Dataset

KIND = "dataset"


def find(user: User, dataset_id: Any) -> Dataset:
    """Raises ApiError 1101-404."""
    between = dataset_range(dataset_id) if isinstance(dataset_id, str) else None
    visible = Dataset.objects.visible_to(user).select_related("schema", "created_by")
    found = visible.filter(uuid__range=between).first() if between else None
    if found is None:
        raise errors.not_found(KIND, str(dataset_id))
    return found


def page(user: User, start: int, limit: int) -> list[Dataset]:
    """Newest first."""
    return list(Dataset.objects.visible_to(user).order_by("-created_at", "-pk")[start : start + limit])
