"""Roll a dataset back to an earlier snapshot, and let the ledger tell the truth about it again.

The lake goes first: if the ledger cannot follow, doing it again changes nothing in the lake and completes the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from connectors.lake import DayContent, LakeTable, SnapshotInfo
from connectors.roles import User
from dataflows import scheduling
from dataflows.models import Dataflow, Dataset, Day, DayStatus, Run, Window
from dataflows.runs import publishing
from dataflows.runs.lifecycle import COUNTS

Contents = Mapping[tuple[str, date], DayContent]
PUBLICATION = re.compile(r"window-(\d+)-")
NOTHING = dict.fromkeys(COUNTS, 0)


class CannotRollBack(Exception):
    """A run of the dataset is not finished; the message says so to a person."""


@dataclass(frozen=True)
class Effect:
    """What rolling back changes. ``days`` are those of any dataflow whose rows change."""

    rows_before: int
    rows_after: int
    days: list[date]


def effect(table: LakeTable, to: int, seen: int) -> Effect:
    """Raises UnknownSnapshot, LakeUnavailable."""
    now, then = table.contents(seen), table.contents(to)
    changed = {day for flow, day in {*now, *then} if now.get((flow, day)) != then.get((flow, day))}
    return Effect(_rows(now), _rows(then), sorted(changed))


def _rows(contents: Contents) -> int:
    return sum(content.rows for content in contents.values())


def roll_back(dataset: Dataset, table: LakeTable, to: int, *, seen: int, by: User) -> int:
    """The new snapshot, whose content is that of ``to``; ``seen`` must still be the current one.

    Raises CannotRollBack, UnknownSnapshot, LakeConflict, LakeUnavailable.
    """
    if Run.objects.unfinished().filter(dataflow__dataset=dataset).exists():
        raise CannotRollBack(_("A run into this dataset is not finished. Wait for it or cancel it, then roll back."))
    snapshot = table.roll_back(to, seen=seen, by=by.get_username())
    contents, history = table.contents(snapshot), table.history(snapshot)
    with transaction.atomic():
        for flow in dataset.dataflows.all():
            _rebuild(flow, contents, history)
    return snapshot


def _rebuild(flow: Dataflow, contents: Contents, history: Iterable[SnapshotInfo]) -> None:
    """Days that are in the dataset get the account of the window that wrote them; all others are missing."""
    written = _writers(flow, contents, history)
    gone = flow.days.exclude(published_at=None).exclude(day__in=written)
    gone.update(status=DayStatus.MISSING, window=None, published_at=None, rejected_key="", held={}, held_window=None,
                error_code="", error_detail="", **NOTHING)  # fmt: skip
    for day, (window, account) in written.items():
        Day.objects.update_or_create(dataflow=flow, day=day, defaults=_ledger(flow, day, window, account))


def _writers(
    flow: Dataflow, contents: Contents, history: Iterable[SnapshotInfo]
) -> dict[date, tuple[Window, dict[str, Any]]]:
    """Window and account of every day: by its files, and for days without rows by the newest commit over them."""
    files = {day: _numbers(content.tokens) for (name, day), content in contents.items() if name == str(flow.pk)}
    commits = [int(match[1]) for each in history if (match := PUBLICATION.match(each.token))]
    wanted = {number for numbers in files.values() for number in numbers} | set(commits)
    windows = Window.objects.filter(run__dataflow=flow).in_bulk(list(wanted))
    tokens = {each.token for each in history}
    found: dict[date, tuple[Window, dict[str, Any]]] = {}
    for number in commits:
        # Numbers start again in a database that was set up anew over an old lake.
        if number in windows and publishing.token(windows[number]) in tokens:
            _add(found, windows[number], lambda day: day not in found and day not in files)
    for window in windows.values():
        own = {day for day, numbers in files.items() if window.pk in numbers}
        _add(found, window, own.__contains__)
    return found


def _numbers(tokens: Iterable[str]) -> set[int]:
    return {int(token.partition("-")[0]) for token in tokens if token.partition("-")[0].isdecimal()}


def _add(found: dict[date, tuple[Window, dict[str, Any]]], window: Window, fits: Callable[[date], bool]) -> None:
    for account in window.days:
        day = date.fromisoformat(account["day"])
        if account["status"] == DayStatus.LOADED and fits(day):
            found[day] = (window, account)


def _ledger(flow: Dataflow, day: date, window: Window, account: Mapping[str, Any]) -> dict[str, Any]:
    began = window.started_at or window.run.created_at
    return {
        "status": DayStatus.LOADED,
        "complete": day < scheduling.last_day(began, flow.timezone, include_today=True),
        "window": window,
        "landed_key": window.landed_key,
        "rejected_key": account["rejected_key"],
        "published_at": window.finished_at,
        "held": {},
        "held_window": None,
        "error_code": "",
        "error_detail": "",
        **{name: account[name] for name in COUNTS},
    }
