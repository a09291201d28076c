"""A row for ``_id`` where some records have no id of their own, because a part of it is an object."""

from __future__ import annotations

from collections.abc import Sequence

from dataflows.mapper.rows import EXPRESSION, EditedRow
from dataflows.mapping import derived, keys
from dataflows.mapping.source_fields import SourceField

PARTS = (keys.DISTINCT_ID, keys.INSERT_ID)
PLAIN = ("string", "integer")
EVENT_ID = f"{derived.ROOT}.{derived.EVENT_ID}"


def repaired(row: EditedRow, fields: Sequence[SourceField]) -> EditedRow | None:
    """The row with an id made of what is inside the object, and Tributary's own for all other records.

    None where the row is another one, or no object of the sample holds a value to take.
    """
    if row.source != EVENT_ID:
        return None
    found = next((field for part in PARTS for field in _inside(part, fields)), None)
    return EditedRow(EXPRESSION, _expression(found), row.destination, row.name, row.description) if found else None


def _inside(part: str, fields: Sequence[SourceField]) -> list[SourceField]:
    """The plain fields of the objects that stand where a part of the id should, those most often filled first."""
    found = [field for field in fields if field.names[:-1] == ("properties", part) and field.type in PLAIN]
    return sorted(found, key=lambda field: -field.fill)


def _expression(inner: SourceField) -> str:
    paths = {part: f"properties.{part}" for part in PARTS} | {inner.names[1]: inner.path}
    parts = ["event", *paths.values(), "properties.time"]
    joined = ', "|", '.join(parts)
    return f'contains_key("{inner.path}") ? sha256(concat({joined})) : {EVENT_ID}'
