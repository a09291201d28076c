"""Roll a dataset back to an earlier snapshot, and let the ledger tell the truth about it again.

The lake goes first: if the ledger cannot follow, doing it again changes nothing in the lake and completes the ledger,
and so does the next upkeep, which knows a roll back by its commit.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from connectors.lake import DayContent, LakeTable
from connectors.roles import User
from dataflows.models import Dataset, Run
from dataflows.runs import ledger

logger = logging.getLogger(__name__)

Contents = Mapping[tuple[str, date], DayContent]


class CannotRollBack(Exception):
    """A run of the dataset is not finished; the message says so to a person."""


@dataclass(frozen=True)
class DayChange:
    """Rows of a day, all dataflows together."""

    day: date
    before: int
    after: int


@dataclass(frozen=True)
class Effect:
    """What rolling back changes. ``changes`` are the days of which any dataflow gets other files, oldest first."""

    rows_before: int
    rows_after: int
    days_before: int
    days_after: int
    changes: list[DayChange]

    @property
    def days(self) -> list[date]:
        return [change.day for change in self.changes]


def effect(table: LakeTable, to: int, seen: int) -> Effect:
    """Raises UnknownSnapshot, LakeUnavailable."""
    now, then = table.contents(seen), table.contents(to)
    before, after = _rows_by_day(now), _rows_by_day(then)
    changed = {day for flow, day in {*now, *then} if now.get((flow, day)) != then.get((flow, day))}
    changes = [DayChange(day, before[day], after[day]) for day in sorted(changed)]
    return Effect(before.total(), after.total(), len(before), len(after), changes)


def _rows_by_day(contents: Contents) -> Counter[date]:
    counts: Counter[date] = Counter()
    for (_flow, day), content in contents.items():
        counts[day] += content.rows
    return counts


def roll_back(dataset: Dataset, table: LakeTable, to: int, *, seen: int, by: User) -> int:
    """The new snapshot, whose content is that of ``to``; ``seen`` must still be the current one.

    Doing it again, after a crash for one, completes what is left to do.
    Raises CannotRollBack, UnknownSnapshot, LakeConflict, LakeUnavailable.
    """
    with _nobody_publishing(dataset):
        current = table.current_snapshot()
        if current is not None and current.rolled_back_to == to:
            snapshot = current.id
        else:
            snapshot = table.roll_back(to, seen=seen, by=by.get_username())
        changed = ledger.rebuild(dataset, table)
    logger.info("dataset %s: rolled back to %s by %s, %d days changed", dataset.pk, to, by.get_username(), changed)
    return snapshot


def settle(dataset: Dataset, table: LakeTable) -> int:
    """Complete the ledger of a roll back that was cut short; how many rows changed, most often none.

    A dataset that a run writes to right now is left for the next time. Raises LakeUnavailable.
    """
    if not _is_rolled_back(table):
        return 0
    try:
        with _nobody_publishing(dataset):
            return ledger.rebuild(dataset, table) if _is_rolled_back(table) else 0
    except CannotRollBack:
        return 0


def _is_rolled_back(table: LakeTable) -> bool:
    current = table.current_snapshot()
    return current is not None and current.rolled_back_to is not None


@contextmanager
def _nobody_publishing(dataset: Dataset) -> Iterator[None]:
    """No run of the dataset is unfinished, and none can start before the block ends.

    A new run refers to its dataflow and a new dataflow to its dataset, so both wait for the locks on those rows;
    SQLite lets in one writer at a time anyway. Raises CannotRollBack.
    """
    with transaction.atomic():
        Dataset.objects.select_for_update().get(pk=dataset.pk)
        list(dataset.dataflows.select_for_update().order_by("pk").values_list("pk"))
        if Run.objects.unfinished().filter(dataflow__dataset=dataset).exists():
            text = _("A run into this dataset is not finished. Wait for it or cancel it, then roll back.")
            raise CannotRollBack(text)
        yield
