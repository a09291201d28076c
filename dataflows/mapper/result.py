"""The sample as the mapping would load it: one column per mapped target, errors on the cells they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dataflows.mapper.rows import EditedRow, without_blanks
from dataflows.mapper.table import short
from dataflows.mapping import PreviewRow, TimeReading, bind, compile_plan
from dataflows.schemas import XdmSchema

ROWS = 10
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Cell:
    text: str
    error: str


@dataclass(frozen=True)
class Line:
    """``error`` is a reason for the rejection that belongs to no column."""

    cells: list[Cell]
    rejected: bool
    error: str


@dataclass(frozen=True)
class ResultTable:
    columns: list[str]
    rows: list[Line]

    @property
    def rejected(self) -> int:
        return sum(1 for line in self.rows if line.rejected)


def result_table(
    rows: Sequence[EditedRow], schema: XdmSchema, reading: TimeReading, records: Sequence[Record]
) -> ResultTable:
    """The first records of the sample, identity columns first. The mapping must fit the schema."""
    bound = bind([row.mapping_row for row in without_blanks(rows)], schema)
    identities = {field.name for field in schema.fields() if field.identity}
    columns = sorted((row.destination for row in without_blanks(rows)), key=lambda name: name not in identities)
    previews = compile_plan(bound, reading).preview(records[:ROWS])
    return ResultTable(columns, [_line(preview, columns) for preview in previews])


def _line(preview: PreviewRow, columns: Sequence[str]) -> Line:
    cells = [Cell(_shown(preview.values.get(name)), preview.errors.get(name, "")) for name in columns]
    elsewhere = preview.rejected is not None and preview.rejected.field not in columns
    error = preview.rejected.message if preview.rejected and elsewhere else ""
    return Line(cells, preview.rejected is not None, error)


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else short(value)
