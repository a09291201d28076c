"""What was found wrong with records, day by day, from what the windows stored; no file is opened.

Of a run: the days as it left them. Of a dataflow: each day as its newest reading left it, so that what a later run or
a reprocess has repaired is gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from dataflows.models import Dataflow, DayStatus, Run, Window

REJECTED, WARNING, NOTICE = "rejected", "warning", "notice"
UNPUBLISHED = (DayStatus.FAILED, DayStatus.HELD)


@dataclass(frozen=True)
class Reading:
    """A day as a window left it. ``rejected`` counts exactly; ``key`` is the file of the records, "" if not kept."""

    day: date
    status: str
    rejected: int
    key: str
    reasons: tuple[Mapping[str, Any], ...]
    window: Window

    @property
    def run(self) -> int:
        return self.window.run_id

    @property
    def label(self) -> Any:
        return DayStatus(self.status).label

    @property
    def unnamed(self) -> int:
        """Rejected records whose reason is not stored: only the most frequent ones of a day are."""
        return max(0, self.rejected - sum(int(reason["count"]) for reason in self.reasons if _is_rejection(reason)))


@dataclass(frozen=True)
class Tally:
    """So many records of one reason, on the days ``first`` to ``last`` of a run.

    ``exact`` is false when the number may include records of other days of the same export request.
    """

    kind: str
    code: str
    field: str
    count: int
    first: date
    last: date
    run: int
    exact: bool = True


def of_run(run: Run) -> list[Reading]:
    """Oldest day first."""
    return sorted(_readings(_stored(run.windows.all())), key=lambda reading: reading.day)


def of_flow(flow: Dataflow) -> list[Reading]:
    """The newest reading of each day that was ever read, oldest day first."""
    days = flow.days.values_list("day", "status", "window_id", "landed_key")
    published = {(reading.window.pk, reading.day): reading for reading in _readings(_published(flow))}
    unpublished = {reading.day: reading for reading in _readings(_tried(flow))}
    found = []
    for day, status, window, _key in days.order_by("day"):
        standing = published.get((window, day))
        tried = unpublished.get(day) if status in UNPUBLISHED else None
        if newest := tried or standing:
            found.append(newest)
    return found


def before(run: Run) -> dict[date, list[Reading]]:
    """The readings of each of the run's days when the run was asked for, the newest last."""
    edges = list(run.windows.values_list("first_day", "last_day"))
    if not edges:
        return {}
    real = Window.objects.filter(run__dataflow=run.dataflow_id, run__dry_run=False, finished_at__lte=run.created_at)
    overlapping = real.filter(
        first_day__lte=max(edge[1] for edge in edges), last_day__gte=min(edge[0] for edge in edges)
    )
    wanted = {reading.day for reading in of_run(run)}
    found = _readings(_stored(overlapping.order_by("finished_at", "pk"), errors=False))
    by_day: dict[date, list[Reading]] = {}
    for reading in found:
        if reading.day in wanted:
            by_day.setdefault(reading.day, []).append(reading)
    return by_day


def in_force(readings: Sequence[Reading]) -> Reading | None:
    """The newest of one day's readings that was loaded; ``None`` when none was."""
    return next((reading for reading in reversed(readings) if reading.status == DayStatus.LOADED), None)


def tallies(readings: Iterable[Reading]) -> Iterator[Tally]:
    """The numbers of the days; those of an export request for what its days do not say."""
    by_window: dict[int, list[Reading]] = {}
    for reading in readings:
        by_window.setdefault(reading.window.pk, []).append(reading)
        yield from day_tallies(reading)
    for days in by_window.values():
        yield from _of_window(days)


def codes_of(readings: Sequence[Reading]) -> set[str]:
    """Every code that is anywhere in the days."""
    windows = {reading.window.pk: reading.window for reading in readings}
    by_day = (reason["code"] for reading in readings for reason in reading.reasons)
    return {*by_day, *(error["code"] for window in windows.values() for error in window.errors)}


def day_tallies(reading: Reading) -> Iterator[Tally]:
    """What is known to have been on that day."""
    for reason in reading.reasons:
        kind, day = reason.get("kind", REJECTED), reading.day
        yield Tally(kind, reason["code"], reason["field"], int(reason["count"]), day, day, reading.run)


def _of_window(days: list[Reading]) -> Iterator[Tally]:
    """What the window counted without saying on which day."""
    window = days[0].window
    by_day = (reason for account in window.days for reason in account.get("reasons", ()))
    counted = {reason.get("kind", REJECTED) for reason in by_day}
    whole = len(days) == len(window.days)
    for error in window.errors:
        if error["kind"] not in counted:
            first, last = days[0].day, days[-1].day
            count = int(error["count"])
            yield Tally(error["kind"], error["code"], error["field"], count, first, last, window.run_id, whole)


def _is_rejection(reason: Mapping[str, Any]) -> bool:
    return str(reason.get("kind", REJECTED)) == REJECTED


def _stored(windows: Any, *, errors: bool = True) -> Iterable[Window]:
    names = ("run_id", "days", "errors") if errors else ("run_id", "days")
    found: Iterable[Window] = windows.only(*names)
    return found


def _published(flow: Dataflow) -> Iterable[Window]:
    return _stored(Window.objects.filter(pk__in=flow.days.values("window")))


def _tried(flow: Dataflow) -> Iterable[Window]:
    """The windows that read the answers which failed or held days have, the newest last."""
    days = flow.days.filter(status__in=UNPUBLISHED)
    answers = Q(landed_key__in=days.exclude(landed_key="").values("landed_key")) | Q(pk__in=days.values("held_window"))
    real = Window.objects.filter(answers, run__dataflow=flow, run__dry_run=False).exclude(finished_at=None)
    return _stored(real.order_by("finished_at", "pk"))


def _readings(windows: Iterable[Window]) -> Iterator[Reading]:
    for window in windows:
        for account in window.days:
            yield Reading(
                day=date.fromisoformat(account["day"]),
                status=account["status"],
                rejected=int(account["rejected"]),
                key=account.get("rejected_key", ""),
                reasons=tuple(account.get("reasons", ())),
                window=window,
            )
