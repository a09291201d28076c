"""A block of whole lines of an export, and what can be said of it before it is decoded."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import numpy.typing as npt

NEWLINE, OPENING, CLOSING = b"\n{}"
PLACES = np.array([1 << 8 * place for place in range(8)], dtype="<u8")
"""Eight bytes read as one number, one of them 1: which it is."""


class Lines:
    """Lines end at newlines and nowhere else; blank ones do not count."""

    def __init__(self, block: bytes) -> None:
        self.block = block if block.endswith(b"\n") else block + b"\n"

    @cached_property
    def objects(self) -> int | None:
        """How many lines there are, if each begins with { and ends with }; ``None`` otherwise.

        To a decoder a newline is mere space. But where one line ends in } and the next begins with {, one record
        ends and another begins, unless both are inside a record, which then spans lines. So if a decoder sees as
        many records as this says, it saw exactly one in each line.
        """
        signs = np.frombuffer(self.block, dtype=np.uint8)
        ends = _newlines(signs)
        if ends is None:
            return None
        starts = np.concatenate(([0], ends[:-1] + 1))
        regular = (signs[ends - 1] == CLOSING).all() and (signs[starts] == OPENING).all()
        return ends.size if regular else None

    @cached_property
    def all(self) -> list[bytes]:
        """The lines that are not blank, without their newlines; split only when somebody looks."""
        return [line for line in self.block.split(b"\n") if line.strip()]

    def __getitem__(self, index: int) -> bytes:
        return self.all[index]


def _newlines(signs: npt.NDArray[np.uint8]) -> npt.NDArray[np.intp] | None:
    """Where newlines are; ``None`` if two are within eight bytes, which no two ends of records are.

    Looking at eight bytes as one number halves the time, which is a twentieth of all that happens to a record.
    """
    found = signs == NEWLINE
    whole = found.size // 8 * 8
    words = found[:whole].view("<u8")
    at = np.flatnonzero(words != 0)
    places = np.searchsorted(PLACES, words[at])
    if at.size and (PLACES[np.minimum(places, 7)] != words[at]).any():
        return None
    return np.concatenate((at * 8 + places, whole + np.flatnonzero(found[whole:])))
