"""New properties taken in: schema, dataset and mapping change together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction

from connectors.roles import User
from dataflows.models import Dataflow, Dataset, PropertyState
from dataflows.runs import properties, remapping, schema_changes
from dataflows.schemas import Comparison, XdmSchema, compare
from dataflows.schemas.building import with_field


@dataclass(frozen=True)
class Choice:
    """A source path, the path of the new field in the schema, and the field's node."""

    source: str
    target: tuple[str, ...]
    node: Mapping[str, Any]


@dataclass(frozen=True)
class Evolution:
    """The three changes: the schema's next document, the datasets whose tables grow, the mapping's next rows.

    ``added`` are the new ones of ``rows``. ``schema_version`` and ``revision`` are those of schema and dataflow that
    it was made from.
    """

    document: dict[str, Any]
    comparison: Comparison
    datasets: list[Dataset]
    rows: list[dict[str, Any]]
    added: list[dict[str, str]]
    schema_version: int
    revision: int


def plan(flow: Dataflow, choices: Sequence[Choice]) -> Evolution:
    """What taking in the chosen properties changes. Raises BuildRefused for a name that is taken, SchemaInvalid."""
    schema = flow.writes_to.schema
    document = schema.document
    for choice in choices:
        document = with_field(document, choice.target, choice.node)
    comparison = compare(schema.xdm, XdmSchema.from_json(document))
    added = [
        {"sourceType": "ATTRIBUTE", "source": choice.source, "destination": ".".join(choice.target)}
        for choice in choices
    ]
    datasets = list(schema.datasets.order_by("name"))
    return Evolution(document, comparison, datasets, [*flow.mapping, *added], added, schema.version, flow.revision)


def apply(flow: Dataflow, evolution: Evolution, *, by: User | None, now: datetime) -> None:
    """Do all three, if schema and dataflow are still those that were shown.

    Later runs load the new fields; loaded days get them when they are reprocessed. Raises CannotChange,
    MappingConflict, MappingInvalid, LakeUnavailable, LakeConflict; then schema and mapping are as they were.
    """
    note = ", ".join(row["source"] for row in evolution.added)
    with transaction.atomic():
        schema = flow.writes_to.schema
        schema_changes.save(schema, evolution.document, seen=evolution.schema_version, note=note, by=by)
        flow = Dataflow.objects.select_related("dataset__schema").get(pk=flow.pk)
        remapping.save(flow, evolution.rows, by=by, now=now, revision=evolution.revision, note=note)
        properties.settle(flow, [row["source"] for row in evolution.added], PropertyState.KNOWN)
