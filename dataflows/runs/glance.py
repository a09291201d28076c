"""Some records of what is read anyway, for those who only want an impression of the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from connectors.base import Record

# A record costs a hundred times as much here as on its way into the dataset, and every window is looked at.
FIRST_BLOCK, LATER_BLOCKS = 100, 10
MOST = 250


class Glance:
    """Some 250 ``records``, spread over the blocks that ``over`` passes on."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def over(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The same blocks."""
        for block in blocks:
            if len(self.records) < MOST:
                self.records += some_records(block, LATER_BLOCKS if self.records else FIRST_BLOCK)
            yield block


def some_records(block: bytes, most: int) -> Iterator[Record]:
    """About ``most``, evenly spread over the block; lines that are no event are somebody else's business."""
    for line in _some_lines(block, most):
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("properties"), dict):
            yield record


def _some_lines(block: bytes, most: int) -> Iterator[bytes]:
    """Found by leaps: splitting a whole block for a few of its lines would cost a run a tenth of its time."""
    leap, start = len(block) // most, 0
    while start < len(block):
        end = block.find(b"\n", start)
        end = len(block) if end < 0 else end
        yield block[start:end]
        following = block.find(b"\n", max(end, start + leap))
        start = len(block) if following < 0 else following + 1
