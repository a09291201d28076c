"""Fields proposed for what is known of a dataflow's records: the sample of a draft, else what its runs have seen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dataflows.mapping.casts import CastError, cast
from dataflows.mapping.source_fields import infer
from dataflows.models import Dataflow, SourceProperty
from dataflows.runs import properties
from dataflows.schemas import Shape
from dataflows.schemas.generating import Proposal, Seen, propose


def proposals(flow: Dataflow) -> list[Proposal]:
    """One for each source field that holds values, in the order in which they were first seen."""
    return propose(_sampled(flow) if flow.sample else _noted(flow.properties.all()), fits)


def proposals_for(found: Iterable[SourceProperty]) -> list[Proposal]:
    return propose(_noted(found), fits)


def fits(value: Any, shape: Shape) -> bool:
    """Whether a run would load the value into such a field."""
    try:
        cast(value, shape)
    except CastError:
        return False
    return True


def _sampled(flow: Dataflow) -> list[Seen]:
    return [
        Seen(field.path, field.names, field.types, field.fill, list(properties.values_of(flow.sample, field.names)))
        for field in infer(flow.sample)
    ]


def _noted(found: Iterable[SourceProperty]) -> list[Seen]:
    return [
        Seen(
            row.path,
            tuple(row.names),
            {kind: count / max(1, row.seen) for kind, count in sorted(row.types.items(), key=lambda item: -item[1])},
            min(1.0, row.seen / max(1, row.looked_at)),
            row.values,
        )
        for row in found
    ]
