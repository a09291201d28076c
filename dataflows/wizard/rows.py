"""The rows of the mapping table while they are being edited: sent as ``type-N``, ``source-N``, ``destination-N``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflows.mapping import MappingRow

ATTRIBUTE, STATIC = "ATTRIBUTE", "STATIC"
MOST_ROWS = 2000
NAME = re.compile(r"type-([0-9]{1,6})")


@dataclass(frozen=True)
class EditedRow:
    """A row that may still lack its source or its target."""

    source_type: str
    source: str = ""
    destination: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.source and not self.destination

    @property
    def stored(self) -> dict[str, str]:
        return {"sourceType": self.source_type, "source": self.source, "destination": self.destination}

    @property
    def mapping_row(self) -> MappingRow:
        return MappingRow(self.source_type, self.source, self.destination)


def read_stored(rows: Sequence[Mapping[str, str]]) -> list[EditedRow]:
    return [EditedRow(row["sourceType"], row["source"], row["destination"]) for row in rows]


def read_sent(data: Mapping[str, Any]) -> list[EditedRow]:
    """Rows by their number; numbers may have gaps. Targets that were not sent count as not chosen."""
    numbers = sorted(int(found[1]) for name in data if (found := NAME.fullmatch(name)))
    return [
        EditedRow(
            STATIC if data.get(f"type-{number}") == STATIC else ATTRIBUTE,
            _sent(data, f"source-{number}"),
            _sent(data, f"destination-{number}"),
        )
        for number in numbers[:MOST_ROWS]
    ]


def _sent(data: Mapping[str, Any], name: str) -> str:
    # NUL cannot be stored by PostgreSQL, and no field has it in its name.
    return str(data.get(name) or "").strip().replace("\x00", "")


def as_sent(rows: Sequence[EditedRow]) -> dict[str, str]:
    """The same rows as a browser would send them."""
    names = ("type", "source", "destination")
    return {
        f"{name}-{number}": value
        for number, row in enumerate(rows)
        for name, value in zip(names, (row.source_type, row.source, row.destination), strict=True)
    }


def changed(rows: Sequence[EditedRow], action: str) -> list[EditedRow]:
    """The rows after a button: ``add``, ``add-static``, ``use:<source>``, ``remove:<number>``, ``clear``."""
    verb, _, operand = action.partition(":")
    if verb == "remove":
        return [row for number, row in enumerate(rows) if str(number) != operand] or [EditedRow(ATTRIBUTE)]
    if verb == "clear":
        # One blank row, not none: a draft without rows has not been mapped yet and would be mapped again.
        return [EditedRow(ATTRIBUTE)]
    added = {"add": EditedRow(ATTRIBUTE), "add-static": EditedRow(STATIC), "use": EditedRow(ATTRIBUTE, operand)}.get(
        verb
    )
    return [*rows, added] if added and len(rows) < MOST_ROWS else list(rows)


def without_blanks(rows: Sequence[EditedRow]) -> list[EditedRow]:
    return [row for row in rows if not row.is_blank]
