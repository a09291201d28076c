"""Runs lines through both evaluators and demands the same outcome."""

from collections import Counter

from dataflows.mapping import Rejected
from dataflows.mapping.row import evaluate


def agree(plan, block, first_line=1):
    """The columnar outcome, after comparing everything in it with the row evaluator's."""
    lines = [line for line in block.split(b"\n") if line.strip()]
    one_by_one = [evaluate(plan, line, number) for number, line in enumerate(lines, start=first_line)]
    accepted = [found for found in one_by_one if not isinstance(found, Rejected)]
    found = plan.evaluate(block, first_line)
    assert found.received == len(lines) == found.batch.num_rows + len(found.rejected)
    assert found.rejected == [other for other in one_by_one if isinstance(other, Rejected)]
    assert found.warnings == Counter(warning for row in accepted for warning in row.warnings)
    assert found.batch.schema.equals(plan.batch_schema)
    found.batch.validate(full=True)
    assert found.batch.to_pylist(maps_as_pydicts="strict") == [row.values | row.keys for row in accepted]
    return found
