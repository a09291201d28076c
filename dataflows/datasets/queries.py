"""Datasets for their pages: what the database knows, joined with what the lake holds now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Count, Max, Q

from connectors.errors import ConnectorError
from connectors.messages import Message, message_for
from connectors.roles import User
from dataflows import stores
from dataflows.models import Dataset
from dataflows.models.dataset import DatasetQuerySet

if TYPE_CHECKING:
    from connectors.lake import LakeTable, TableSummary


@dataclass(frozen=True)
class LakeProblem:
    """The lake did not answer: what to tell the reader instead of numbers."""

    code: str
    message: Message
    detail: str


@dataclass(frozen=True)
class DatasetRow:
    """``summary`` is None when the lake could not tell."""

    dataset: Dataset
    summary: TableSummary | None

    @property
    def published_at(self) -> datetime | None:
        """Of dataflows that are gone nobody but the lake knows."""
        ours: datetime | None = self.dataset.published_at  # type: ignore[attr-defined]  # annotated by datasets()
        return ours or (self.summary.changed_at if self.summary else None)


def datasets(user: User, text: str) -> DatasetQuerySet:
    """Newest first, with the number of dataflows and the time of the last publication."""
    found = Dataset.objects.visible_to(user).select_related("schema").defer("schema__document")
    if text:
        found = found.filter(Q(name__icontains=text) | Q(schema__title__icontains=text))
    counted = found.annotate(
        flow_count=Count("dataflows", distinct=True), published_at=Max("dataflows__days__published_at")
    )
    return counted.order_by("-created_at", "-pk")


def dataset_rows(found: Iterable[Dataset]) -> tuple[list[DatasetRow], LakeProblem | None]:
    """One line per dataset. Once the lake has failed it is not asked again: each try may take a time-out."""
    datasets = list(found)
    summaries: dict[str, TableSummary] = {}
    problem: LakeProblem | None = None
    try:
        for name, state in stores.lake().states(dataset.table for dataset in datasets).items():
            summaries[name] = stores.lake().summary_of(state)
    except ConnectorError as error:
        problem = lake_problem(error)
    return [DatasetRow(dataset, summaries.get(dataset.table)) for dataset in datasets], problem


def lake_problem(error: ConnectorError) -> LakeProblem:
    return LakeProblem(error.code, message_for(error.code), error.detail)


def table_of(dataset: Dataset) -> LakeTable | None:
    """None when the lake has no such table. Raises LakeUnavailable."""
    try:
        return stores.lake().open(dataset.table)
    except LookupError:
        return None


def last_published(dataset: Dataset) -> datetime | None:
    latest: datetime | None = dataset.dataflows.aggregate(at=Max("days__published_at"))["at"]
    return latest
