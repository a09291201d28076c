"""Some records of what is read anyway, for those who only want an impression of the data."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from connectors.base import Record

FIRST_BLOCK, LATER_BLOCKS = 200, 20
MOST = 1_000


class Glance:
    """Up to 1,000 ``records``, spread over the blocks that ``over`` passes on: parsing them costs milliseconds."""

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
    lines = block.splitlines()
    for line in lines[:: max(1, len(lines) // most)]:
        try:
            record = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and isinstance(record.get("properties"), dict):
            yield record
