"""From the spool to Parquet: the rows that stay, in the dataset's columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from connectors.lake import LakeTable, PartFile, PartWriter
from dataflows.mapping import Plan
from dataflows.runs.leases import Lease
from dataflows.runs.promotion.spool import DaySpool

ROWS_AT_ONCE = 8_192
ROWS_PER_WRITER = 65_536
MOST_WRITERS = 2
Mask = npt.NDArray[np.bool_]


def write_parts(
    plan: Plan, days: Mapping[date, tuple[DaySpool, Mask]], table: LakeTable, dataflow: str, token: str, lease: Lease
) -> list[PartFile]:
    """Write the kept rows of each day. Raises LeaseLost, LakeUnavailable, StorageFull; then no part stays behind."""
    writers: list[PartWriter] = []
    parts: list[PartFile] = []
    try:
        for day, (spool, keep) in sorted(days.items()):
            shares = _shares(spool)
            new = [PartWriter(table, dataflow, day, token=token) for _ in shares]
            writers += new
            parts += _write_day(plan, spool, keep, list(zip(new, shares, strict=True)), lease)
    except BaseException:
        for writer in writers:
            writer.abort()
        raise
    return parts


def _shares(spool: DaySpool) -> list[tuple[int, int]]:
    """Batch numbers for each writer: encoding leaves the interpreter lock, so a large day has more than one."""
    count = len(spool.starts) - 1
    writers = max(1, min(MOST_WRITERS, count, spool.rows // ROWS_PER_WRITER))
    edges = [count * number // writers for number in range(writers + 1)]
    return list(pairwise(edges))


def _write_day(
    plan: Plan, spool: DaySpool, keep: Mask, shares: list[tuple[PartWriter, tuple[int, int]]], lease: Lease
) -> list[PartFile]:
    def write(share: tuple[PartWriter, tuple[int, int]]) -> list[PartFile]:
        writer, (first, last) = share
        for piece in _pieces(plan, spool, keep, first, last):
            lease.check()
            writer.write(piece)
        return writer.close()

    with ThreadPoolExecutor(len(shares), thread_name_prefix="parts") as pool:
        return [part for parts in pool.map(write, shares) for part in parts]


def _pieces(plan: Plan, spool: DaySpool, keep: Mask, first: int, last: int) -> Iterator[pa.RecordBatch]:
    start = spool.starts[first]
    for batches in _gathered(spool.batches(first, last)):
        rows = pa.concat_batches(batches)
        mask = keep[start : start + rows.num_rows]
        start += rows.num_rows
        yield plan.dataset_batch(rows if mask.all() else rows.filter(pa.array(mask)))


def _gathered(batches: Iterator[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    held: list[pa.RecordBatch] = []
    count = 0
    for batch in batches:
        held.append(batch)
        count += batch.num_rows
        if count >= ROWS_AT_ONCE:
            yield held
            held, count = [], 0
    if held:
        yield held
