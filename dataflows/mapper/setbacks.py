"""What a change would make worse on real records: fewer of them loaded, or values that do not fit any more."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import ngettext

from connectors.base import Record
from connectors.errors import ConnectorError
from dataflows.mapper import sampling
from dataflows.mapper.confirming import FIELD, Doubt, question
from dataflows.mapper.grid import grid
from dataflows.mapper.rows import read_stored
from dataflows.models import Dataflow, MappingVersion, Schema, StoredRows
from dataflows.schemas import XdmSchema

MOST_FLOWS = 20
"""Of so many dataflows records are read to see what a change of their schema does."""


@dataclass(frozen=True)
class Setback:
    """Of ``tried`` records ``rejected`` would be rejected, ``rejected_now`` are; ``doubts`` are rows that fit worse."""

    flow: Dataflow
    tried: int
    rejected: int
    rejected_now: int
    doubts: Sequence[Doubt]

    @property
    def sentence(self) -> str:
        """ "" when no more records are rejected than now."""
        if self.rejected <= self.rejected_now:
            return ""
        words = ngettext(
            "%(rejected)s of %(tried)s sample records would be rejected; now it is %(now)s.",
            "%(rejected)s of %(tried)s sample records would be rejected; now it is %(now)s.",
            self.tried,
        )
        numbers = {"rejected": self.rejected, "tried": self.tried, "now": self.rejected_now}
        return words % {name: f"{number:,}" for name, number in numbers.items()}


def token(setbacks: Sequence[Setback]) -> str:
    """Names what was read beside the box, so that nobody confirms what they have not seen."""
    seen = [(each.flow.pk, each.sentence, [doubt.row.destination for doubt in each.doubts]) for each in setbacks]
    return hashlib.sha256(json.dumps(seen).encode()).hexdigest()[:16]


def are_confirmed(setbacks: Sequence[Setback], sent: Mapping[str, Any]) -> bool:
    return not setbacks or sent.get(FIELD) == token(setbacks)


def of_version(version: MappingVersion) -> list[Setback]:
    """What restoring it would make worse than the mapping in force; none where no records are known."""
    flow = version.dataflow
    records = _records(flow)
    before = _tried(flow, flow.mapping, flow.writes_to.schema.xdm, records)
    after = _tried(flow, version.rows, flow.writes_to.schema.xdm, records)
    return _compared(flow, before, after)


def of_schema(schema: Schema, new: XdmSchema) -> list[Setback]:
    """What the new version would make worse for the dataflows that load with the schema."""
    flows = Dataflow.objects.live().filter(dataset__schema=schema).select_related("account", "dataset__schema")
    return [setback for flow in flows.order_by("pk")[:MOST_FLOWS] for setback in _of_flow(flow, schema.xdm, new)]


def _of_flow(flow: Dataflow, old: XdmSchema, new: XdmSchema) -> list[Setback]:
    records = _records(flow)
    before, after = (_tried(flow, flow.mapping, xdm, records) for xdm in (old, new))
    return _compared(flow, before, after)


def _records(flow: Dataflow) -> list[Record]:
    """Those on the desk, else from landed answers; none when these cannot be read, which is said elsewhere."""
    try:
        return flow.sample or sampling.landed(flow)
    except ConnectorError:
        return []


@dataclass(frozen=True)
class _Outcome:
    """What rows make of records."""

    tried: int
    rejected: int
    doubts: Sequence[Doubt]


def _tried(flow: Dataflow, rows: StoredRows, schema: XdmSchema, records: Sequence[Record]) -> _Outcome | None:
    """None where nothing can be told: there are no records, or the rows do not fit the schema at all."""
    edited = read_stored(rows)
    found = grid(edited, [], schema, flow.reading, records)
    return _Outcome(found.tried, found.rejected, question(edited, found.fits).doubts) if found else None


def _compared(flow: Dataflow, before: _Outcome | None, after: _Outcome | None) -> list[Setback]:
    if after is None:
        return []
    known = {doubt.row for doubt in before.doubts} if before else set()
    doubts = [doubt for doubt in after.doubts if doubt.row not in known]
    found = Setback(flow, after.tried, after.rejected, before.rejected if before else 0, doubts)
    return [found] if found.sentence or doubts else []
