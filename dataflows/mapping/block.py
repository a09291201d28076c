"""The usable records of a block of lines, as columns."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping import derived, keys
from dataflows.mapping.columns import Column, build, text_array
from dataflows.mapping.decode import Flaw
from dataflows.mapping.instants import DAY, micros_of_all, true_instants
from dataflows.mapping.keys import Identities
from dataflows.mapping.lines import Lines
from dataflows.schemas import Shape, XdmType

if TYPE_CHECKING:
    from dataflows.mapping.plan import Plan

Integers = npt.NDArray[np.int64]


class Block(ABC):
    """What the columnar evaluator asks of the records of a block, however they were decoded.

    ``at`` is the index of each record's line in the block, ``raw`` its time as sent; ``flaws`` are the other lines.
    """

    def __init__(self, plan: Plan, text: Lines, first_line: int) -> None:
        self.plan, self.text, self.first_line = plan, text, first_line
        self.flaws: dict[int, Flaw] = {}
        self.at: Integers
        self.raw: Integers
        self.events: Sequence[str]

    @abstractmethod
    def values(self, name: str) -> Sequence[Any]:
        """A wanted property, None where it is absent."""

    @abstractmethod
    def whole(self) -> Sequence[Any]:
        """All properties of each record."""

    @abstractmethod
    def array(self, name: str, kind: XdmType) -> pa.Array | None:
        """A wanted property, if its values are known to be of this plain type or absent."""

    @property
    def rows(self) -> int:
        return len(self.events)

    @property
    def lines(self) -> Integers:
        """The number of each record's line in the export."""
        return self.at + self.first_line

    @cached_property
    def micros(self) -> Integers:
        """The times in microseconds since 1970, on the clock they were read from."""
        return micros_of_all(self.raw)

    @property
    def days(self) -> npt.NDArray[np.int32]:
        """Days since 1970 on that clock: the days that an export is asked for by."""
        return (self.micros // DAY).astype(np.int32)

    def line(self, position: int) -> bytes:
        return self.text[int(self.at[position])]

    @cached_property
    def event_texts(self) -> pa.Array | None:
        return text_array(self.events)

    def column(self, name: str, shape: Shape) -> Column:
        """A property as a target's type."""
        array = self.array(name, shape.type) if not shape.enum else None
        return Column(array) if array is not None else build(self.values(name), shape)

    def event_column(self, shape: Shape) -> Column:
        if shape.plain_text and self.event_texts is not None:
            return Column(self.event_texts)
        return build(self.events, shape)

    @cached_property
    def identities(self) -> Identities:
        who, which = self.array(keys.DISTINCT_ID, XdmType.STRING), self.array(keys.INSERT_ID, XdmType.STRING)
        parts = [part for part in (self.event_texts, who, which) if part is not None and part.null_count == 0]
        if len(parts) == 3 and pc.min(pc.binary_length(which)).as_py() != 0:
            return keys.plain_identities(parts[0], parts[1], self.raw, parts[2])
        whos, whiches = self.values(keys.DISTINCT_ID), self.values(keys.INSERT_ID)
        return keys.identities(self.events, whos, self.raw.tolist(), whiches, self.line)

    @cached_property
    def processed(self) -> Integers:
        return self._stamps(keys.PROCESSED)

    @cached_property
    def received(self) -> Integers:
        return self._stamps(keys.RECEIVED)

    def _stamps(self, name: str) -> Integers:
        array = self.array(name, XdmType.LONG)
        if array is None:
            return keys.stamps(self.values(name))
        stamps: Integers = pc.fill_null(array, 0).to_numpy()
        return stamps

    @cached_property
    def instants(self) -> tuple[Integers, dict[int, str]]:
        """The true instants, and by position the flags of those that are not certain."""
        imported = np.zeros(self.rows, dtype=bool)
        if self.plan.reading.local:
            imported[:] = [derived.imported(value) for value in self.values(keys.IMPORT)]
        return true_instants(self.micros, self.plan.reading, self.received, imported)
