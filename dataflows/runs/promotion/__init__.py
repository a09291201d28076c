"""Promotion: a landed response becomes Parquet files of whole days, with every record accounted for.

blocks → plan.evaluate → by day: spool, rejected records → duplicates → balance → threshold → Parquet parts.
Nothing here changes the dataset; the parts become visible when they are published.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from connectors.lake import LakeTable, PartFile
from dataflows.mapping import Evaluated, Lines, Plan
from dataflows.models import DayStatus
from dataflows.runs.leases import Lease
from dataflows.runs.promotion import duplicates, memory
from dataflows.runs.promotion.accounts import DayAccount, Unbalanced
from dataflows.runs.promotion.ahead import ahead
from dataflows.runs.promotion.duplicates import Duplicates
from dataflows.runs.promotion.intake import Days, Intake, Undated
from dataflows.runs.promotion.scratch import scratch_folder
from dataflows.runs.promotion.writing import write_parts
from dataflows.runs.rejects import Reasons, RejectedFiles

__all__ = ["DayAccount", "Days", "Promoted", "Unbalanced", "Undated", "promote"]

memory.settle()

BLOCKS_AHEAD = 3
CONFLICT = "rows_conflicting"


@dataclass(frozen=True)
class Promoted:
    """What a window became: accounts of its days with their fate, and the parts of those that are to be loaded.

    ``by_day`` has, by day, the counts of ``reasons``.
    """

    accounts: list[DayAccount]
    status: dict[date, DayStatus]
    parts: list[PartFile]
    rejected_keys: dict[date, str]
    by_day: dict[date, list[dict[str, Any]]]
    reasons: Reasons

    def days(self, *statuses: DayStatus) -> list[DayAccount]:
        return [account for account in self.accounts if self.status[account.day] in statuses]


def promote(
    blocks: Iterator[bytes],
    plan: Plan,
    *,
    days: Days,
    table: LakeTable | None,
    dataflow: str,
    token: str,
    judge: Callable[[DayAccount], DayStatus],
    rejected_files: RejectedFiles,
    scratch: Path,
    lease: Lease,
) -> Promoted:
    """Read everything, then write the parts of each day that ``judge`` wants loaded; none without a ``table``.

    Raises IncompleteExport (from ``blocks``) or Undated before anything is written to the lake, LeaseLost, Unbalanced,
    LakeUnavailable, StorageFull. Whatever it raises, no part and no rejected file stays behind.
    """
    with scratch_folder(scratch) as folder:
        intake = Intake(days, folder, rejected_files)
        try:
            _read(blocks, plan, intake, lease)
            found = {day: duplicates.find(spool, folder, plan.stamps) for day, spool in intake.spools.items()}
            memory.give_back()
            _note_conflicts(plan, intake.reasons, found)
            accounts = _accounts(intake, found)
            status = {account.day: judge(account) for account in accounts}
            wanted = {day: (intake.spools[day], found[day].keep) for day in found if status[day] == DayStatus.LOADED}
            parts = write_parts(plan, wanted, table, dataflow, token, lease) if table else []
            by_day = {account.day: intake.reasons.of_day(account.day) for account in accounts}
            return Promoted(accounts, status, parts, rejected_files.commit(), by_day, intake.reasons)
        except BaseException:
            rejected_files.abort()
            raise


def _read(blocks: Iterator[bytes], plan: Plan, intake: Intake, lease: Lease) -> None:
    """A thread decompresses ahead; this one decodes, maps and spools, and sets the pace."""
    with ahead(blocks, BLOCKS_AHEAD) as ready, _no_search_for_cycles():
        for found in _evaluated(plan, ready):
            lease.check()
            intake.take(found)
            lease.events_done = intake.received
    for spool in intake.spools.values():
        spool.close()


def _evaluated(plan: Plan, blocks: Iterator[bytes]) -> Iterator[Evaluated]:
    first_line = 1
    for block in blocks:
        found = plan.evaluate(Lines(block), first_line)
        first_line += found.received
        yield found


@contextmanager
def _no_search_for_cycles() -> Iterator[None]:
    """Decoding makes tuples by the million and no cycle among them; the collector would look at each of them."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _note_conflicts(plan: Plan, reasons: Reasons, found: dict[date, Duplicates]) -> None:
    message = "Copies of one event differ in what the dataset keeps; the latest processed one stays."
    for day, each in found.items():
        if each.conflicting:
            reasons.note("notice", CONFLICT, "", message, each.conflicting, day)
            for kept, dropped in each.samples:
                reasons.show("notice", CONFLICT, "", plan.difference(kept, dropped).encode())


def _accounts(intake: Intake, found: dict[date, Duplicates]) -> list[DayAccount]:
    nothing = Duplicates(np.ones(0, dtype=bool))
    accounts = [_account(intake, day, found.get(day, nothing)) for day in intake.days.wanted]
    if sum(account.received for account in accounts) != intake.received - intake.ignored:
        raise Unbalanced(f"{intake.received} lines were read, the days add up to something else")
    return accounts


def _account(intake: Intake, day: date, found: Duplicates) -> DayAccount:
    rows, loaded, rejected = found.keep.size, int(found.keep.sum()), intake.rejected_files.counts[day]
    return DayAccount(
        day=day,
        received=rows + rejected,
        loaded=loaded,
        duplicate=rows - loaded,
        rejected=rejected,
        anonymous=intake.anonymous[day],
        undated=intake.undated[day],
        conflicting=found.conflicting,
    )
