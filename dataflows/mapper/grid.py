"""Real records before and after: one column per mapped target, errors on the cells they belong to.

All records of the sample are tried, as far as time allows; of these ROWS are shown, those with an error first. Rows of
the mapping that are wrong themselves are left out, so that the others can be seen while one is being typed.
"""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from dataflows.mapper.fitting import Fit, Tried, fits, path_of
from dataflows.mapper.rows import EditedRow
from dataflows.mapper.values import short, shown
from dataflows.mapping import BoundMapping, MappingInvalid, TimeReading, bind, compile_plan
from dataflows.mapping.paths import Part
from dataflows.mapping.problems import Problem
from dataflows.mapping.row import dig
from dataflows.runs.facts import facts_of
from dataflows.schemas import XdmSchema

ROWS = 50
COLUMNS = 40
# Values made for one preview: more would be felt while typing.
VALUES = 10_000
ERRORS_FIRST = 25
Record = Mapping[str, Any]


@dataclass(frozen=True)
class Column:
    """``number`` is the mapping row it shows; ``errors`` counts the records tried in which it has one.

    ``path`` leads to the value before; empty where no single field is taken over.
    """

    number: int
    target: str
    source: str
    errors: int
    path: tuple[Part, ...] = ()


@dataclass(frozen=True)
class Cell:
    """``before`` is the source's value where it looks different, "" otherwise."""

    before: str
    text: str
    error: str


@dataclass(frozen=True)
class Line:
    """``number`` counts the sample's records from 1; ``error`` is a reason for the rejection of no column."""

    number: int
    event: str
    cells: list[Cell]
    rejected: bool
    error: str


@dataclass(frozen=True)
class Grid:
    """``tried`` records, ``rejected`` of them; ``partly`` when rows of the mapping had to be left out.

    ``more`` columns are not shown. ``fits``: how well each row of the mapping that could be tried fits.
    """

    columns: list[Column]
    lines: list[Line]
    tried: int
    rejected: int
    partly: bool
    more: int
    fits: Mapping[int, Fit]


def grid(
    rows: Sequence[EditedRow],
    problems: Sequence[Problem],
    schema: XdmSchema,
    reading: TimeReading,
    records: Sequence[Record],
    current: int | None = None,
) -> Grid | None:
    """Try the rows on the records; ``current`` is the row whose column comes first. None when no row can be tried."""
    wrong = {problem.row for problem in problems}
    usable = {number: row for number, row in enumerate(rows) if number not in wrong and not row.is_blank}
    bound = _bound(list(usable.values()), schema, partly=bool(problems))
    if bound is None or not records:
        return None
    tried = _try(bound, reading, records[: max(ROWS, VALUES // len(usable))])
    errors = Counter(target for one in tried for target in one.preview.errors)
    columns = _columns(usable, errors, schema, current)
    return Grid(
        columns[:COLUMNS],
        [_line(one, columns[:COLUMNS], {row.destination for row in usable.values()}) for one in _shown(tried)],
        tried=len(tried),
        rejected=0 if problems else sum(1 for one in tried if one.preview.rejected),
        partly=bool(problems),
        more=len(columns[COLUMNS:]),
        fits=fits(usable, tried),
    )


def _bound(rows: Sequence[EditedRow], schema: XdmSchema, *, partly: bool) -> BoundMapping | None:
    if not rows:
        return None
    try:
        return bind([row.mapping_row for row in rows], _without_requirements(schema) if partly else schema)
    except MappingInvalid:
        return None


def _without_requirements(schema: XdmSchema) -> XdmSchema:
    """The same fields, none required: so that some rows can be tried while others are missing."""
    document = copy.deepcopy(dict(schema.document))
    _drop_required(document)
    # The class has requirements of its own.
    return XdmSchema.from_json({**document, "meta:class": "none"})


def _drop_required(node: Any) -> None:
    if isinstance(node, dict):
        if isinstance(node.get("required"), list):
            node.pop("required")
        for child in node.values():
            _drop_required(child)


def _try(bound: BoundMapping, reading: TimeReading, records: Sequence[Record]) -> list[Tried]:
    previews = compile_plan(bound, reading, facts_of(bound, timezone.now())).preview(records)
    pairs = zip(records, previews, strict=True)
    return [Tried(number, record, preview) for number, (record, preview) in enumerate(pairs, start=1)]


def _shown(tried: Sequence[Tried]) -> list[Tried]:
    """Those with an error first, but not only those."""
    wrong = [one for one in tried if one.preview.errors or one.preview.rejected][:ERRORS_FIRST]
    chosen = {one.number for one in wrong}
    return [*wrong, *(one for one in tried if one.number not in chosen)][:ROWS]


def _columns(
    usable: Mapping[int, EditedRow], errors: Mapping[str, int], schema: XdmSchema, current: int | None
) -> list[Column]:
    """The row at hand, what has errors, identities, then as the rows are."""
    identities = {field.name for field in schema.fields() if field.identity}
    columns = [
        Column(number, row.destination, row.source, errors.get(row.destination, 0), path_of(row))
        for number, row in usable.items()
    ]
    return sorted(
        columns, key=lambda column: (column.number != current, not column.errors, column.target not in identities)
    )


def _line(one: Tried, columns: Sequence[Column], targets: set[str]) -> Line:
    rejected = one.preview.rejected
    elsewhere = rejected is not None and rejected.field not in targets
    return Line(
        one.number,
        short(one.record.get("event")),
        [_cell(one, column) for column in columns],
        rejected is not None,
        rejected.message if rejected and elsewhere else "",
    )


def _cell(one: Tried, column: Column) -> Cell:
    text = shown(one.preview.values.get(column.target))
    before = shown(dig(one.record, list(column.path))) if column.path else ""
    return Cell("" if before == text else before, text, one.preview.errors.get(column.target, ""))
