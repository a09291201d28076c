"""Rows of a dataset as a flat table: nested structs become dotted columns, columns without data are left out."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

# A page stays readable; the whole value is in the dataset.
LONGEST_VALUE = 500


@dataclass(frozen=True)
class Preview:
    """``rows`` hold one text per column, "" where there is no value."""

    columns: list[str]
    rows: list[list[str]]


def flatten(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Preview:
    """Rows as ``LakeTable.preview`` gives them; the columns keep the order of the schema."""
    flat = [dict(_leaves({name: row[name] for name in columns})) for row in rows]
    place = {name: number for number, name in enumerate(columns)}
    # A struct names all its fields in every row that has it, so the order of appearance is the schema's.
    every = dict.fromkeys(name for row in flat for name in row)
    filled = [name for name in every if any(row.get(name) is not None for row in flat)]
    ordered = sorted(filled, key=lambda name: place[name.split(".", 1)[0]])
    return Preview(ordered, [[row.get(name) or "" for name in ordered] for row in flat])


def _leaves(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str | None]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", None if value is None else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, datetime | date):
        text = value.isoformat()
    elif isinstance(value, list):
        text = json.dumps(value, ensure_ascii=False, default=str)
    else:
        text = str(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
