"""Schemas for their pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q

from connectors.roles import User
from dataflows.models import Dataflow, Dataset, Schema, SchemaVersion
from dataflows.models.dataset import SchemaQuerySet
from dataflows.runs import schema_changes
from dataflows.schemas import Comparison, SchemaInvalid, compare

VERSIONS_SHOWN = 50


@dataclass(frozen=True)
class VersionRow:
    """``changes`` against the version before; None for the first one, or if one of both cannot be read."""

    version: SchemaVersion
    changes: Comparison | None


def schemas(user: User, text: str) -> SchemaQuerySet:
    found = Schema.objects.visible_to(user).annotate(dataset_count=Count("datasets")).order_by("title")
    if not text:
        return found
    matching: SchemaQuerySet = found.filter(Q(title__icontains=text) | Q(description__icontains=text))
    return matching


def datasets(schema: Schema, user: User) -> list[tuple[Dataset, list[Dataflow]]]:
    """Datasets with this schema, each with the dataflows that write to it."""
    found = schema.datasets.visible_to(user).prefetch_related("dataflows").order_by("name")
    return [(dataset, list(dataset.dataflows.all())) for dataset in found]


def drafts(schema: Schema, user: User) -> list[Dataflow]:
    """Drafts that will make a dataset of it."""
    planned = Dataflow.objects.visible_to(user).filter(dataset=None, new_dataset_schema=schema)
    return list(planned.defer("mapping", "sample"))


def version_rows(schema: Schema) -> list[VersionRow]:
    """The newest versions with what changed in each."""
    found = schema_changes.versions(schema)[: VERSIONS_SHOWN + 1]
    older = [*found[1:], None]
    return [VersionRow(version, changes(before, version)) for version, before in zip(found, older, strict=True)][
        :VERSIONS_SHOWN
    ]


def changes(before: SchemaVersion | None, after: SchemaVersion) -> Comparison | None:
    if before is None:
        return None
    try:
        return compare(before.xdm, after.xdm)
    except SchemaInvalid:
        return None


def sources(user: User) -> list[Dataflow]:
    """Dataflows and drafts whose records are known, newest first: what a schema can be generated from."""
    found = Dataflow.objects.visible_to(user).filter(~Q(sample=[]) | Q(properties__isnull=False)).distinct()
    return list(found.defer("mapping", "sample").order_by("-created_at"))
