"""Publish: one commit replaces the window's days, then the ledger says so.

The commit and the ledger are two systems. A worker that dies between them leaves its token in the table's
history; the next one finds it, writes nothing again and completes the ledger.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import transaction

from connectors.lake import LakeTable, Receipt
from dataflows import scheduling
from dataflows.models import Day, DayStatus, Window, WindowStatus
from dataflows.runs import sharing
from dataflows.runs.leases import Lease
from dataflows.runs.promotion import DayAccount, Promoted
from dataflows.runs.tokens import token

TOO_MANY = "too_many_rejected"
SHRUNK = "day_shrunk"


def publish(window: Window, promoted: Promoted, table: LakeTable, lease: Lease) -> None:
    """Commit the good days, write the ledger, finish the window. Raises LeaseLost, LakeConflict, LakeUnavailable."""
    good = [] if window.run.dry_run else [account.day for account in promoted.days(DayStatus.LOADED)]
    receipt = _commit(window, promoted, good, table, lease) if good else None
    with transaction.atomic():
        if not _finish_window(window, promoted, receipt, lease.clock()):
            lease.check()
            return
        if not window.run.dry_run:
            for account in promoted.accounts:
                _write_day(window, account, promoted, lease.clock())


def _commit(window: Window, promoted: Promoted, good: list[date], table: LakeTable, lease: Lease) -> Receipt:
    flow = window.run.dataflow
    return table.publish(
        str(flow.pk),
        good,
        promoted.parts,
        token=token(window),
        still_mine=lease.still_mine,
        predecessors=sharing.predecessors(flow),
    )


def _finish_window(window: Window, promoted: Promoted, receipt: Receipt | None, now: datetime) -> bool:
    published = promoted.days(DayStatus.LOADED)
    status, code = WindowStatus.PUBLISHED, ""
    if not published:
        held = bool(promoted.days(DayStatus.HELD))
        status, code = (WindowStatus.HELD, SHRUNK) if held else (WindowStatus.FAILED, TOO_MANY)
    return window.move(
        status,
        lease_until=None,
        not_before=None,
        finished_at=now,
        snapshot_id=receipt.snapshot_id if receipt else None,
        days=[_as_json(account, promoted) for account in promoted.accounts],
        errors=promoted.reasons.as_list(),
        error_code=code,
        error_detail="",
        error_trace="",
        events_done=sum(account.received for account in promoted.accounts),
        **_totals(published),
    )


def _totals(accounts: list[DayAccount]) -> dict[str, int]:
    names = ("received", "loaded", "duplicate", "rejected", "filtered")
    return {name: sum(getattr(account, name) for account in accounts) for name in names}


def _as_json(account: DayAccount, promoted: Promoted) -> dict[str, Any]:
    return {
        "day": account.day.isoformat(),
        "status": promoted.status[account.day],
        "rejected_key": promoted.rejected_keys.get(account.day, ""),
        "anonymous": account.anonymous,
        "conflicting": account.conflicting,
        "undated": account.undated,
        "reasons": promoted.by_day[account.day],
        **_totals([account]),
    }


def _write_day(window: Window, account: DayAccount, promoted: Promoted, now: datetime) -> None:
    """A failed or held re-read marks the day and leaves the counts of what is published as they are."""
    status = promoted.status[account.day]
    values = {
        DayStatus.FAILED: _failed,
        DayStatus.HELD: _held,
        DayStatus.LOADED: _loaded,
    }[status](window, account, promoted, now)
    Day.objects.update_or_create(dataflow=window.run.dataflow, day=account.day, defaults={"status": status, **values})


def _failed(window: Window, account: DayAccount, promoted: Promoted, now: datetime) -> dict[str, Any]:
    share = f"{account.rejected_share():.2f} %"
    detail = f"{account.rejected} of {account.received} records were rejected ({share})."
    return {"error_code": TOO_MANY, "error_detail": detail, "landed_key": window.landed_key}


def _held(window: Window, account: DayAccount, promoted: Promoted, now: datetime) -> dict[str, Any]:
    detail = f"The new answer has {account.loaded} records for this day."
    held = {"held": _totals([account]), "held_window": window}
    return {"error_code": SHRUNK, "error_detail": detail, "landed_key": window.landed_key, **held}


def _loaded(window: Window, account: DayAccount, promoted: Promoted, now: datetime) -> dict[str, Any]:
    today = scheduling.last_day(window.started_at or now, window.run.dataflow.timezone, include_today=True)
    return {
        "complete": account.day < today,
        "window": window,
        "landed_key": window.landed_key,
        "rejected_key": promoted.rejected_keys.get(account.day, ""),
        "published_at": now,
        "held": {},
        "held_window": None,
        "error_code": "",
        "error_detail": "",
        **_totals([account]),
    }
