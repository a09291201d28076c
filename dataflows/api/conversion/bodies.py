"""Mapping sets as bodies say them, and the rows they become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ninja import Field

from dataflows.api import errors
from dataflows.api.answers import Open
from dataflows.mapping import MappingRow, bind
from dataflows.models import Schema

MOST_ROWS = 2000
TYPES = {"text/x.schema-path": "ATTRIBUTE", "text/x.aep-xl": "EXPRESSION", "text/x.static": "STATIC"}


class SchemaRef(Open):
    id: str = Field(max_length=500)
    contentType: str | None = Field(None, max_length=200)


class OutputSchema(Open):
    schemaRef: SchemaRef


class MappingIn(Open):
    """The current names and those of the older form; ``identity`` and the like are for AEP's own pages."""

    sourceType: str = Field("ATTRIBUTE", max_length=40)
    source: str | None = Field(None, max_length=10_000)
    destination: str | None = Field(None, max_length=1000)
    sourceAttribute: str | None = Field(None, max_length=10_000)
    destinationXdmPath: str | None = Field(None, max_length=1000)
    name: str | None = Field(None, max_length=200)
    description: str | None = Field(None, max_length=1000)


class MappingSetIn(Open):
    """``outputSchema.schemaRef.id``, or ``xdmSchema`` in the older form, names the schema."""

    name: str | None = Field(None, max_length=255)
    outputSchema: OutputSchema | None = None
    xdmSchema: str | None = Field(None, max_length=500)
    schemaRef: SchemaRef | None = None
    mappings: list[MappingIn] = Field([], max_length=MOST_ROWS)


def rows_of(given: Sequence[MappingIn]) -> list[dict[str, Any]]:
    """As ``Dataflow.mapping`` holds them."""
    return [row_of(each, f"mappings[{number}].") for number, each in enumerate(given)]


def row_of(given: MappingIn, place: str = "") -> dict[str, Any]:
    """Raises ApiError 1452-400 that names what is missing, with ``place`` in front."""
    source = given.source if given.source is not None else given.sourceAttribute
    destination = given.destination if given.destination is not None else given.destinationXdmPath
    kind = TYPES.get(given.sourceType.lower(), given.sourceType.upper())
    if source is None or destination is None:
        missing = "source" if source is None else "destination"
        raise errors.bad_value(f"{place}{missing}", "This is needed.")
    row: dict[str, Any] = {"sourceType": kind, "source": source, "destination": destination}
    return row | {name: value for name in ("name", "description") if (value := getattr(given, name))}


def mapping_rows(rows: Sequence[Mapping[str, Any]]) -> list[MappingRow]:
    return [MappingRow(row["sourceType"], row["source"], row["destination"]) for row in rows]


def check(rows: Sequence[Mapping[str, Any]], schema: Schema) -> None:
    """Raises MappingInvalid."""
    bind(mapping_rows(rows), schema.xdm)
