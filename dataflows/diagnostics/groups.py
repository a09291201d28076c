"""Groups: everything that was found wrong with records, by kind, code and field."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from dataflows.diagnostics.errors import printable, words
from dataflows.diagnostics.marking import visible
from dataflows.diagnostics.readings import NOTICE, REJECTED, WARNING, Reading, Tally, day_tallies, tallies

ORDER = (REJECTED, WARNING, NOTICE)


class Key(NamedTuple):
    """What makes a group. ``field`` is a source field, a target path, or "" for the record as a whole."""

    kind: str
    code: str
    field: str


@dataclass
class Group:
    """``first_run`` and ``last_run`` read the first and the last day. ``message`` and ``sample`` are of one record.

    ``exact`` as for a Tally. ``days`` counts the days it is on, as far as that is known.
    """

    key: Key
    count: int
    first: date
    first_run: int
    last: date
    last_run: int
    days: int = 1
    exact: bool = True
    message: str = ""
    sample: str = ""

    @property
    def what(self) -> str:
        """What the code means, for a group of many messages."""
        return words(self.key.code).what

    @property
    def shown(self) -> str:
        """The sample as a page can show it."""
        return "\n".join(visible(line) for line in self.sample.splitlines())

    def add(self, tally: Tally) -> None:
        self.count += tally.count
        self.exact = self.exact and tally.exact
        self.days += _length(tally)
        if tally.first < self.first:
            self.first, self.first_run = tally.first, tally.run
        if tally.last > self.last:
            self.last, self.last_run = tally.last, tally.run


@dataclass(frozen=True)
class Groups:
    """``shown`` are the groups that were asked for, ``total`` counts all; ``unnamed`` rejections have no group."""

    shown: list[Group]
    total: int
    rejected: int
    unnamed: int

    @property
    def is_exact(self) -> bool:
        return all(group.exact for group in self.shown)


def groups(readings: Sequence[Reading], chosen: Mapping[str, Any]) -> Groups:
    """Rejections first, then most frequent first; ``chosen`` may have kind, code, field (a part of it) and day."""
    found = _folded(tallies(readings), chosen.get("day"))
    asked = [group for group in found.values() if _matches(group.key, chosen)]
    _explain(asked, readings)
    asked.sort(key=lambda group: (ORDER.index(group.key.kind), -group.count, group.key.code, group.key.field))
    days = [reading for reading in readings if chosen.get("day") in (None, reading.day)]
    return Groups(
        shown=asked,
        total=len(found),
        rejected=sum(reading.rejected for reading in days),
        unnamed=sum(reading.unnamed for reading in days if reading.reasons),
    )


def group_of(readings: Sequence[Reading], key: Key, day: date | None = None) -> Group | None:
    """One group, or ``None`` when nothing of it is there (any more)."""
    found = _folded((tally for tally in tallies(readings) if _key(tally) == key), day).get(key)
    if found:
        _explain([found], readings)
    return found


def days_of(readings: Sequence[Reading], key: Key) -> list[tuple[Reading, int]]:
    """The days on which the group is known to be with its count, newest first."""
    counted = [
        (reading, sum(tally.count for tally in day_tallies(reading) if _key(tally) == key)) for reading in readings
    ]
    return [(reading, count) for reading, count in reversed(counted) if count]


def _folded(found: Iterable[Tally], day: date | None) -> dict[Key, Group]:
    groups: dict[Key, Group] = {}
    for tally in found:
        if day and not tally.first <= day <= tally.last:
            continue
        exact = tally.exact and (day is None or tally.first == tally.last)
        key = _key(tally)
        if key in groups:
            groups[key].add(tally)
            groups[key].exact = groups[key].exact and exact
        else:
            edges = (tally.first, tally.run, tally.last, tally.run)
            groups[key] = Group(key, tally.count, *edges, days=_length(tally), exact=exact)
    return groups


def _key(tally: Tally) -> Key:
    return Key(tally.kind, tally.code, tally.field)


def _length(tally: Tally) -> int:
    return (tally.last - tally.first).days + 1


def _matches(key: Key, chosen: Mapping[str, Any]) -> bool:
    equal = all(getattr(key, name) == chosen[name] for name in ("kind", "code") if chosen.get(name))
    return equal and str(chosen.get("field") or "").casefold() in key.field.casefold()


def _explain(groups: Iterable[Group], readings: Sequence[Reading]) -> None:
    """Give each group the message and sample of its newest window."""
    unexplained = {group.key: group for group in groups}
    windows = {reading.window.pk: reading.window for reading in reversed(readings)}
    for window in windows.values():
        if not unexplained:
            return
        for error in window.errors:
            if group := unexplained.pop(Key(error["kind"], error["code"], error["field"]), None):
                group.message, group.sample = printable(error["message"]), error["sample"]
