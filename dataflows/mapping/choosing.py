"""Which records of many to try a mapping on: few that show every event name and every type of every property."""

from __future__ import annotations

import heapq
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from dataflows.mapping.source_fields import TYPES

Record = Mapping[str, Any]
DEEPEST = 5


def choose(records: Sequence[Record], most: int, most_characters: int) -> list[Record]:
    """At most ``most`` records whose JSON has at most ``most_characters`` together; the same for the same input.

    First a greedy set cover: the record that shows most of what was not seen yet, of equals the earlier one; so the
    first few show nearly everything. When all is seen, events take turns.
    """
    chosen: list[int] = []
    left = most_characters
    for index in _in_order(records):
        if len(chosen) == most:
            break
        size = len(json.dumps(records[index]))
        if size <= left:
            chosen.append(index)
            left -= size
    return [records[index] for index in chosen]


def _in_order(records: Sequence[Record]) -> Iterator[int]:
    covering = list(_covering([frozenset(_features(record)) for record in records]))
    yield from covering
    yield from _taking_turns(records, set(covering))


def _covering(features: Sequence[frozenset[object]]) -> Iterator[int]:
    """Greedy cover. Gains only shrink, so a gain that is still the largest when counted again is the largest."""
    seen: set[object] = set()
    heap = [(-len(shown), index) for index, shown in enumerate(features)]
    heapq.heapify(heap)
    while heap:
        _promised, index = heapq.heappop(heap)
        gain = len(features[index] - seen)
        if gain and heap and (-gain, index) > heap[0]:
            heapq.heappush(heap, (-gain, index))
        elif gain:
            seen |= features[index]
            yield index


def _features(record: Record) -> Iterator[object]:
    """What a record shows: its event, and each path with the type of its value."""
    yield record["event"]
    yield from _typed("properties", record["properties"], DEEPEST)


def _typed(path: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    yield path, TYPES.get(type(value), "null")
    if isinstance(value, dict) and depth:
        for name, child in value.items():
            yield from _typed(f"{path}.{name}", child, depth - 1)


def _taking_turns(records: Sequence[Record], taken: set[int]) -> Iterator[int]:
    by_event: dict[str, list[int]] = {}
    for index, record in enumerate(records):
        if index not in taken:
            by_event.setdefault(str(record["event"]), []).append(index)
    for turn in zip_longest(*by_event.values()):
        yield from (index for index in turn if index is not None)
