"""Python texts → Arrow columns, quickly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

HEX_DIGITS = 64


def text_array(values: Sequence[Any]) -> pa.Array | None:
    """The column of texts and Nones, None if there is anything else among them.

    Raises UnicodeEncodeError for a text that is not valid Unicode.
    """
    # Joining is the cheapest look at the type of every value: it refuses all but texts.
    try:
        "".join(values)
    except TypeError:
        if not set(map(type, values)) <= {str, type(None)}:
            return None
    return pa.array(values, pa.string())


def sha256_array(texts: Iterable[str]) -> pa.Array:
    """The column of the texts' SHA-256 in hex. Raises UnicodeEncodeError as ``text_array`` does."""
    digests = [sha256(text.encode()).digest() for text in texts]
    joined = b"".join(digests).hex().encode("ascii")
    starts = np.arange(0, len(joined) + 1, HEX_DIGITS, dtype=np.int32)
    return pa.StringArray.from_buffers(len(digests), pa.py_buffer(starts), pa.py_buffer(joined))
