"""The ledger made to tell the truth again after its dataset was rolled back.

The truth is in the lake: which days hold how many rows, and under which token they were written. The token leads to
the window, the window's accounts to the counts; rows that no account explains make a stale day.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from dataflows import scheduling
from dataflows.models import Dataflow, Dataset, Day, DayStatus, Window, WindowStatus
from dataflows.runs import lacking
from dataflows.runs.counting import COUNTS
from dataflows.runs.tokens import writer_of

if TYPE_CHECKING:
    from connectors.lake import DayContent, LakeTable, SnapshotInfo

NOTHING = dict.fromkeys(COUNTS, 0)
UNDECIDED: dict[str, Any] = {"held": {}, "held_window": None, "error_code": "", "error_detail": ""}


@dataclass(frozen=True)
class Account:
    """What one window published for one day; ``counts`` is the day's entry in ``Window.days``."""

    window: Window
    counts: dict[str, Any]

    @property
    def loaded(self) -> int:
        return int(self.counts["loaded"])


@dataclass(frozen=True)
class State:
    """What the table holds. ``known`` are all its snapshots, ``part`` those whose work is in it, ``at`` its age."""

    at: datetime
    known: frozenset[int]
    part: frozenset[int]
    contents: dict[tuple[str, date], DayContent]

    def includes(self, window: Window) -> bool:
        """Whether what the window published was part of the state, at least until somebody replaced it."""
        if window.snapshot_id in self.known:
            return window.snapshot_id in self.part
        return window.finished_at is not None and window.finished_at <= self.at


def rebuild(dataset: Dataset, table: LakeTable) -> int:
    """Make the days of the dataset's dataflows say what the table holds now; how many rows changed.

    Only rows whose published facts are different change, so doing it again changes nothing.
    The caller sees to it that nobody publishes meanwhile. Raises LakeUnavailable.
    """
    current = table.current_snapshot()
    if current is None:
        return 0
    state = _state_of(table, current)
    return sum(_rebuild(flow, state) for flow in dataset.dataflows.live())


def _state_of(table: LakeTable, current: SnapshotInfo) -> State:
    history = table.history(current.id)
    at = next((each.at for each in history if each.rolled_back_to is None), current.at)
    return State(at, _ids(table.snapshots()), _ids(history), table.contents(current.id))


def _ids(snapshots: list[SnapshotInfo]) -> frozenset[int]:
    return frozenset(each.id for each in snapshots)


def _rebuild(flow: Dataflow, state: State) -> int:
    contents = {day: content for (name, day), content in state.contents.items() if name == str(flow.pk)}
    accounts = _accounts(flow)
    rows = {row.day: row for row in flow.days.all()}
    changed = 0
    for day in sorted(rows.keys() | contents.keys() | accounts.keys()):
        row = rows.get(day) or Day(dataflow=flow, day=day, status=DayStatus.MISSING)
        facts = _facts(accounts[day], contents.get(day), state)
        if not _tells(row, facts):
            _write(row, facts)
            changed += 1
    if changed:
        lacking.note(flow)
    return changed


def _accounts(flow: Dataflow) -> defaultdict[date, list[Account]]:
    """What was ever published for each day, latest first."""
    found: defaultdict[date, list[Account]] = defaultdict(list)
    published = Window.objects.filter(run__dataflow=flow, run__dry_run=False, status=WindowStatus.PUBLISHED)
    for window in published.order_by("-finished_at", "-pk").defer("errors", "error_trace"):
        for counts in window.days:
            if counts["status"] == DayStatus.LOADED:
                found[date.fromisoformat(counts["day"])].append(Account(window, counts))
    return found


def _facts(accounts: list[Account], content: DayContent | None, state: State) -> dict[str, Any]:
    """The fields of a ledger row that say what is published."""
    if content is None:
        # A day that was read and had no events has no file: only the latest window that was part of the state tells.
        latest = next((each for each in accounts if state.includes(each.window)), None)
        return _loaded(latest) if latest and latest.loaded == 0 else _missing()
    writers = {writer_of(token) for token in content.tokens}
    fitting = (each for each in accounts if each.window.pk in writers and each.loaded == content.rows)
    account = next(fitting, None)
    return _loaded(account) if account else _stale(content.rows, state.at)


def _loaded(account: Account) -> dict[str, Any]:
    return {
        "status": DayStatus.LOADED,
        "window": account.window,
        "rejected_key": account.counts["rejected_key"],
        "published_at": account.window.finished_at,
        **{name: account.counts[name] for name in COUNTS},
    }


def _missing() -> dict[str, Any]:
    return {"status": DayStatus.MISSING, "window": None, "rejected_key": "", "published_at": None, **NOTHING}


def _stale(rows: int, at: datetime) -> dict[str, Any]:
    """There are rows, but how many records they came from is no longer known."""
    counts = NOTHING | {"received": rows, "loaded": rows}
    return {"status": DayStatus.STALE, "window": None, "rejected_key": "", "published_at": at, **counts}


def _tells(row: Day, facts: dict[str, Any]) -> bool:
    """Whether the row says so already; a later re-read that failed or is held is part of the truth, too."""
    window = facts["window"]
    same_window = row.window_id == (window.pk if window else None)
    if not same_window or (facts["published_at"] is None) != (row.published_at is None):
        return False
    same_counts = all(getattr(row, name) == facts[name] for name in COUNTS)
    return same_counts and (row.status == DayStatus.STALE or facts["status"] != DayStatus.STALE)


def _write(row: Day, facts: dict[str, Any]) -> None:
    window = facts["window"]
    fields = {**facts, **UNDECIDED, "complete": _was_over(row, window) if window else True}
    # The newest answer that landed stays known, so that the day can be promoted again without asking for it.
    fields["landed_key"] = row.landed_key or (window.landed_key if window else "")
    for name, value in fields.items():
        setattr(row, name, value)
    row.save()


def _was_over(row: Day, window: Window) -> bool:
    """Whether the day was over when the window read it."""
    began = window.started_at or window.run.created_at
    return row.day < scheduling.last_day(began, row.dataflow.timezone, include_today=True)
