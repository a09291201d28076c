"""Promotion: a landed response becomes Parquet files of whole days, with every record accounted for.

blocks → plan.evaluate → by day: spool, rejected records → dedupe → balance → threshold → Parquet parts.
Nothing here changes the dataset; the parts become visible when they are published.
"""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from connectors.lake import LakeTable, PartFile, PartWriter
from connectors.storage import Landing
from dataflows.mapping import Plan, Rejected
from dataflows.runs import dedupe
from dataflows.runs.leases import Lease
from dataflows.runs.rejects import Reasons, RejectedFiles
from dataflows.runs.spool import DaySpool
from dataflows.scheduling import days_between

OUTSIDE = "INGEST-1502-400"


class Unbalanced(Exception):
    """The accounting of a day does not add up: a defect, and reason enough to publish nothing."""


@dataclass(frozen=True)
class DayAccount:
    """received = loaded + duplicate + rejected + filtered, or it cannot be made."""

    day: date
    received: int
    loaded: int
    duplicate: int
    rejected: int
    filtered: int = 0

    def __post_init__(self) -> None:
        if self.received != self.loaded + self.duplicate + self.rejected + self.filtered:
            raise Unbalanced(str(self))

    def rejected_share(self) -> Decimal:
        """Percent of the received records."""
        return Decimal(100 * self.rejected) / self.received if self.received else Decimal(0)


@dataclass(frozen=True)
class Promoted:
    """What a window became: accounts of all its days, parts of the days within the threshold."""

    accounts: list[DayAccount]
    failed_days: frozenset[date]
    parts: list[PartFile]
    rejected_keys: dict[date, str]
    reasons: Reasons


@dataclass
class Intake:
    """The window's records sorted into days while they are read."""

    days: list[date]
    scratch: Path
    rejected_files: RejectedFiles
    reasons: Reasons = field(default_factory=Reasons)
    spools: dict[date, DaySpool] = field(default_factory=dict)
    received: int = 0

    def take(self, plan: Plan, block: bytes) -> None:
        found = plan.evaluate(block, self.received + 1)
        for (code, name, message), count in found.warnings.items():
            self.reasons.warn(code, name, message, count)
        for record in found.rejected:
            self.reject(record)
        self._spool(found.batch, block, self.received + 1)
        self.received += found.received

    def reject(self, record: Rejected) -> None:
        """A record whose day is unknown or foreign is accounted for on the window's first day."""
        self.reasons.reject(record)
        self.rejected_files.add(record.day if record.day in self.days else self.days[0], record)

    def _spool(self, batch: pa.RecordBatch, block: bytes, first_line: int) -> None:
        for day in pc.unique(batch.column("__day")).to_pylist():
            rows = batch.filter(pc.equal(batch.column("__day"), pa.scalar(day, pa.date32())))
            if day in self.days:
                self._spool_of(day).append(rows)
            else:
                self._reject_foreign(rows, day, block, first_line)

    def _spool_of(self, day: date) -> DaySpool:
        if day not in self.spools:
            self.spools[day] = DaySpool(self.scratch / f"{day}.arrow")
        return self.spools[day]

    def _reject_foreign(self, rows: pa.RecordBatch, day: date, block: bytes, first_line: int) -> None:
        lines = [line for line in block.split(b"\n") if line.strip()]
        for number in rows.column("__line").to_pylist():
            message = f"The record's time is on {day}, asked for were {self.days[0]} to {self.days[-1]}."
            self.reject(Rejected(number, lines[number - first_line], OUTSIDE, "properties.time", message, None))


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder for one window; what killed workers of this machine left behind goes first."""
    parent.mkdir(parents=True, exist_ok=True)
    owner = f"window-{socket.gethostname()}-"
    for left in parent.glob(f"{owner}*"):
        if not _is_alive(left.name.removeprefix(owner).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f"{owner}{os.getpid()}-") as folder:
        yield Path(folder)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def promote(
    blocks: Iterator[bytes],
    plan: Plan,
    *,
    days: tuple[date, date],
    table: LakeTable,
    dataflow: str,
    token: str,
    threshold: Decimal,
    rejected_storage: Landing,
    scratch: Path,
    lease: Lease,
) -> Promoted:
    """Read everything, then write the parts of each day whose rejected share is within ``threshold`` percent.

    Raises IncompleteExport (from ``blocks``) before anything is written to the lake, LeaseLost, Unbalanced,
    LakeUnavailable, StorageFull. Whatever it raises, no part and no rejected file stays behind.
    """
    files = RejectedFiles(rejected_storage, f"rejected/{dataflow}/{token}")
    with scratch_folder(scratch) as folder:
        intake = Intake(days_between(*days), folder, files)
        try:
            _read(blocks, plan, intake, lease)
            accounts, masks = _account(intake)
            failed = frozenset(account.day for account in accounts if account.rejected_share() > threshold)
            published = {day: mask for day, mask in masks.items() if day not in failed}
            parts = _write_parts(intake, published, table, dataflow, token, lease)
            return Promoted(accounts, failed, parts, files.commit(), intake.reasons)
        except BaseException:
            files.abort()
            raise


def _read(blocks: Iterator[bytes], plan: Plan, intake: Intake, lease: Lease) -> None:
    for block in blocks:
        lease.check()
        intake.take(plan, block)
        lease.events_done = intake.received
    for spool in intake.spools.values():
        spool.close()


def _account(intake: Intake) -> tuple[list[DayAccount], dict[date, np.ndarray]]:
    masks = {day: dedupe.kept(spool) for day, spool in intake.spools.items()}
    accounts = [_account_of(day, masks.get(day), intake.rejected_files.counts[day]) for day in intake.days]
    if sum(account.received for account in accounts) != intake.received:
        raise Unbalanced(f"{intake.received} lines were read, the days add up to something else")
    return accounts, masks


def _account_of(day: date, mask: np.ndarray | None, rejected: int) -> DayAccount:
    rows = 0 if mask is None else mask.size
    loaded = 0 if mask is None else int(mask.sum())
    return DayAccount(day, rows + rejected, loaded, rows - loaded, rejected)


def _write_parts(
    intake: Intake, masks: dict[date, np.ndarray], table: LakeTable, dataflow: str, token: str, lease: Lease
) -> list[PartFile]:
    writers: list[PartWriter] = []
    parts: list[PartFile] = []
    try:
        for day, mask in sorted(masks.items()):
            writers.append(PartWriter(table, dataflow, day, token=token))
            parts += _write_day(writers[-1], intake.spools[day], mask, lease)
    except BaseException:
        for writer in writers:
            writer.abort()
        raise
    return parts


def _write_day(writer: PartWriter, spool: DaySpool, mask: np.ndarray, lease: Lease) -> list[PartFile]:
    start = 0
    for batch in spool.batches():
        lease.check()
        keep = pa.array(mask[start : start + batch.num_rows])
        start += batch.num_rows
        columns = [name for name in batch.schema.names if not name.startswith("__")]
        writer.write(batch.select(columns).filter(keep))
    return writer.close()
