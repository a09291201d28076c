"""Mapped records of one day, spilled to scratch until the whole window is known to be good.

Arrow's own format, because it is written and read back as memory is laid out: about a tenth of the cost of Parquet.
Nothing of it stays in memory, and it is read, not mapped: mapped pages count as ours and are given back late.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataflows.mapping.keys import KEY_BYTES

HASHES_AT_ONCE = 1_000_000


class DaySpool:
    """Append batches, ``close``, then read them back in order as often as needed.

    ``starts`` are the row numbers at which batches begin, and at which the last one ends.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema) -> None:
        self._rows_path, self._hashes_path = folder / f"{name}.arrow", folder / f"{name}.hashes"
        self._sink = pa.OSFile(str(self._rows_path), "wb")
        self._writer = pa.ipc.new_file(self._sink, schema)
        self._hashes = self._hashes_path.open("wb")
        self.schema = schema
        self.starts = [0]

    @property
    def rows(self) -> int:
        return self.starts[-1]

    def append(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows:
            self._writer.write_batch(batch)
            self._hashes.write(hashes_of(batch.column("__key")).tobytes())
            self.starts.append(self.rows + batch.num_rows)

    def close(self) -> None:
        self._writer.close()
        self._sink.close()
        self._hashes.close()

    def hashes(self) -> Iterator[npt.NDArray[np.uint64]]:
        """One per row, in row order, a million at a time: the first eight bytes of its key."""
        with self._hashes_path.open("rb") as file:
            while (found := np.fromfile(file, np.uint64, HASHES_AT_ONCE)).size:
                yield found

    def batches(self, first: int = 0, last: int | None = None) -> Iterator[pa.RecordBatch]:
        """The batches from number ``first`` to before ``last``."""
        with pa.OSFile(str(self._rows_path), "rb") as source, pa.ipc.open_file(source) as reader:
            for number in range(first, len(self.starts) - 1 if last is None else last):
                yield reader.get_batch(number)


def hashes_of(keys: pa.Array) -> npt.NDArray[np.uint64]:
    """The first eight bytes of each key."""
    return words_of(keys)[:, 0]


def words_of(keys: pa.Array) -> npt.NDArray[np.uint64]:
    """The keys as rows of four numbers."""
    words = KEY_BYTES // 8
    start = keys.offset * words
    return np.frombuffer(keys.buffers()[1], np.uint64)[start : start + len(keys) * words].reshape(-1, words)
