"""A block with values of any type, and perhaps with lines that are no records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from dataflows.mapping import keys
from dataflows.mapping.block import Block, Integers
from dataflows.mapping.columns import text_array
from dataflows.mapping.instants import EARLIEST_SECONDS, LATEST_MILLISECONDS, raw_time
from dataflows.mapping.lines import Lines
from dataflows.mapping.row import NO_EVENT, NO_TIME
from dataflows.schemas import XdmType

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan


class MixedBlock(Block):
    """Columns are looked at one by one for what their values are."""

    def __init__(self, plan: Plan, text: Lines, first_line: int) -> None:
        super().__init__(plan, text, first_line)
        decoded = plan.decoder.block(text)
        self.flaws |= decoded.flaws
        self.at, self.records = decoded.at, decoded.records
        self._take_columns()
        plain = keys.integers(self.values(keys.TIME))
        self.raw = plain if plain is not None and _all_usable(self.events, plain) else self._usable_times()

    def _take_columns(self) -> None:
        self.events = [record.event for record in self.records]
        self._values = self.plan.decoder.columns(self.records)
        self._arrays: dict[tuple[str, XdmType], pa.Array | None] = {}

    def _usable_times(self) -> Integers:
        """Leave out the records without a usable event and time."""
        found = enumerate(zip(self.at.tolist(), self.events, self.values(keys.TIME), strict=True))
        kept = [position for position, (index, event, time) in found if self._usable(index, event, time)]
        if len(kept) < len(self.records):
            self.records, self.at = [self.records[position] for position in kept], self.at[kept]
            self._take_columns()
        return np.array([raw_time(value) for value in self.values(keys.TIME)], dtype=np.int64)

    def _usable(self, index: int, event: Any, time: Any) -> bool:
        if type(event) is not str:
            self.flaws[index] = NO_EVENT
        elif raw_time(time) is None:
            self.flaws[index] = NO_TIME
        return index not in self.flaws

    def values(self, name: str) -> Sequence[Any]:
        return self._values[name]

    def whole(self) -> Sequence[Any]:
        return [record.properties for record in self.records]

    def array(self, name: str, kind: XdmType) -> pa.Array | None:
        if (name, kind) not in self._arrays:
            self._arrays[name, kind] = self._array(name, kind)
        return self._arrays[name, kind]

    def _array(self, name: str, kind: XdmType) -> pa.Array | None:
        if kind is XdmType.STRING:
            return text_array(self.values(name))
        numbers = keys.integers(self.values(name)) if kind is XdmType.LONG else None
        return None if numbers is None else pa.array(numbers)


def _all_usable(events: Sequence[Any], times: Integers) -> bool:
    if not times.size:
        return True
    in_range = times.min() >= EARLIEST_SECONDS and times.max() <= LATEST_MILLISECONDS
    return bool(in_range) and set(map(type, events)) == {str}
