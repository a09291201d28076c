"""Joining compressed days."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.mixpanel.sample.deflate import compress, gzip_stream, join_crc


@settings(max_examples=50)
@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_checksum_of_two_parts_is_that_of_the_whole(first: bytes, second: bytes) -> None:
    assert join_crc(zlib.crc32(first), zlib.crc32(second), len(second)) == zlib.crc32(first + second)


@given(
    st.lists(st.lists(st.text(max_size=40).map(lambda text: text.replace("\n", " ") + "\n"), max_size=5), max_size=4)
)
def test_segments_in_a_row_are_one_gzip_of_all_lines(days: list[list[str]]) -> None:
    segments = [compress(day) for day in days]
    everything = "".join(line for day in days for line in day).encode()
    assert gzip.decompress(b"".join(gzip_stream(segments))) == everything
    assert b"".join(segment.plain() for segment in segments) == everything
    assert sum(segment.lines for segment in segments) == everything.count(b"\n")
