"""Rejected before, rejected after: what a run over days that were read before has repaired, and what it has not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from dataflows.diagnostics.groups import Key
from dataflows.diagnostics.readings import REJECTED, Reading, before, day_tallies, in_force, of_run
from dataflows.models import Dataflow, Run, Trigger

RUNS_SHOWN = 5
Counts = Counter[tuple[date, Key]]


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
class GroupDay:
    day: date
    before: int
    after: int


@dataclass(frozen=True)
class GroupChange:
    """``days`` newest first, only those with rejections before or after."""

    key: Key
    days: list[GroupDay]

    @property
    def before(self) -> int:
        return sum(each.before for each in self.days)

    @property
    def after(self) -> int:
        return sum(each.after for each in self.days)

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Proof:
    """``days`` newest first and ``groups`` by what is left, only those with rejections before or after.

    ``before`` is of the last reading of each day, loaded or not, ``in_force`` of the one that the dataset has.
    """

    before: int
    after: int
    in_force: int
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
    change: GroupChange


def proves(run: Run) -> bool:
    """Whether the run was made to do days again with another mapping."""
    return run.is_finished and (run.dry_run or run.trigger == Trigger.REPROCESS)


def proof(run: Run) -> Proof:
    readings, now = before(run), {reading.day: reading for reading in of_run(run)}
    was = {day: found[-1] for day, found in readings.items()}
    earlier = {day: was[day] for day in now if day in was}
    return Proof(
        before=sum(reading.rejected for reading in earlier.values()),
        after=sum(reading.rejected for reading in now.values()),
        in_force=sum(reading.rejected for reading in map(in_force, readings.values()) if reading),
        days=_days(was, now),
        groups=_groups(_counted(earlier), _counted(now)),
    )


def repairs(flow: Dataflow, key: Key) -> list[Repair]:
    """The last runs that did days again which have or had the group, newest first."""
    runs = flow.runs.filter(trigger=Trigger.REPROCESS, status__in=Run.FINISHED).order_by("-created_at", "-pk")
    return [repair for run in runs[:RUNS_SHOWN] for repair in repairs_by(run, key)]


def repairs_by(run: Run, key: Key) -> list[Repair]:
    """One if the run has or had the group on its days, none otherwise."""
    return [Repair(run, change) for change in proof(run).groups if change.key == key]


def _days(was: dict[date, Reading], now: dict[date, Reading]) -> list[DayChange]:
    changes = [
        DayChange(day, was[day].rejected if day in was else 0, reading.rejected, reading.status, reading.label)
        for day, reading in sorted(now.items(), reverse=True)
    ]
    return [change for change in changes if change.before or change.after]


def _groups(was: Counts, now: Counts) -> list[GroupChange]:
    days: dict[Key, set[date]] = {}
    for day, key in (*was, *now):
        days.setdefault(key, set()).add(day)
    changes = [
        GroupChange(key, [GroupDay(day, was[day, key], now[day, key]) for day in sorted(on, reverse=True)])
        for key, on in days.items()
    ]
    return sorted(changes, key=lambda change: (-change.after, -change.before, change.key))


def _counted(readings: Mapping[date, Reading]) -> Counts:
    found: Counts = Counter()
    for day, reading in readings.items():
        for tally in day_tallies(reading):
            if tally.kind == REJECTED:
                found[day, Key(tally.kind, tally.code, tally.field)] += tally.count
    return found
