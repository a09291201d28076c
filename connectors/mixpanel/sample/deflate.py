"""Compressed days that can be strung together into one gzip stream without compressing them again.

A day is raw deflate ended by a full flush, so days concatenate; only the checksum of the whole has to be worked out.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from isal import isal_zlib

LEVEL = 1
LINES_PER_BLOCK = 500
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
FINAL_BLOCK = b"\x03\x00"
CRC_POLYNOMIAL = 0xEDB88320


@dataclass(frozen=True)
class Segment:
    """Some lines, compressed. ``size`` is in plain bytes, ``crc`` is CRC-32 of the plain bytes."""

    deflated: bytes
    crc: int
    size: int
    lines: int

    def plain(self) -> bytes:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.deflated)


def compress(texts: Iterable[str]) -> Segment:
    """Lines, each ending in a newline (one text may hold several), as a segment."""
    packer = isal_zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    parts, crc, size, lines = [], 0, 0, 0
    for block in _blocks(texts):
        parts.append(packer.compress(block))
        crc, size, lines = zlib.crc32(block, crc), size + len(block), lines + block.count(b"\n")
    parts.append(packer.flush(zlib.Z_FULL_FLUSH))
    return Segment(b"".join(parts), crc, size, lines)


def gzip_stream(segments: Iterable[Segment]) -> Iterator[bytes]:
    """One gzip member that holds the segments in order."""
    crc = size = 0
    yield HEADER
    for segment in segments:
        crc, size = join_crc(crc, segment.crc, segment.size), size + segment.size
        yield segment.deflated
    yield FINAL_BLOCK + crc.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little")


def join_crc(first: int, second: int, second_size: int) -> int:
    """CRC-32 of two texts in a row, from the CRC-32 of each and the bytes in the second (as zlib's crc32_combine)."""
    return _times(_power_of_x(8 * second_size), first) ^ second


def _blocks(texts: Iterable[str]) -> Iterator[bytes]:
    source = iter(texts)
    while block := "".join(islice(source, LINES_PER_BLOCK)):
        yield block.encode()


def _times(a: int, b: int) -> int:
    """Product of two polynomials over GF(2), modulo the CRC polynomial; bit 31 is the constant term."""
    product = 0
    for bit in range(31, -1, -1):
        if a >> bit & 1:
            product ^= b
        b = b >> 1 ^ (CRC_POLYNOMIAL if b & 1 else 0)
    return product


def _power_of_x(exponent: int) -> int:
    result, square = 1 << 31, 1 << 30
    while exponent:
        if exponent & 1:
            result = _times(square, result)
        square = _times(square, square)
        exponent >>= 1
    return result
