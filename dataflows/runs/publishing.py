"""Publish: one commit replaces the window's days, then the ledger says so.

The commit and the ledger are two systems. A worker that dies between them leaves its token in the table's
history; the next one finds it, writes nothing again and completes the ledger.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db import transaction

from connectors.lake import LakeTable, PartFile, Receipt
from dataflows import scheduling
from dataflows.models import Day, DayStatus, Window, WindowStatus
from dataflows.runs import shrinking
from dataflows.runs.leases import Lease
from dataflows.runs.promotion import DayAccount, Promoted

TOO_MANY = "too_many_rejected"
SHRUNK = "day_shrunk"


@dataclass(frozen=True)
class Verdict:
    """What becomes of each day of a window."""

    promoted: Promoted
    held: frozenset[date]

    def status(self, day: date) -> DayStatus:
        if day in self.promoted.failed_days:
            return DayStatus.FAILED
        return DayStatus.HELD if day in self.held else DayStatus.LOADED

    def accounts(self, *statuses: DayStatus) -> list[DayAccount]:
        return [account for account in self.promoted.accounts if self.status(account.day) in statuses]


def publish(window: Window, promoted: Promoted, table: LakeTable, lease: Lease) -> None:
    """Commit the good days, write the ledger, finish the window. Raises LeaseLost, LakeConflict, LakeUnavailable."""
    promoted = _wanted(window, promoted)
    verdict = Verdict(promoted, shrinking.held(window, promoted.accounts) - promoted.failed_days)
    good = [] if window.run.dry_run else [account.day for account in verdict.accounts(DayStatus.LOADED)]
    receipt = _commit(window, verdict, good, table, lease) if good else None
    _discard(table, [part for part in promoted.parts if part.day not in good])
    with transaction.atomic():
        if not _finish_window(window, verdict, receipt, lease.clock()):
            lease.check()
            return
        if not window.run.dry_run:
            for account in promoted.accounts:
                _write_day(window, account, verdict, lease.clock())


def _wanted(window: Window, promoted: Promoted) -> Promoted:
    """Without the days that the landed answer covers but the window does not ask for."""
    accounts = [account for account in promoted.accounts if window.first_day <= account.day <= window.last_day]
    return replace(promoted, accounts=accounts)


def _discard(table: LakeTable, parts: list[PartFile]) -> None:
    """Remove parts that nobody will publish; what cannot be removed is an orphan, not part of the table."""
    io = table.load().io if parts else None
    for part in parts:
        with suppress(OSError):
            io.delete(part.path)


def _commit(window: Window, verdict: Verdict, good: list[date], table: LakeTable, lease: Lease) -> Receipt:
    parts = [part for part in verdict.promoted.parts if part.day in good]
    return table.publish(str(window.run.dataflow_id), good, parts, token=token(window), still_mine=lease.still_mine)


def token(window: Window) -> str:
    """Names the window's content in the table's history: the same for every worker that publishes it.

    The run's birth is part of it, because numbers start again in a database that was set up anew over an old lake.
    """
    return f"window-{window.pk}-{window.run.created_at.timestamp():.6f}"


def _finish_window(window: Window, verdict: Verdict, receipt: Receipt | None, now: datetime) -> bool:
    published = verdict.accounts(DayStatus.LOADED)
    status, code = WindowStatus.PUBLISHED, ""
    if not published:
        status, code = (WindowStatus.HELD, SHRUNK) if verdict.held else (WindowStatus.FAILED, TOO_MANY)
    return window.move(
        status,
        lease_until=None,
        not_before=None,
        finished_at=now,
        snapshot_id=receipt.snapshot_id if receipt else None,
        days=[_as_json(account, verdict) for account in verdict.promoted.accounts],
        errors=verdict.promoted.reasons.as_list(),
        error_code=code,
        error_detail="",
        error_trace="",
        events_done=sum(account.received for account in verdict.promoted.accounts),
        **_totals(published),
    )


def _totals(accounts: list[DayAccount]) -> dict[str, int]:
    names = ("received", "loaded", "duplicate", "rejected", "filtered")
    return {name: sum(getattr(account, name) for account in accounts) for name in names}


def _as_json(account: DayAccount, verdict: Verdict) -> dict[str, Any]:
    return {
        "day": account.day.isoformat(),
        "status": verdict.status(account.day),
        "rejected_key": verdict.promoted.rejected_keys.get(account.day, ""),
        **_totals([account]),
    }


def _write_day(window: Window, account: DayAccount, verdict: Verdict, now: datetime) -> None:
    """A failed or held re-read marks the day and leaves the counts of what is published as they are."""
    status = verdict.status(account.day)
    values = {
        DayStatus.FAILED: _failed,
        DayStatus.HELD: _held,
        DayStatus.LOADED: _loaded,
    }[status](window, account, verdict, now)
    Day.objects.update_or_create(dataflow=window.run.dataflow, day=account.day, defaults={"status": status, **values})


def _failed(window: Window, account: DayAccount, verdict: Verdict, now: datetime) -> dict[str, Any]:
    share = f"{account.rejected_share():.2f} %"
    detail = f"{account.rejected} of {account.received} records were rejected ({share})."
    return {"error_code": TOO_MANY, "error_detail": detail, "landed_key": window.landed_key}


def _held(window: Window, account: DayAccount, verdict: Verdict, now: datetime) -> dict[str, Any]:
    detail = f"The new answer has {account.loaded} records for this day."
    held = {"held": _totals([account]), "held_window": window}
    return {"error_code": SHRUNK, "error_detail": detail, "landed_key": window.landed_key, **held}


def _loaded(window: Window, account: DayAccount, verdict: Verdict, now: datetime) -> dict[str, Any]:
    today = scheduling.last_day(window.started_at or now, window.run.dataflow.timezone, include_today=True)
    return {
        "complete": account.day < today,
        "window": window,
        "landed_key": window.landed_key,
        "rejected_key": verdict.promoted.rejected_keys.get(account.day, ""),
        "published_at": now,
        "held": {},
        "held_window": None,
        "error_code": "",
        "error_detail": "",
        **_totals([account]),
    }
