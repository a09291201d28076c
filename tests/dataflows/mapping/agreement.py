"""Runs lines through both evaluators and demands the same outcome."""

import json
from collections import Counter
from datetime import date, timedelta

from dataflows.mapping import KEY_FIELDS, Lines, Rejected
from dataflows.mapping.keys import WHOLE_LINE
from dataflows.mapping.row import evaluate


def agree(plan, block, first_line=1):
    """The columnar outcome, after comparing everything in it with the row evaluator's."""
    lines = [line for line in block.split(b"\n") if line.strip()]
    one_by_one = [evaluate(plan, line, number) for number, line in enumerate(lines, start=first_line)]
    accepted = [found for found in one_by_one if not isinstance(found, Rejected)]
    found = plan.evaluate(Lines(block), first_line)
    assert found.received == len(lines) == found.batch.num_rows + len(found.rejected)
    assert found.rejected == [other for other in one_by_one if isinstance(other, Rejected)]
    warned = [(*warning, (row.day - date(1970, 1, 1)).days) for row in accepted for warning in row.warnings]
    assert found.warnings == Counter(warned)
    assert found.examples.keys() == {(code, target) for code, target, _, _ in warned}
    assert found.batch.schema.equals(plan.batch_schema)
    found.batch.validate(full=True)
    made = plan.dataset_batch(found.batch)
    made.validate(full=True)
    rows = made.to_pylist(maps_as_pydicts="strict")
    assert rows == [row.values for row in accepted]
    # By their text as well, because 0.0 and -0.0 are equal.
    assert json.dumps(rows, default=str) == json.dumps([row.values for row in accepted], default=str)
    key_columns = found.batch.select([field.name for field in KEY_FIELDS])
    assert key_columns.to_pylist() == [row.keys for row in accepted]
    assert found.lines.tolist() == [row.line for row in accepted]
    assert [date(1970, 1, 1) + timedelta(days=int(day)) for day in found.days] == [row.day for row in accepted]
    assert found.anonymous.tolist() == [row.keys["__split"] == WHOLE_LINE for row in accepted]
    return found


def rows_of(plan, block, first_line=1):
    """The dataset's rows, agreed upon by both evaluators."""
    return plan.dataset_batch(agree(plan, block, first_line).batch).to_pylist(maps_as_pydicts="strict")
