"""What promotion needs to know of a record beside its columns: its day and the parts of its identity.

Mixpanel counts one record per (event, distinct_id, time, $insert_id), the latest processed one winning (event
deduplication page). The columns start with two underscores, which no schema field can.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from dataflows.mapping.casts import RANGES, whole
from dataflows.mapping.instants import DAY
from dataflows.mapping.text_columns import text_array
from dataflows.schemas import XdmType

KEY_FIELDS: tuple[pa.Field, ...] = (
    pa.field("__line", pa.int64()),
    pa.field("__day", pa.date32()),
    pa.field("__hash", pa.int64()),
    pa.field("__event", pa.string()),
    pa.field("__distinct_id", pa.string()),
    pa.field("__time", pa.int64()),
    pa.field("__insert_id", pa.string()),
    pa.field("__line_digest", pa.binary(16)),
    pa.field("__processed", pa.int64()),
    pa.field("__received", pa.int64()),
)
TIME, DISTINCT_ID, INSERT_ID = "time", "distinct_id", "$insert_id"
PROCESSED, RECEIVED, IMPORT = "mp_processing_time_ms", "$mp_api_timestamp_ms", "$import"
NEEDED = (TIME, DISTINCT_ID, INSERT_ID, PROCESSED, RECEIVED)
LEAST, MOST = RANGES[XdmType.LONG]


def key_text(value: Any) -> str | None:
    """A value as text that any column can hold: texts as they are, everything else as JSON with sorted keys."""
    if value is None:
        return None
    if type(value) is str:
        return value if value.isascii() else _storable(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _storable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return text


def insert_text(value: Any) -> str | None:
    """The insert id, None when it is absent or empty."""
    return key_text(value) or None


def line_digest(line: bytes) -> bytes:
    return blake2b(line, digest_size=16).digest()


def stamp(value: Any) -> int:
    """A millisecond property, 0 unless it is a whole number of 64 bits."""
    number = whole(value)
    return number if number is not None and LEAST <= number <= MOST else 0


@dataclass(frozen=True)
class KeyColumns:
    """The values of a block's records that keys are made of, one per record."""

    events: list[str]
    distinct_ids: Sequence[Any]
    insert_ids: Sequence[Any]
    raw: npt.NDArray[np.int64]
    micros: npt.NDArray[np.int64]
    processed: npt.NDArray[np.int64]
    received: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]

    def arrays(self, line_of: Callable[[int], bytes]) -> list[pa.Array]:
        """In the order of KEY_FIELDS. ``line_of`` gives the raw line of a record by its position."""
        events, distinct_ids = _texts(self.events), _texts(self.distinct_ids)
        insert_ids = _insert_texts(self.insert_ids)
        digests: list[bytes | None] = [None] * len(insert_ids)
        for position, found in enumerate(insert_ids):
            if found is None:
                digests[position] = line_digest(line_of(position))
        ids = [found or digest for found, digest in zip(insert_ids, digests, strict=True)]
        hashes = list(map(hash, zip(events, distinct_ids, self.raw.tolist(), ids, strict=True)))
        return [
            pa.array(self.lines),
            pa.array((self.micros // DAY).astype(np.int32)).view(pa.date32()),
            pa.array(hashes, pa.int64()),
            text_array(events),
            text_array(distinct_ids),
            pa.array(self.raw),
            text_array(insert_ids),
            pa.array(digests, pa.binary(16)),
            pa.array(self.processed),
            pa.array(self.received),
        ]


def _texts(values: Sequence[Any]) -> Sequence[str | None]:
    """``key_text`` of each; a whole column of plain texts stays as it is."""
    try:
        if "".join(values).isascii():
            return values
    except TypeError:
        pass
    return [key_text(value) for value in values]


def _insert_texts(values: Sequence[Any]) -> Sequence[str | None]:
    texts = _texts(values)
    return texts if all(texts) else [text or None for text in texts]


def stamps(values: Sequence[Any]) -> npt.NDArray[np.int64]:
    """``stamp`` of each."""
    if set(map(type, values)) <= {int}:
        try:
            return np.array(values, dtype=np.int64)
        except OverflowError:
            pass
    return np.array([stamp(value) for value in values], dtype=np.int64)
