"""The raw text of a record with the offending value marked, cut around it when it is long. Pure.

Signs that no screen shows, or that turn the direction of a line around, become visible escapes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from dataflows.diagnostics.json_places import Span, broken_at, place_of
from dataflows.diagnostics.sources import Path

AROUND = 240
# Longer texts are shown in part, longer values by their beginning and end.
WHOLE = 700
VALUE = 400
# To say that less is left out would take more room than to show it.
LEAST_SKIPPED = 40


@dataclass(frozen=True)
class Piece:
    """``skipped`` counts the signs that are left out in its place; then there is no text."""

    text: str = ""
    marked: bool = False
    skipped: int = 0


def marked(raw: str, paths: Sequence[Path], *, broken: bool = False) -> list[Piece]:
    """``raw`` in pieces, those at ``paths`` marked; with ``broken`` the place where it stops being JSON."""
    spans = _spans(raw, paths)
    if broken and (at := broken_at(raw)) is not None:
        spans = [(at, at + 1)]
    return _cut(_pieces(raw, spans))


def absent(raw: str, paths: Sequence[Path]) -> bool:
    """Whether the record has none of the values: there is nothing to mark."""
    return bool(paths) and all(place_of(raw, path) is None for path in paths)


def visible(text: str) -> str:
    """Text as a page can show it, sign by sign in the order it was sent."""
    return "".join(sign if _shows(sign) else _escape(sign) for sign in text)


def _spans(raw: str, paths: Sequence[Path]) -> list[Span]:
    """In order, none inside another."""
    found = sorted({place for path in paths if (place := place_of(raw, path))})
    spans: list[Span] = []
    for start, end in found:
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _pieces(raw: str, spans: Sequence[Span]) -> list[Piece]:
    pieces, at = [], 0
    for start, end in spans:
        pieces += [Piece(raw[at:start]), Piece(raw[start:end], marked=True)]
        at = end
    return [*pieces, Piece(raw[at:])]


def _cut(pieces: list[Piece]) -> list[Piece]:
    whole = sum(len(piece.text) for piece in pieces) <= WHOLE
    cut: list[Piece] = []
    for number, piece in enumerate(pieces):
        if whole or len(piece.text) <= (VALUE if piece.marked else AROUND):
            cut.append(Piece(visible(piece.text), piece.marked))
        else:
            cut += _shortened(piece, first=number == 0, last=number == len(pieces) - 1)
    return [piece for piece in cut if piece.text or piece.skipped]


def _shortened(piece: Piece, *, first: bool, last: bool) -> list[Piece]:
    """The end of what comes before the first mark, the beginning of what comes after the last, both otherwise."""
    room = VALUE if piece.marked else AROUND
    head = 0 if first and not last else room if last or piece.marked else room // 2
    tail = 0 if last else room // 4 if piece.marked else room if first else room // 2
    if first and last:
        head = WHOLE
    end = len(piece.text) - tail
    if end - head < LEAST_SKIPPED:
        return [Piece(visible(piece.text), piece.marked)]
    parts = (visible(piece.text[:head]), visible(piece.text[end:]))
    return [Piece(parts[0], piece.marked), Piece(skipped=end - head), Piece(parts[1], piece.marked)]


def _shows(sign: str) -> bool:
    return sign == " " or unicodedata.category(sign)[0] not in "CZ"


def _escape(sign: str) -> str:
    point = ord(sign)
    if 0xDC80 <= point <= 0xDCFF:  # a byte that was no UTF-8, see dataflows.runs.rejects
        return f"\\x{point - 0xDC00:02x}"
    return {"\n": "\\n", "\t": "\\t", "\r": "\\r"}.get(sign) or (
        f"\\x{point:02x}" if point < 0x100 else f"\\u{point:04x}" if point < 0x10000 else f"\\U{point:08x}"
    )
