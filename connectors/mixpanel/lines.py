"""From the bytes of an export to blocks of whole lines, with the proof that nothing is missing at the end.

Lines end at 0x0A and nowhere else: U+2028, U+0085 and their like are legal inside JSON strings (airbyte#11018).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import cast

from isal import igzip_lib

from connectors.errors import IncompleteExport
from connectors.mixpanel import outcomes
from connectors.mixpanel.outcomes import Ending

BLOCK = 1 << 20
# Mixpanel refuses events above 1 MB at ingestion; a "line" of this size is no event, and memory must stay bounded.
LONGEST_LINE = 64 << 20
# As ``bytes.strip`` sees it: whoever reads the blocks must call the same lines blank.
BLANK = b" \t\r\n\x0b\x0c"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# isal's type stub declares the exception class as an instance.
DAMAGED = cast(type[Exception], igzip_lib.IsalError)

TRUNCATED = "the compressed body ends before its checksum: part of the export is missing"
GARBLED = "the compressed body is damaged: it is no valid gzip data or its checksum is wrong"
TOO_LONG = f"a single line is longer than {LONGEST_LINE >> 20} MB; an event of Mixpanel has at most 1 MB"


def inflate(chunks: Iterable[bytes], piece: int = BLOCK) -> Iterator[bytes]:
    """Gunzip, at most ``piece`` bytes at a time, members one after the other.

    Raises IncompleteExport when a checksum is wrong, the last trailer is missing, or something else follows it.
    """
    member = None
    for chunk in chunks:
        while chunk:
            member = member or igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
            yield from _drain(member, chunk, piece)
            chunk, member = (member.unused_data, None) if member.eof else (b"", member)
    if member is not None:
        raise IncompleteExport(TRUNCATED, status=200)


def _drain(member: igzip_lib.IgzipDecompressor, chunk: bytes, piece: int) -> Iterator[bytes]:
    while True:
        try:
            data = member.decompress(chunk, piece)
        except DAMAGED:
            raise IncompleteExport(GARBLED, status=200) from None
        if data:
            yield data
        if member.eof or member.needs_input or not data:
            return
        chunk = b""


def whole_lines(pieces: Iterable[bytes], block_size: int = BLOCK) -> Iterator[bytes]:
    """Blocks of whole lines, each ending in a newline, about ``block_size`` bytes (one longer line: as long as it is).

    The last line is held back until the end is known. Raises IncompleteExport instead of yielding it when it is not
    a whole event; a missing final newline alone is fine. Nothing is yielded for an empty body. A byte order mark at
    the very beginning is no part of the first line (RFC 8259 lets a reader ignore it).
    """
    rest = b""
    for piece in _without_mark(pieces):
        if len(rest) + len(piece) < block_size:
            rest += piece
            continue
        cut = _start_of_last_line(piece)
        if cut:
            yield b"".join((rest, memoryview(piece)[:cut]))
            rest = piece[cut:]
            continue
        rest += piece
        cut = _start_of_last_line(rest)
        if cut:
            yield rest[:cut]
            rest = rest[cut:]
        elif len(rest) > LONGEST_LINE:
            raise IncompleteExport(TOO_LONG, status=200)
    yield from _last_block(rest)


def _without_mark(pieces: Iterable[bytes]) -> Iterator[bytes]:
    start: bytes | None = b""
    for piece in pieces:
        if start is not None:
            piece = start + piece
            if len(piece) < len(BYTE_ORDER_MARK):
                start = piece
                continue
            piece, start = piece.removeprefix(BYTE_ORDER_MARK), None
        yield piece
    yield start or b""


def _start_of_last_line(text: bytes) -> int:
    """Where the last line that is not blank begins; it may be the last of all, so it must wait."""
    start = text.rfind(b"\n") + 1
    if text[start:].strip(BLANK):
        return start
    return text.rfind(b"\n", 0, len(text.rstrip(BLANK))) + 1


def _last_block(held: bytes) -> Iterator[bytes]:
    text = held.rstrip(BLANK)
    tail = text[text.rfind(b"\n") + 1 :]
    how = outcomes.ending(tail)
    if how is Ending.EMPTY:
        return
    if how is not Ending.COMPLETE:
        raise outcomes.incomplete(how, tail, text)
    yield text + b"\n"
