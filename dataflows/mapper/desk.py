"""What the mapper shows: rows with their problems and sample values, counters, and what becomes of the sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

from dataflows.mapper import table
from dataflows.mapper.problems import Remark, problems_of, remark
from dataflows.mapper.result import ResultTable, result_table
from dataflows.mapper.rows import ATTRIBUTE, EditedRow, read_stored
from dataflows.mapping import derived
from dataflows.mapping.automap import propose
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField, infer
from dataflows.models import Dataflow, Schema
from dataflows.schemas import XdmSchema


@dataclass
class Desk:
    """A dataflow's mapping on the desk: ``rows`` whatever their state."""

    flow: Dataflow
    rows: list[EditedRow]

    @classmethod
    def of(cls, flow: Dataflow, rows: Sequence[EditedRow]) -> Desk:
        """An empty list means that nothing was mapped yet; the mapping that fits best is shown then."""
        desk = cls(flow, list(rows))
        desk.rows = desk.rows or desk.proposed()
        return desk

    @property
    def before(self) -> list[EditedRow]:
        """What *Undo* brings back."""
        return read_stored(self.flow.mapping_before or [])

    @cached_property
    def schema(self) -> XdmSchema:
        # Only a draft may be without one, and its mapping step opens after it is chosen.
        return cast(Schema, self.flow.schema).xdm

    @cached_property
    def source_fields(self) -> list[SourceField]:
        return infer(self.flow.sample)

    def proposed(self) -> list[EditedRow]:
        """The mapping that the sample and the schema suggest."""
        rows = (proposal.row for proposal in propose(self.source_fields, self.schema))
        return [EditedRow(row.source_type, row.source, row.destination) for row in rows]

    @property
    def suggestions(self) -> list[str]:
        """Sources to offer while typing; others may be typed, for a sample does not show every property."""
        return [*(field.path for field in derived.FIELDS.values()), *(field.path for field in self.source_fields)]

    @cached_property
    def targets(self) -> list[table.Target]:
        return table.targets(self.schema)

    @cached_property
    def problems(self) -> list[Problem]:
        return problems_of(self.rows, self.schema)

    @cached_property
    def remarks(self) -> list[Remark]:
        """What is wrong with the mapping as a whole."""
        return [remark(problem) for problem in self.problems if problem.row < 0]

    @cached_property
    def counters(self) -> table.Counters:
        return table.counters(self.rows, self.schema, self.problems)

    @cached_property
    def table(self) -> list[table.TableRow]:
        return table.table(self.rows, self.source_fields, self.schema, self.problems)

    @cached_property
    def unmapped(self) -> list[tuple[SourceField, str]]:
        """Source fields that no row takes, with a sample value: what would be left behind."""
        taken = {row.source for row in self.rows if row.source_type == ATTRIBUTE}
        return [(field, table.first_value(field)) for field in self.source_fields if field.path not in taken]

    @cached_property
    def result(self) -> ResultTable | None:
        """The sample records as they would be loaded; ``None`` while the mapping does not fit."""
        if self.problems or not self.flow.sample:
            return None
        return result_table(self.rows, self.schema, self.flow.reading, self.flow.sample)
