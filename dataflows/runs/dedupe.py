"""Which copies of a day's records stay.

Mixpanel's raw export is not deduplicated; its reports count one record per (event, distinct_id, time,
$insert_id), the latest arrival winning (event deduplication page). Records without an insert id are merged
only when their lines are byte for byte the same.

Candidates are found by a 64-bit hash and then compared by their real keys, so a hash that two different
keys happen to share loses nothing. Memory stays bounded: candidates are compared in slices of the hash space.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from dataflows.runs.spool import DaySpool

CANDIDATES_AT_ONCE = 200_000
KEY = ("__event", "__distinct_id", "__time", "__insert_id", "__line_digest")
RANK = ("__processed", "__received")


def kept(spool: DaySpool) -> np.ndarray:
    """A mask over the rows of ``spool``, true for the one copy of each record that stays."""
    mask = np.ones(spool.rows, dtype=bool)
    hashes = spool.hashes()
    repeated = _repeated(hashes)
    if repeated.size == 0:
        return mask
    candidates = np.isin(hashes, repeated)
    slices = int(candidates.sum()) // CANDIDATES_AT_ONCE + 1
    for number in range(slices):
        wanted = candidates & (hashes % slices == number) if slices > 1 else candidates
        mask[_losers(spool, wanted)] = False
    return mask


def _repeated(hashes: np.ndarray) -> np.ndarray:
    ordered = np.sort(hashes)
    return np.unique(ordered[1:][ordered[1:] == ordered[:-1]])


def _losers(spool: DaySpool, wanted: np.ndarray) -> list[int]:
    """Positions of the copies that do not stay, among the wanted rows."""
    best: dict[tuple[Any, ...], tuple[tuple[Any, ...], int]] = {}
    losers: list[int] = []
    for position, key, rank in _ranked(spool, wanted):
        holder = best.get(key)
        if holder is None:
            best[key] = (rank, position)
        elif rank > holder[0]:
            losers.append(holder[1])
            best[key] = (rank, position)
        else:
            losers.append(position)
    return losers


def _ranked(spool: DaySpool, wanted: np.ndarray) -> Iterator[tuple[int, tuple[Any, ...], tuple[Any, ...]]]:
    """Position, key and rank of the wanted rows.

    Rank: latest processed, then latest received, then the content itself, so that two exports of the same
    day in different order keep the same copy.
    """
    start = 0
    for batch in spool.batches():
        picked = np.flatnonzero(wanted[start : start + batch.num_rows])
        if picked.size:
            rows = batch.take(pa.array(picked))
            keys = zip(*(rows.column(name).to_pylist() for name in KEY), strict=True)
            ranks = zip(*(rows.column(name).to_pylist() for name in RANK), strict=True)
            contents = rows.select([name for name in rows.schema.names if not name.startswith("__")]).to_pylist()
            for offset, key, rank, content in zip(picked, keys, ranks, contents, strict=True):
                yield start + int(offset), key, (*rank, repr(content))
        start += batch.num_rows
