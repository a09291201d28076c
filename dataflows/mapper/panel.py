"""The open row: what is known about its field, which other fields fit its target, how it can be masked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as lazy

from dataflows.mapper.fields import FieldLine, field_lines
from dataflows.mapper.identifiers import repaired
from dataflows.mapper.rows import ATTRIBUTE, EXPRESSION, STATIC, EditedRow
from dataflows.mapping.automap import Proposal, alternatives
from dataflows.mapping.personal import Personal, masks, personal
from dataflows.mapping.source_fields import SourceField
from dataflows.schemas import XdmSchema, XdmType

PERSONAL: dict[str, Any] = {
    Personal.EMAIL: lazy("an e-mail address"),
    Personal.PHONE: lazy("a telephone number"),
    Personal.NAME: lazy("the name of a person"),
    Personal.IP: lazy("an IP address"),
}
MASKS: dict[str, tuple[Any, Any]] = {
    "keyed_hash": (
        lazy("Keyed hash"),
        lazy("The same value always gives the same code, and nobody without this installation's key can guess it."),
    ),
    "sha256": (
        lazy("SHA-256"),
        lazy("The same code everywhere, so it can be joined with others; common values can be guessed and checked."),
    ),
    "truncate": (lazy("Truncate"), lazy("Only the beginning is kept; different values may become the same.")),
    "drop": (lazy("Drop"), lazy("The row is removed: the field is not loaded at all.")),
}
KINDS: dict[str, Any] = {
    ATTRIBUTE: lazy("Source field"),
    STATIC: lazy("Fixed value"),
    EXPRESSION: lazy("Calculated field"),
}


@dataclass(frozen=True)
class MaskChoice:
    """``slug`` names the button, ``expression`` is what the row becomes, "" when it goes."""

    slug: str
    title: Any
    meaning: Any
    expression: str


@dataclass(frozen=True)
class Panel:
    """``personal`` says in words what the field seems to be, "" for most fields, which need no ``masks``.

    ``kinds``: what the row could be instead. ``repair``: the expression that gives an id to records without one, ""
    where none is needed.
    """

    number: int
    row: EditedRow
    field: FieldLine | None
    alternatives: list[Proposal]
    personal: Any
    masks: list[MaskChoice]
    kinds: list[tuple[str, Any]]
    repair: str


def panel(row: EditedRow, number: int, fields: Sequence[SourceField], schema: XdmSchema) -> Panel:
    source = next((field for field in fields if field.path == row.source), None)
    kind = personal(source) if source and row.source_type == ATTRIBUTE else None
    return Panel(
        number,
        row,
        field_lines([source], {})[0] if source else None,
        _alternatives(row, fields, schema),
        PERSONAL[kind] if kind else "",
        _masks(kind, row.source) if kind else [],
        [(slug, title) for slug, title in KINDS.items() if slug != row.source_type],
        repair.source if (repair := repaired(row, fields)) else "",
    )


def _alternatives(row: EditedRow, fields: Sequence[SourceField], schema: XdmSchema) -> list[Proposal]:
    known = {field.name: field for field in schema.fields()}
    target = known.get(row.destination)
    if target is None or target.xdm_type is XdmType.OBJECT:
        return []
    return [found for found in alternatives(fields, target) if found.source != row.source]


def _masks(kind: Personal, path: str) -> list[MaskChoice]:
    found = [MaskChoice(mask.slug, *MASKS[mask.slug], mask.expression(path)) for mask in masks(kind)]
    return [*found, MaskChoice("drop", *MASKS["drop"], "")]


def masked(row: EditedRow, slug: str, fields: Sequence[SourceField]) -> EditedRow | None:
    """The row as a calculated field that says less; None for ``drop``. Unchanged where there is no such mask."""
    if slug == "drop":
        return None
    source = next((field for field in fields if field.path == row.source), None)
    kind = personal(source) if source else None
    mask = next((mask for mask in masks(kind) if mask.slug == slug), None) if kind else None
    if mask is None:
        return row
    return EditedRow(EXPRESSION, mask.expression(row.source), row.destination, row.name, row.description)
