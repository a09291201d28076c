"""Days with more rejected records than the error threshold allows: how many they had, and what the dataset keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Count, Sum

from dataflows.models import Run


@dataclass(frozen=True)
class Overrun:
    """``allowed`` is the threshold of the dataflow as it is now, in percent; None: no record may be rejected.

    ``kept_days`` of the days are in the dataset from earlier readings, with ``kept_rows`` rows.
    """

    allowed: Decimal | None
    kept_days: int
    kept_rows: int


def overrun(run: Run, days: Sequence[date]) -> Overrun:
    """``days`` are those of the run that were above the threshold."""
    flow = run.dataflow
    kept = flow.days.filter(day__in=days).exclude(published_at=None)
    found = kept.aggregate(days=Count("pk"), rows=Sum("loaded", default=0))
    return Overrun(flow.error_threshold if flow.partial_ingestion else None, found["days"], found["rows"])
