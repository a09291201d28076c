"""Rejected before, rejected after: what a run over days that were read before has repaired, and what it has not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from dataflows.diagnostics.groups import Key
from dataflows.diagnostics.readings import REJECTED, Reading, before, day_tallies, of_run
from dataflows.models import Dataflow, Run, Trigger

RUNS_SHOWN = 5


@dataclass(frozen=True)
class DayChange:
    """Rejected records of one day; ``status`` is what became of the day."""

    day: date
    before: int
    after: int
    status: str
    label: object

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class GroupChange:
    key: Key
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Proof:
    """``days`` newest first and ``groups`` by what is left, only those with rejections before or after."""

    before: int
    after: int
    days: list[DayChange]
    groups: list[GroupChange]

    @property
    def repaired(self) -> int:
        return sum(max(0, change.before - change.after) for change in self.groups)

    @property
    def left(self) -> list[GroupChange]:
        return [change for change in self.groups if change.after]


@dataclass(frozen=True)
class Repair:
    """What one run did to one group."""

    run: Run
    before: int
    after: int


def proves(run: Run) -> bool:
    """Whether the run was made to do days again with another mapping."""
    return run.is_finished and (run.dry_run or run.trigger == Trigger.REPROCESS)


def proof(run: Run) -> Proof:
    was, now = before(run), {reading.day: reading for reading in of_run(run)}
    earlier = [was[day] for day in now if day in was]
    return Proof(
        before=sum(reading.rejected for reading in earlier),
        after=sum(reading.rejected for reading in now.values()),
        days=_days(was, now),
        groups=_groups(_counted(earlier), _counted(now.values())),
    )


def repairs(flow: Dataflow, key: Key) -> list[Repair]:
    """The last runs that did days again which have or had the group, newest first."""
    runs = flow.runs.filter(trigger=Trigger.REPROCESS, status__in=Run.FINISHED).order_by("-created_at", "-pk")
    found = []
    for run in runs[:RUNS_SHOWN]:
        for change in proof(run).groups:
            if change.key == key:
                found.append(Repair(run, change.before, change.after))
    return found


def _days(was: dict[date, Reading], now: dict[date, Reading]) -> list[DayChange]:
    changes = [
        DayChange(day, was[day].rejected if day in was else 0, reading.rejected, reading.status, reading.label)
        for day, reading in sorted(now.items(), reverse=True)
    ]
    return [change for change in changes if change.before or change.after]


def _groups(was: Counter[Key], now: Counter[Key]) -> list[GroupChange]:
    changes = [GroupChange(key, was[key], now[key]) for key in {*was, *now}]
    return sorted(changes, key=lambda change: (-change.after, -change.before, change.key.code, change.key.field))


def _counted(readings: Iterable[Reading]) -> Counter[Key]:
    found: Counter[Key] = Counter()
    for reading in readings:
        for tally in day_tallies(reading):
            if tally.kind == REJECTED:
                found[Key(tally.kind, tally.code, tally.field)] += tally.count
    return found
