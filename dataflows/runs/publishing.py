"""Publish: one commit replaces the window's days, then the ledger says so.

The commit and the ledger are two systems. A worker that dies between them leaves its token in the table's
history; the next one finds it, writes nothing again and completes the ledger.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from connectors.lake import LakeTable, Receipt
from dataflows import scheduling
from dataflows.models import Day, DayStatus, Window, WindowStatus
from dataflows.runs.leases import Lease
from dataflows.runs.promotion import DayAccount, Promoted

TOO_MANY = "too_many_rejected"


def publish(window: Window, promoted: Promoted, table: LakeTable, lease: Lease) -> None:
    """Commit the good days, write the ledger, finish the window. Raises LeaseLost, LakeConflict, LakeUnavailable."""
    good = [account.day for account in promoted.accounts if account.day not in promoted.failed_days]
    receipt = None
    if good:
        receipt = table.publish(
            str(window.run.dataflow_id), good, promoted.parts, token=token(window), still_mine=lease.still_mine
        )
    with transaction.atomic():
        if not _finish_window(window, promoted, receipt, lease.clock()):
            lease.check()
            return
        for account in promoted.accounts:
            _write_day(window, account, promoted, lease.clock())


def token(window: Window) -> str:
    """Names the window's content in the table's history: the same for every worker that publishes it.

    The run's birth is part of it, because numbers start again in a database that was set up anew over an old lake.
    """
    return f"window-{window.pk}-{window.run.created_at.timestamp():.6f}"


def _finish_window(window: Window, promoted: Promoted, receipt: Receipt | None, now: datetime) -> bool:
    published = [account for account in promoted.accounts if account.day not in promoted.failed_days]
    return window.move(
        WindowStatus.PUBLISHED if published else WindowStatus.FAILED,
        lease_until=None,
        not_before=None,
        finished_at=now,
        snapshot_id=receipt.snapshot_id if receipt else None,
        days=[_as_json(account, promoted) for account in promoted.accounts],
        errors=promoted.reasons.as_list(),
        error_code="" if published else TOO_MANY,
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
        "status": DayStatus.FAILED if account.day in promoted.failed_days else DayStatus.LOADED,
        "rejected_key": promoted.rejected_keys.get(account.day, ""),
        **_totals([account]),
    }


def _write_day(window: Window, account: DayAccount, promoted: Promoted, now: datetime) -> None:
    """A failed re-read marks the day and leaves the counts of what is published as they are."""
    flow = window.run.dataflow
    key = promoted.rejected_keys.get(account.day, "")
    if account.day in promoted.failed_days:
        detail = f"{account.rejected} of {account.received} records were rejected ({account.rejected_share():.2f} %)."
        values: dict[str, Any] = {"status": DayStatus.FAILED, "error_code": TOO_MANY, "error_detail": detail}
    else:
        over = account.day < scheduling.last_day(window.started_at or now, flow.timezone, include_today=True)
        values = {
            "status": DayStatus.LOADED,
            "complete": over,
            "window": window,
            "landed_key": window.landed_key,
            "rejected_key": key,
            "published_at": now,
            "error_code": "",
            "error_detail": "",
            **_totals([account]),
        }
    Day.objects.update_or_create(dataflow=flow, day=account.day, defaults=values)
