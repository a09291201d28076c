"""The left of the mapper: the fields of the source, as real records show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dataflows.mapper.values import short
from dataflows.mapping import derived
from dataflows.mapping.personal import personal
from dataflows.mapping.source_fields import SourceField


@dataclass(frozen=True)
class FieldLine:
    """``types`` in words, ``number 98 %, string 2 %``; ``varies`` when there are several. ``fill`` is a share
    of the records.

    ``taken`` counts the rows that map it; ``personal`` is what it seems to say about a person, "" for most.
    """

    path: str
    types: str
    varies: bool
    fill: str
    samples: str
    taken: int
    personal: str


def field_lines(fields: Sequence[SourceField], taken: Mapping[str, int]) -> list[FieldLine]:
    """``taken``: how many rows map a path."""
    return [
        FieldLine(
            field.path,
            types_in_words(field),
            len(field.types) > 1,
            share(field.fill),
            " · ".join(short(value) for value in field.samples),
            taken.get(field.path, 0),
            personal(field) or "",
        )
        for field in fields
    ]


def derived_lines(taken: Mapping[str, int]) -> list[FieldLine]:
    """The fields that Tributary offers beside those of the source; every record has them."""
    return [
        FieldLine(field.path, str(field.xdm_type), False, share(1), field.description, taken.get(field.path, 0), "")
        for field in derived.FIELDS.values()
    ]


def types_in_words(field: SourceField) -> str:
    """``number 98 %, string 2 %``; without a share where there is one type only."""
    if len(field.types) < 2:
        return field.type
    return ", ".join(f"{kind} {share(part)}" for kind, part in field.types.items())


def share(part: float) -> str:
    """In whole percent; what is there, however rare, is not 0 %, and what is missing anywhere is not 100 %."""
    if 0 < part < 0.01:
        return "< 1 %"
    return f"{min(round(part * 100), 99) if part < 1 else 100} %"
