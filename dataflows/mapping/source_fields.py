"""Which source fields there are, seen in sample records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from dataflows.mapping.paths import write_source

DEEPEST = 5
MOST_FIELDS = 2_000
MOST_SAMPLES = 3
SAMPLE_CHARACTERS = 120
TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}

Names = tuple[str, ...]


@dataclass(frozen=True)
class SourceField:
    """``types``: share of each JSON type among the values that are there, most frequent first.

    ``fill``: share of the records that have a value. ``samples``: up to three different values, as sent, texts
    cut to 120 characters.
    """

    path: str
    names: Names
    types: Mapping[str, float]
    fill: float
    samples: tuple[Any, ...]

    @property
    def type(self) -> str:
        """The most frequent type, "null" if there never was a value."""
        return next(iter(self.types), "null")


@dataclass
class _Seen:
    types: Counter[str] = field(default_factory=Counter)
    samples: list[Any] = field(default_factory=list)

    def add(self, value: Any) -> None:
        self.types[TYPES.get(type(value), "string")] += 1
        if len(self.samples) < MOST_SAMPLES and not isinstance(value, dict | list):
            shown = value[:SAMPLE_CHARACTERS] if isinstance(value, str) else value
            if shown not in self.samples:
                self.samples.append(shown)


def infer(records: Iterable[Mapping[str, Any]]) -> list[SourceField]:
    """The fields of sample records in the order of their first appearance, objects before what they hold.

    At most 2,000 fields and five levels; what lies inside arrays is not listed.
    """
    seen: dict[Names, _Seen] = {}
    count = 0
    for record in records:
        count += 1
        for names, value in _walk(record, ()):
            if (known := seen.get(names)) is None and len(seen) < MOST_FIELDS:
                known = seen[names] = _Seen()
            if known is not None and value is not None:
                known.add(value)
    return [_field(names, found, count) for names, found in seen.items() if names != ("properties",)]


def _walk(value: Mapping[str, Any], above: Names) -> Iterator[tuple[Names, Any]]:
    for name, child in value.items():
        if name:
            yield (*above, name), child
            if isinstance(child, dict) and len(above) < DEEPEST:
                yield from _walk(child, (*above, name))


def _field(names: Names, seen: _Seen, records: int) -> SourceField:
    values = seen.types.total()
    types = {name: count / values for name, count in seen.types.most_common()}
    return SourceField(write_source(names), names, types, values / records, tuple(seen.samples))
