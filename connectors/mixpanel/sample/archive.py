"""The events that a sample project holds at this moment: made on demand, kept compressed, and countable."""

from __future__ import annotations

import random
import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import chain

from connectors.mixpanel.sample.deflate import Segment, compress
from connectors.mixpanel.sample.journeys import MAX_LAG_DAYS, NO_FLAW, Planned, plan_day
from connectors.mixpanel.sample.projects import HOUR_MS, SampleProject
from connectors.mixpanel.sample.rendering import DayRenderer

CACHE_BYTES = 96 * 1024 * 1024

DayState = tuple[str, date, int, int]
"""Project id, day, its age in days as far as that changes what has arrived, number of events added by hand."""

Tally = Counter[tuple[date, str]]
"""Events per day of the project's reports and event name, duplicates counted once."""


class Archive:
    """All sample events for one seed. Safe to use from many threads; ``now`` tells the time in UTC."""

    def __init__(self, seed: int, events_per_day: int, now: Callable[[], datetime]) -> None:
        self.seed = seed
        self.events_per_day = events_per_day
        self.now = now
        self._added: dict[tuple[str, date], list[tuple[Planned, int]]] = {}
        self._segments: OrderedDict[tuple[DayState, bool], Segment] = OrderedDict()
        self._tallies: dict[DayState, Tally] = {}
        self._lock = threading.Lock()
        self._making = threading.Lock()

    def today(self, project: SampleProject) -> date:
        return project.today(self.now())

    def holds(self, project: SampleProject, day: date) -> bool:
        today = self.today(project)
        return project.first_day(today) <= day < today

    def lines(self, project: SampleProject, day: date, *, in_ms: bool) -> Iterator[str]:
        """What an export of the day sends now, in pieces of one or two whole lines."""
        if self.holds(project, day):
            renderer = DayRenderer(project, day, in_ms=in_ms)
            yield from map(renderer.lines, self._arrived(project, day))
            for planned, received_ms in list(self._added.get((project.id, day), ())):
                yield renderer.lines(planned, received_ms)

    def segment(self, project: SampleProject, day: date, *, in_ms: bool) -> Segment:
        """The same, compressed; remembered until memory is needed for other days."""
        key = (self._state(project, day), in_ms)
        # One maker at a time: two threads would only share one interpreter and each take twice as long.
        with self._making:
            segment = self._segments.get(key) or compress(self.lines(project, day, in_ms=in_ms))
            self._remember(key, segment)
        return segment

    def tally(self, project: SampleProject, report_day: date) -> Counter[str]:
        """Events by name on a day in the project's zone, as Mixpanel's reports count them.

        An export day that is cut in UTC reaches into neighbouring days of the project's zone, a legacy day does not.
        """
        counts: Counter[str] = Counter()
        for day in (report_day + timedelta(days=n) for n in ((0,) if project.legacy else (-1, 0, 1))):
            for (counted_day, event), number in self._day_tally(project, day).items():
                counts[event] += number if counted_day == report_day else 0
        return +counts

    def add_late_event(self, project: SampleProject, day: date) -> str:
        """Let one more purchase of a past day arrive now; its ``$insert_id``. Raises ValueError for another day."""
        if not self.holds(project, day):
            raise ValueError(f"{day} is not one of the past days that project {project.id} holds")
        with self._lock:
            added = self._added.setdefault((project.id, day), [])
            dice = random.Random(f"late/{self.seed}/{project.id}/{day}/{len(added)}")  # noqa: S311 - sample data
            noon_ms = project.hours(day)[12].start_ms + len(added) * 1000 % HOUR_MS
            planned = Planned("Purchase", 0, noon_ms, dice.getrandbits(64), NO_FLAW, 0)
            added.append((planned, int(self.now().timestamp() * 1000)))
        return f"{planned.bits:016x}"

    def _state(self, project: SampleProject, day: date) -> DayState:
        age = (self.today(project) - day).days if self.holds(project, day) else -1
        return project.id, day, min(age, MAX_LAG_DAYS), len(self._added.get((project.id, day), ()))

    def _arrived(self, project: SampleProject, day: date) -> Iterator[Planned]:
        age = (self.today(project) - day).days
        return (event for event in plan_day(project, day, self.seed, self.events_per_day) if event.lag <= age)

    def _day_tally(self, project: SampleProject, day: date) -> Tally:
        state = self._state(project, day)
        tally = self._tallies.get(state)
        if tally is None:
            tally = self._tallies[state] = self._count(project, day) if self.holds(project, day) else Counter()
        return tally

    def _count(self, project: SampleProject, day: date) -> Tally:
        hours = project.hours(day)
        start_ms = hours[0].start_ms
        added = (planned for planned, _ in list(self._added.get((project.id, day), ())))
        hourly = Counter(
            ((event.instant_ms - start_ms) // HOUR_MS, event.event)
            for event in chain(self._arrived(project, day), added)
            if event.flaw is NO_FLAW or event.has_time
        )
        tally: Tally = Counter()
        for (hour, name), number in hourly.items():
            tally[hours[hour].report_day, name] += number
        return tally

    def _remember(self, key: tuple[DayState, bool], segment: Segment) -> None:
        self._segments[key] = segment
        self._segments.move_to_end(key)
        while sum(len(kept.deflated) for kept in self._segments.values()) > CACHE_BYTES and len(self._segments) > 1:
            self._segments.popitem(last=False)
