"""What a dry run would change: the days as they are now beside the days as it counted them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from dataflows.models import DayStatus, Run, RunStatus, Window
from dataflows.monitoring.accounting import LABELS
from dataflows.runs.counting import COUNTS
from dataflows.runs.lifecycle import days_of

Account = Mapping[str, Any]


@dataclass(frozen=True)
class Change:
    """A number before and after."""

    label: Any
    before: int
    after: int

    @property
    def difference(self) -> int:
        return self.after - self.before


@dataclass(frozen=True)
class Comparison:
    """``totals`` by count; ``worse`` and ``better`` count days that change their state."""

    totals: list[Change]
    better: int
    worse: int

    @property
    def is_empty(self) -> bool:
        return not any(change.difference for change in self.totals) and not (self.better + self.worse)


def compare(run: Run) -> Comparison:
    """The accounts of the dry run's days against those of the run that published each day, or that failed to."""
    after = {account["day"]: account for account in _accounts(run.windows.all())}
    before = _latest(run, set(after))
    return Comparison(
        totals=[Change(LABELS[name], _sum(before, name), _sum(after, name)) for name in COUNTS],
        better=sum(_is_loaded(after[day]) and not _is_loaded(before.get(day)) for day in after),
        worse=sum(_is_loaded(before.get(day)) and not _is_loaded(after[day]) for day in after),
    )


def _latest(run: Run, days: set[str]) -> dict[str, Account]:
    wanted = days_of(run)
    if not wanted:
        return {}
    real = Window.objects.filter(run__dataflow=run.dataflow_id, run__dry_run=False, finished_at__lte=run.created_at)
    overlapping = real.exclude(run__status=RunStatus.CANCELLED).filter(
        first_day__lte=wanted[-1], last_day__gte=wanted[0]
    )
    found: dict[str, Account] = {}
    for account in _accounts(overlapping.order_by("finished_at")):
        # A re-read that failed or is held left what was published before.
        if account["day"] in days and (_is_loaded(account) or not _is_loaded(found.get(account["day"]))):
            found[account["day"]] = account
    return found


def _accounts(windows: Any) -> Iterable[Account]:
    return (account for days in windows.values_list("days", flat=True) for account in days)


def _sum(accounts: Mapping[str, Account], name: str) -> int:
    """What is not loaded counts as received, not as loaded: nothing of such a day is in the dataset."""
    counted = (each for each in accounts.values() if name != "loaded" or _is_loaded(each))
    return sum(int(each[name]) for each in counted)


def _is_loaded(account: Account | None) -> bool:
    return account is not None and account["status"] == DayStatus.LOADED
