"""The alarm when a project's times stop meaning what the dataflow takes them for.

No API tells whether ``time`` is UTC or the project's wall clock, and a project that is reset or moved may change its
rule (peers' users lost hours of every day to it), so every answer is looked at: its own receipt stamps tell.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from connectors.base import Record
from connectors.errors import TimeSemanticChanged
from connectors.mixpanel import semantics
from dataflows.mapping import TimeReading
from dataflows.runs.glance import some_records

LINES_PER_BLOCK = 200
BLOCKS_LOOKED_AT = 5


def watched(blocks: Iterable[bytes], reading: TimeReading) -> Iterator[bytes]:
    """The same blocks. At their end raises TimeSemanticChanged when the records clearly contradict ``reading``."""
    seen: list[Record] = []
    for number, block in enumerate(blocks):
        if number < BLOCKS_LOOKED_AT:
            seen += some_records(block, LINES_PER_BLOCK)
        yield block
    _compare(seen, reading)


def _compare(seen: list[Record], reading: TimeReading) -> None:
    verdict = semantics.detect(seen, reading.zone)
    fits = {name: verdict.evidence[f"{name}_events"] for name in ("utc", "legacy")}
    # Where clocks show UTC both readings are the same, whatever they are called.
    clear = verdict.semantic != "unknown" and fits["utc"] != fits["legacy"]
    if clear and verdict.semantic != reading.semantic:
        raise TimeSemanticChanged(str(verdict.evidence["sentence"]))
