"""Which copies of a day's records stay.

Mixpanel's raw export is not deduplicated; its reports count one record per (event, distinct_id, time,
$insert_id), the latest arrival winning (event deduplication page). Records without an insert id are merged
only when their lines are byte for byte the same.

Candidates are rows whose hash occurs twice; only they are looked at, by their whole keys. Memory stays bounded:
hashes are sorted, and candidates compared, in slices of the hash space.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping import KEY_FIELDS
from dataflows.runs.promotion.spool import DaySpool, hashes_of, words_of

HASHES_PER_SLICE = 1_000_000
CANDIDATES_PER_SLICE = 25_000
SIEVE = 1 << 20
LOWEST = np.uint64(SIEVE - 1)
BATCHES_AT_ONCE = 16
SAMPLES = 5
KEY_NAMES = frozenset(found.name for found in KEY_FIELDS)
POSITION = pa.field("__position", pa.int64())

Mask = npt.NDArray[np.bool_]
Positions = npt.NDArray[np.int64]


@dataclass
class Duplicates:
    """``keep`` is true for the one copy of each record that stays.

    ``conflicting`` counts the other copies that differ from it in a column beside the stamps; ``samples`` shows some:
    the copy that stays and the other, by column.
    """

    keep: Mask
    conflicting: int = 0
    samples: list[tuple[dict[str, Any], dict[str, Any]]] = field(default_factory=list)


def find(spool: DaySpool, scratch: Path, stamps: Collection[str] = ()) -> Duplicates:
    """Look through a closed spool. ``stamps`` names the columns in which copies differ as a matter of course."""
    found = Duplicates(np.ones(spool.rows, dtype=bool))
    repeated = _repeated(spool)
    if repeated.size:
        positions = _candidates(spool, repeated)
        for rows in _slices(spool, positions, scratch):
            _Copies(rows, frozenset(stamps)).settle(found)
    return found


def _repeated(spool: DaySpool) -> npt.NDArray[np.uint64]:
    """The hashes that occur more than once, in order."""
    slices = spool.rows // HASHES_PER_SLICE + 1
    found = []
    for number in range(slices):
        some = (hashes[hashes % slices == number] if slices > 1 else hashes for hashes in spool.hashes())
        ordered = np.sort(np.concatenate(list(some)))
        found.append(np.unique(ordered[1:][ordered[1:] == ordered[:-1]]))
    return np.sort(np.concatenate(found))


def _candidates(spool: DaySpool, repeated: npt.NDArray[np.uint64]) -> Positions:
    """Where rows with one of these hashes are. A sieve by the lowest bits leaves few to be looked up."""
    sieve = np.zeros(SIEVE, dtype=bool)
    sieve[repeated & LOWEST] = True
    found, start = [], 0
    for hashes in spool.hashes():
        likely = np.flatnonzero(sieve[hashes & LOWEST])
        sure = likely[np.isin(hashes[likely], repeated)]
        found.append(sure + start)
        start += hashes.size
    return np.concatenate(found)


def _slices(spool: DaySpool, positions: Positions, scratch: Path) -> Iterator[pa.Table]:
    """The candidates with their positions, all copies of a record in one table."""
    count = positions.size // CANDIDATES_PER_SLICE + 1
    schema = spool.schema.append(POSITION)
    if count == 1:
        yield pa.Table.from_batches(_rows_at(spool, positions), schema)
        return
    slices = [DaySpool(scratch, f"candidates-{number}", schema) for number in range(count)]
    for batch in _rows_at(spool, positions):
        numbers = hashes_of(batch.column("__key")) % count
        for number in np.unique(numbers):
            slices[int(number)].append(batch.filter(pa.array(numbers == number)))
    for some in slices:
        some.close()
        yield pa.Table.from_batches(some.batches(), schema)


def _rows_at(spool: DaySpool, positions: Positions) -> Iterator[pa.RecordBatch]:
    schema = spool.schema.append(POSITION)
    for first, last in pairwise([*range(0, len(spool.starts) - 1, BATCHES_AT_ONCE), len(spool.starts) - 1]):
        start, end = np.searchsorted(positions, (spool.starts[first], spool.starts[last]))
        if end > start:
            chosen = positions[start:end]
            rows = pa.concat_batches(spool.batches(first, last)).take(pa.array(chosen - spool.starts[first]))
            yield pa.RecordBatch.from_arrays([*rows.columns, pa.array(chosen)], schema=schema)


class _Copies:
    """Candidate rows, those of one record together, the best first."""

    def __init__(self, rows: pa.Table, stamps: frozenset[str]) -> None:
        rows = rows.combine_chunks()
        order = _ranked(rows)
        self.rows = rows.take(pa.array(order)).combine_chunks()
        self.positions = self.rows["__position"].to_numpy()
        self.contents = [name for name in rows.schema.names if name not in KEY_NAMES and name != POSITION.name]
        self.meaningful = [name for name in self.contents if name not in stamps]
        begins = np.ones(self.rows.num_rows, dtype=bool)
        begins[1:] = ~_same_as_before(self.rows)
        self.starts = np.flatnonzero(begins)
        # The row that stays, for every row: the first of its group until a tie says otherwise.
        self.winner = self.starts[np.cumsum(begins) - 1]

    def settle(self, found: Duplicates) -> None:
        self._break_ties()
        losers = np.flatnonzero(self.winner != np.arange(self.winner.size))
        found.keep[self.positions[losers]] = False
        conflicts = losers[self._differs(losers, self.winner[losers], self.meaningful)]
        found.conflicting += conflicts.size
        for row in conflicts[: SAMPLES - len(found.samples)]:
            found.samples.append((self._content(int(self.winner[row])), self._content(int(row))))

    def _break_ties(self) -> None:
        """Copies that arrived at the same instant: the content decides, so that two exports keep the same one."""
        first = np.repeat(self.starts, np.diff(np.append(self.starts, self.winner.size)))
        tied = self._same_rank(first)
        other = np.flatnonzero(tied & (first != np.arange(first.size)))
        for start in np.unique(first[other[self._differs(other, first[other], self.contents)]]):
            group = np.flatnonzero(first == start)
            best = max(group[tied[group]], key=lambda row: repr(self._content(int(row))))
            self.winner[group] = best

    def _same_rank(self, first: npt.NDArray[np.intp]) -> Mask:
        ranks = [self.rows[name].to_numpy() for name in ("__processed", "__received")]
        same: Mask = np.logical_and.reduce([rank == rank[first] for rank in ranks])
        return same

    def _differs(self, one: npt.NDArray[np.intp], other: npt.NDArray[np.intp], names: list[str]) -> Mask:
        """Where the rows ``one[i]`` and ``other[i]`` differ in any of these columns."""
        differs = np.zeros(one.size, dtype=bool)
        for name in names:
            column = self.rows[name].combine_chunks()
            differs |= ~_equal(column.take(pa.array(one)), column.take(pa.array(other)))
        return differs

    def _content(self, row: int) -> dict[str, Any]:
        found: dict[str, Any] = self.rows.select(self.contents).slice(row, 1).to_pylist()[0]
        return found


def _ranked(rows: pa.Table) -> npt.NDArray[np.intp]:
    """Copies of one record together, the latest processed first, then the latest received."""
    processed, received, split = (rows[name].to_numpy() for name in ("__processed", "__received", "__split"))
    words = words_of(rows["__key"].combine_chunks())
    return np.lexsort((~received, ~processed, split, *words.T))


def _same_as_before(rows: pa.Table) -> Mask:
    """For every row but the first: whether it is a copy of the one before it."""
    words, split = words_of(rows["__key"].combine_chunks()), rows["__split"].to_numpy()
    same: Mask = (words[1:] == words[:-1]).all(axis=1) & (split[1:] == split[:-1])
    return same


def _equal(one: pa.Array, other: pa.Array) -> Mask:
    """Row by row, null equal to null."""
    if pa.types.is_nested(one.type):
        pairs = zip(one.to_pylist(), other.to_pylist(), strict=True)
        return np.array([repr(a) == repr(b) for a, b in pairs], dtype=bool)
    same = pc.fill_null(pc.equal(one, other), False)
    both_null = pc.and_(one.is_null(), other.is_null())
    found: Mask = pc.or_(same, both_null).to_numpy(zero_copy_only=False)
    return found
