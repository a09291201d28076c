"""What the mapper shows: source fields, rows with what is wrong with them, and what becomes of real records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import cast

from dataflows.mapper import fields, table
from dataflows.mapper.confirming import Question, question
from dataflows.mapper.fitting import Fit
from dataflows.mapper.grid import Grid, grid
from dataflows.mapper.panel import Panel, panel
from dataflows.mapper.problems import Remark, problems_of, remark
from dataflows.mapper.reference import Reference, reference, vocabulary
from dataflows.mapper.rows import ATTRIBUTE, EXPRESSION, EditedRow, read_stored
from dataflows.mapper.table import TableRow
from dataflows.mapper.trial import Trials, trials
from dataflows.mapper.view import View
from dataflows.mapping.automap import propose
from dataflows.mapping.nearest import nearest
from dataflows.mapping.problems import Problem
from dataflows.mapping.source_fields import SourceField, infer
from dataflows.models import Dataflow, Schema
from dataflows.schemas import XdmSchema

MOST_NAMED = 20


@dataclass
class Desk:
    """A dataflow's mapping on the desk: ``rows`` whatever their state."""

    flow: Dataflow
    rows: list[EditedRow]
    view: View = field(default_factory=View)

    @classmethod
    def of(cls, flow: Dataflow, rows: Sequence[EditedRow], view: View) -> Desk:
        """An empty list means that nothing was mapped yet; the mapping that fits best is shown then."""
        desk = cls(flow, list(rows), view)
        desk.rows = desk.rows or desk.proposed()
        named = (n for n, row in enumerate(desk.rows) if row.destination == view.target != "")
        desk.view = view.with_(row=next(named, view.row), target="")
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

    @cached_property
    def fields(self) -> list[fields.FieldLine]:
        taken = Counter(row.source for row in self.rows if row.source_type == ATTRIBUTE)
        return [*fields.field_lines(self.source_fields, taken), *fields.derived_lines(taken)]

    @cached_property
    def targets(self) -> list[table.Target]:
        return table.targets(self.schema)

    @cached_property
    def problems(self) -> list[Problem]:
        return problems_of(self.rows, self.schema, self.source_fields)

    @cached_property
    def remarks(self) -> list[Remark]:
        """What is wrong with the mapping as a whole."""
        return [remark(problem) for problem in self.problems if problem.row < 0]

    @cached_property
    def counters(self) -> table.Counters:
        return table.counters(self.rows, self.schema, self.problems, self.fits)

    @cached_property
    def table(self) -> list[TableRow]:
        by_path = {field.path: field for field in self.source_fields}
        lines = table.table(self.rows, by_path, self.schema, self.problems, self.fits, self.view)
        guessed = {line.number: nearest(line.row.source, by_path) for line in table.unseen(lines)}
        return [replace(line, near=guessed.get(line.number, "")) for line in lines]

    @property
    def fits(self) -> Mapping[int, Fit]:
        """How well the values of the rows fit, by number, as far as they could be tried."""
        return self.grid.fits if self.grid else {}

    @property
    def wrong_lines(self) -> list[TableRow]:
        """The rows to correct, as many as a summary can name."""
        return [line for line in self.table if line.problems][:MOST_NAMED]

    @property
    def more_wrong(self) -> int:
        return max(0, sum(1 for line in self.table if line.problems) - MOST_NAMED)

    @cached_property
    def question(self) -> Question:
        """What has to be confirmed before these rows are used."""
        return question(self.rows, self.fits)

    @property
    def marked_rows(self) -> str:
        """The numbers of the rows that the page says something about, so that it can be told what has changed."""
        return " ".join(str(line.number) for line in self.table if line.problems or line.warnings)

    @cached_property
    def panel(self) -> Panel | None:
        """What is known and can be done about the row that is open."""
        number = self.view.row
        if number is None or number >= len(self.rows):
            return None
        return panel(self.rows[number], number, self.source_fields, self.schema)

    @cached_property
    def trials(self) -> Trials | None:
        """What the open row makes of the sample, if it is a calculated field."""
        number = self.view.row
        if number is None or number >= len(self.rows) or self.rows[number].source_type != EXPRESSION:
            return None
        return trials(self.rows[number].source, self.source_fields, self.flow.sample, self.flow.reading)

    @property
    def reference(self) -> Reference:
        return reference()

    @property
    def vocabulary(self) -> list[dict[str, str]]:
        """What to offer while an expression is typed; nothing where there is none."""
        return vocabulary() if any(row.source_type == EXPRESSION for row in self.rows) else []

    @cached_property
    def grid(self) -> Grid | None:
        return grid(
            self.rows, self.problems, self.schema, self.flow.reading, self.flow.sample, current=self.view.current
        )
