"""What a new version of a schema does to the records of the dataflows that use it, before it is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dataflows.mapper import setbacks
from dataflows.mapper.setbacks import Setback
from dataflows.models import Schema
from dataflows.schemas import XdmSchema


class Unconfirmed(Exception):
    """``setbacks`` are what a person has to confirm first."""

    def __init__(self, found: Sequence[Setback]) -> None:
        super().__init__("Less would be loaded than now.")
        self.setbacks = found


def need_confirmation(schema: Schema, document: Mapping[str, Any], sent: Mapping[str, Any]) -> None:
    """Raises Unconfirmed when more fields are required and records would be lost by that, SchemaInvalid."""
    new = XdmSchema.from_json(document)
    if not _required(new) - _required(schema.xdm):
        return
    found = setbacks.of_schema(schema, new)
    if not setbacks.are_confirmed(found, sent):
        raise Unconfirmed(found)


def _required(schema: XdmSchema) -> set[str]:
    return {field.name for field in schema.fields() if field.required_in_parent}
