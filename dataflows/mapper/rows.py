"""The rows of a mapping while they are being edited: sent as ``type-N``, ``source-N``, ``destination-N``.

Beside these three of AEP's Data Prep a row may have a ``name-N`` and a ``description-N``, for people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from typing import Any

from dataflows.mapping import MappingRow

ATTRIBUTE, STATIC, EXPRESSION = "ATTRIBUTE", "STATIC", "EXPRESSION"
TYPES = (ATTRIBUTE, STATIC, EXPRESSION)
MOST_ROWS = 2000
LONGEST_NAME, LONGEST_DESCRIPTION = 255, 1000
NAME = re.compile(r"type-([0-9]{1,6})")
SENT = ("type", "source", "destination", "name", "description")
"""What a browser sends of a row, in the order of EditedRow's fields."""


@dataclass(frozen=True)
class EditedRow:
    """A row that may still lack its source or its target."""

    source_type: str
    source: str = ""
    destination: str = ""
    name: str = ""
    description: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.source and not self.destination

    @property
    def stored(self) -> dict[str, str]:
        """As in ``Dataflow.mapping``; without name and description where there are none."""
        row = {"sourceType": self.source_type, "source": self.source, "destination": self.destination}
        words = {"name": self.name, "description": self.description}
        return row | {key: value for key, value in words.items() if value}

    @property
    def mapping_row(self) -> MappingRow:
        return MappingRow(self.source_type, self.source, self.destination)


def read_stored(rows: Sequence[Mapping[str, str]]) -> list[EditedRow]:
    return [
        EditedRow(row["sourceType"], row["source"], row["destination"], row.get("name", ""), row.get("description", ""))
        for row in rows
    ]


def read_sent(data: Mapping[str, Any]) -> list[EditedRow]:
    """Rows by their number; numbers may have gaps. What was not sent counts as empty."""
    numbers = sorted(int(found[1]) for name in data if (found := NAME.fullmatch(name)))
    return [_sent_row(data, number) for number in numbers[:MOST_ROWS]]


def _sent_row(data: Mapping[str, Any], number: int) -> EditedRow:
    kind, source, destination, name, description = (_sent(data, f"{part}-{number}") for part in SENT)
    return EditedRow(
        kind if kind in TYPES else ATTRIBUTE,
        source,
        destination,
        name[:LONGEST_NAME],
        description[:LONGEST_DESCRIPTION],
    )


def _sent(data: Mapping[str, Any], name: str) -> str:
    # NUL cannot be stored by PostgreSQL, and no field has it in its name; forms send line ends as CRLF.
    return str(data.get(name) or "").strip().replace("\x00", "").replace("\r\n", "\n")


def as_sent(rows: Sequence[EditedRow]) -> dict[str, str]:
    """The same rows as a browser would send them."""
    return {
        f"{part}-{number}": value
        for number, row in enumerate(rows)
        for part, value in zip(SENT, astuple(row), strict=True)
        if value
    }


def without_blanks(rows: Sequence[EditedRow]) -> list[EditedRow]:
    return [row for row in rows if not row.is_blank]
