"""What promotion needs to know of a record beside its columns: who it is, and which copy of it wins.

Mixpanel counts one record per (event, distinct_id, time, $insert_id), the latest processed one winning (event
deduplication page). A record without an insert id is only the same as one whose line is the same byte for byte.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from dataflows.mapping.casts import RANGES, whole
from dataflows.schemas import XdmType

KEY_BYTES = 32
KEY_FIELDS: tuple[pa.Field, ...] = (
    pa.field("__key", pa.binary(KEY_BYTES), nullable=False),
    pa.field("__split", pa.int64(), nullable=False),
    pa.field("__processed", pa.int64(), nullable=False),
    pa.field("__received", pa.int64(), nullable=False),
)
"""Two records are the same if ``__key`` and ``__split`` are; of the same the greatest ``__processed`` wins, then
``__received``. The names start with two underscores, which no column of a dataset does."""

TIME, DISTINCT_ID, INSERT_ID = "time", "distinct_id", "$insert_id"
PROCESSED, RECEIVED, IMPORT = "mp_processing_time_ms", "$mp_api_timestamp_ms", "$import"
NEEDED = (TIME, DISTINCT_ID, INSERT_ID, PROCESSED, RECEIVED, IMPORT)
LEAST, MOST = RANGES[XdmType.LONG]

SEPARATOR = "|"
WHOLE_LINE, NOBODY = -1, -2
"""``__split`` of a record without insert id, and of one without distinct id."""


def key_text(value: Any) -> str:
    """A value as text that can be encoded: texts as they are, everything else as JSON with sorted keys, None as ""."""
    if value is None:
        return ""
    if type(value) is str:
        return value if value.isascii() else _encodable(value)
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        return json.dumps(text)
    return text


def identity(event: str, who: Any, raw: int, which: Any, line: bytes) -> tuple[bytes, int]:
    """The key and the split of one record. The digest is that of ``derived.event_id``, wherever that has one."""
    if not key_text(which):
        return sha256(line).digest(), WHOLE_LINE
    first, second = key_text(event), key_text(who)
    joined = f"{first}|{second}|{raw}|{key_text(which)}"
    return sha256(joined.encode()).digest(), _split(first, None if who is None else second)


def _split(event: str, who: str | None) -> int:
    """What makes the joined text unambiguous: nothing if its first parts hold no separator, else how long they are."""
    if who is None:
        return NOBODY - len(event) if SEPARATOR in event else NOBODY
    return (len(event) << 32 | len(who)) + 1 if SEPARATOR in event or SEPARATOR in who else 0


def stamp(value: Any) -> int:
    """A millisecond property, 0 unless it is a whole number of 64 bits."""
    number = whole(value)
    return number if number is not None and LEAST <= number <= MOST else 0


@dataclass(frozen=True)
class Identities:
    """The keys of a block's records, one after the other, and their splits.

    ``plain``: all parts of all of them are texts that can be encoded.
    """

    digests: bytes
    splits: npt.NDArray[np.int64]
    plain: bool

    @property
    def anonymous(self) -> npt.NDArray[np.bool_]:
        """Which records have no insert id."""
        found: npt.NDArray[np.bool_] = self.splits == WHOLE_LINE
        return found

    def arrays(self) -> list[pa.Array]:
        """In the order of KEY_FIELDS, without the two stamps."""
        buffers = [None, pa.py_buffer(self.digests)]
        return [pa.Array.from_buffers(pa.binary(KEY_BYTES), self.splits.size, buffers), pa.array(self.splits)]


def identities(
    events: Sequence[str],
    whos: Sequence[Any],
    raws: Sequence[int],
    whiches: Sequence[Any],
    line_of: Callable[[int], bytes],
) -> Identities:
    """``identity`` of each record; ``line_of`` gives a record's line by its position."""
    rows = zip(events, whos, raws, whiches, strict=True)
    found = [identity(*row, b"" if row[3] else line_of(position)) for position, row in enumerate(rows)]
    splits = np.array([split for _, split in found], dtype=np.int64)
    return Identities(b"".join(digest for digest, _ in found), splits, plain=False)


def plain_identities(events: pa.Array, whos: pa.Array, raws: npt.NDArray[np.int64], whiches: pa.Array) -> Identities:
    """The same where all parts of all records are texts and no insert id is empty, as nearly always."""
    joined = pc.binary_join_element_wise(events, whos, pa.array(raws).cast(pa.string()), whiches, SEPARATOR)
    texts = joined.cast(pa.binary()).to_numpy(zero_copy_only=False)
    digests = b"".join([sha256(text).digest() for text in texts])
    splits = np.zeros(raws.size, dtype=np.int64)
    if _separated(events) or _separated(whos):
        splits[:] = list(map(_split, events.to_pylist(), whos.to_pylist()))
    return Identities(digests, splits, plain=True)


def _separated(texts: pa.Array) -> bool:
    """Whether the separator is in any of the texts."""
    return SEPARATOR.encode() in memoryview(texts.buffers()[2] or b"").tobytes()


def stamps(values: Sequence[Any]) -> npt.NDArray[np.int64]:
    """``stamp`` of each."""
    return np.array([stamp(value) for value in values], dtype=np.int64)


def integers(values: Sequence[Any]) -> npt.NDArray[np.int64] | None:
    """The values if every one is an integer of 64 bits, ``None`` otherwise."""
    if set(map(type, values)) <= {int}:
        with suppress(OverflowError):
            return np.array(values, dtype=np.int64)
    return None
