"""Python texts → Arrow columns, quickly. Most columns of an export are plain ASCII texts without a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa


def text_array(values: Sequence[Any]) -> pa.Array | None:
    """The column of texts and Nones, None if there is anything else among them.

    Raises UnicodeEncodeError for a text that is not valid Unicode.
    """
    try:
        joined = "".join(values)
    except TypeError:
        return pa.array(values, pa.string()) if set(map(type, values)) <= {str, type(None)} else None
    if not joined.isascii():
        return pa.array(values, pa.string())
    # One copy of everything and the running sums of the lengths are the column, a third of Arrow's own time.
    return _array(np.fromiter(map(len, values), np.int32, len(values)), joined)


def _array(sizes: np.ndarray[Any, np.dtype[np.int32]], joined: str) -> pa.Array:
    ends = np.zeros(sizes.size + 1, dtype=np.int32)
    np.cumsum(sizes, out=ends[1:])
    return pa.StringArray.from_buffers(sizes.size, pa.py_buffer(ends), pa.py_buffer(joined.encode("ascii")))


def sha256_array(texts: Iterable[str]) -> pa.Array:
    """The column of the texts' SHA-256 in hex. Raises UnicodeEncodeError as ``text_array`` does."""
    # Not a matter of security here, and saying so spares OpenSSL a look into its policies at every call.
    digests = [sha256(text.encode(), usedforsecurity=False).digest() for text in texts]
    return _array(np.full(len(digests), 64, dtype=np.int32), b"".join(digests).hex())
