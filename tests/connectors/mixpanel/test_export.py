"""Copy and read back: every way an export can end, over a real connection."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Iterable
from datetime import date

import pytest

from connectors import errors
from connectors.base import DayRange
from connectors.mixpanel import export, lines
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import extra
from tests.connectors.mixpanel.conftest import SECRET, MemoryLanding, line
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer

DAY = DayRange(date(2026, 9, 1), date(2026, 9, 1))
LINES = b"".join(line(number) for number in range(50))


def ignore(received: int) -> None:
    """A progress that nobody watches."""


def collect(into: bytearray, blocks: Iterable[bytes]) -> None:
    """Keeps what came before an error."""
    for block in blocks:
        into += block


@pytest.fixture
def landed(server: FaultServer, client: MixpanelClient, landing: MemoryLanding):
    """Script an answer, copy it, and give back what landed."""

    def land(answer: Answer):
        server.answer("/api/2.0/export", answer)
        return export.copy(client, "3713224", DAY, landing, "acme/2026-09-01", ignore)

    return land


@pytest.fixture
def text_of(landed, landing: MemoryLanding):
    """The lines of an answer after copying and reading back."""
    return lambda answer, size=1 << 20: b"".join(export.blocks(landing, landed(answer).key, size))


class TestTheRequest:
    def test_names_project_and_whole_days(self, server: FaultServer, landed):
        landed(Answer(LINES))
        assert server.requests[0].path == "/api/2.0/export"
        assert server.requests[0].query == {
            "project_id": "3713224",
            "from_date": "2026-09-01",
            "to_date": "2026-09-01",
        }

    def test_a_project_secret_is_sent_without_project(self, server: FaultServer, landing: MemoryLanding):
        server.answer("/api/2.0/export", Answer(LINES))
        client = MixpanelClient(Credentials("project_secret", "", "abcdef"), extra(server.url))
        export.copy(client, "3713224", DAY, landing, "k", ignore)
        assert "project_id" not in server.requests[0].query

    def test_a_sample_asks_for_no_more_than_it_shows(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/2.0/export", gzip_answer(LINES))
        records = export.sample(client, "3713224", DAY, 20)
        assert server.requests[0].query["limit"] == "20"
        assert len(records) == 20
        assert records[0]["event"] == "Purchase"

    @pytest.mark.parametrize("limit", [0, 100_001])
    def test_an_impossible_sample_is_not_sent(self, server: FaultServer, client: MixpanelClient, limit: int):
        with pytest.raises(errors.BadRequest):
            export.sample(client, "3713224", DAY, limit)
        assert server.requests == []

    def test_a_sample_leaves_out_what_is_no_event(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/2.0/export", Answer(line(1) + b"99\nbroken\n" + line(2)))
        assert len(export.sample(client, "3713224", DAY, 10)) == 2


class TestLanding:
    def test_gzip_lands_as_received(self, landed, landing: MemoryLanding):
        answer = gzip_answer(LINES, chunked=True, chunk_size=11)
        result = landed(answer)
        assert result.key == "acme/2026-09-01.jsonl.gz"
        assert landing.objects[result.key] == answer.body
        assert (result.size, result.status, result.empty) == (len(answer.body), 200, False)

    def test_a_small_body_lands_uncompressed(self, landed, landing: MemoryLanding):
        result = landed(Answer(line(1)))
        assert result.key == "acme/2026-09-01.jsonl"
        assert landing.objects[result.key] == line(1)

    @pytest.mark.parametrize("answer", [Answer(b""), gzip_answer(b""), Answer(b"", chunked=True)])
    def test_i_a_day_without_events_is_empty_and_said_to_be(self, landed, landing: MemoryLanding, answer: Answer):
        result = landed(answer)
        assert result.empty
        assert list(export.blocks(landing, result.key)) == []

    def test_progress_counts_the_bytes(self, server: FaultServer, client: MixpanelClient, landing: MemoryLanding):
        answer = Answer(LINES * 100, chunked=True)
        server.answer("/api/2.0/export", answer)
        seen: list[int] = []
        export.copy(client, "1", DAY, landing, "k", seen.append)
        assert seen == sorted(seen)
        assert seen[-1] == len(answer.body)

    @pytest.mark.parametrize("reset", [True, False])
    def test_h_a_cut_connection_leaves_nothing(self, landed, landing: MemoryLanding, reset: bool):
        with pytest.raises(errors.ConnectionCut):
            landed(Answer(LINES, chunked=True, cut_after=700, reset=reset))
        assert landing.objects == {}
        assert landing.aborted == ["acme/2026-09-01.jsonl"]

    def test_a_stall_leaves_nothing(self, landed, landing: MemoryLanding):
        with pytest.raises(errors.ConnectionCut):
            landed(gzip_answer(LINES, cut_after=20, stall=5))
        assert landing.objects == {}

    def test_a_full_disk_leaves_nothing_and_is_told(self, landed, landing: MemoryLanding):
        landing.fail_with = errors.StorageFull("no space")
        with pytest.raises(errors.StorageFull):
            landed(Answer(LINES))
        assert landing.aborted

    def test_a_refusal_never_opens_the_landing_zone(self, landed, landing: MemoryLanding):
        with pytest.raises(errors.RateLimited) as caught:
            landed(Answer(b"slow down", 429, {"Retry-After": "30"}))
        assert caught.value.retry_after == 30
        assert (landing.objects, landing.aborted) == ({}, [])

    def test_an_encoding_nobody_asked_for_is_refused(self, landed):
        with pytest.raises(errors.ServiceDown, match="br"):
            landed(Answer(LINES, headers={"Content-Encoding": "br"}))

    def test_a_refusal_that_echoes_the_secret_does_not_show_it(self, landed):
        with pytest.raises(errors.BadCredentials) as caught:
            landed(Answer(f"Unable to authenticate request {SECRET}".encode(), 400))
        assert SECRET not in str(caught.value)


class TestReadingBack:
    @pytest.mark.parametrize("answer", [Answer(LINES), gzip_answer(LINES), gzip_answer(LINES, chunked=True)])
    def test_a_every_line_comes_back(self, text_of, answer: Answer):
        assert text_of(answer) == LINES

    def test_a_missing_last_newline_is_fine_and_added(self, text_of):
        assert text_of(gzip_answer(LINES[:-1])) == LINES

    def test_a_marker_inside_a_value_is_data(self, text_of):
        body = LINES + line(51, note="the job terminated early")
        assert text_of(gzip_answer(body)) == body

    @pytest.mark.parametrize(
        ("tail", "words"),
        [
            (b"terminated early\n", "terminated early"),
            (b"terminated early", "terminated early"),
            (b"terminated early\n\n \n", "terminated early"),
            (line(9)[:40] + b"terminated early", "terminated early"),
            (b"export terminated early\n", "terminated early"),
            (b'{"event":"A","properties":{"x":{"error":"gone"}', "wrote an error at its end.*gone"),
            (line(9)[:30], "in the middle of a record"),
            (b"99\n", "not an event"),
            (b"99\r\n", "not an event"),
        ],
    )
    @pytest.mark.parametrize("before", [LINES, b""], ids=["after good lines", "alone"])
    @pytest.mark.parametrize("packed", [True, False])
    def test_b_to_g_a_bad_tail_fails_and_is_never_yielded(
        self, landed, landing: MemoryLanding, tail: bytes, words: str, before: bytes, packed: bool
    ):
        body = before + tail
        result = landed(gzip_answer(body) if packed else Answer(body))
        yielded = bytearray()
        with pytest.raises(errors.IncompleteExport, match=words):
            collect(yielded, export.blocks(landing, result.key, 64))
        assert LINES.startswith(yielded)

    @pytest.mark.parametrize("first", range(len(LINES) - 5, len(LINES) + 20))
    @pytest.mark.parametrize("block_size", [1, len(LINES), len(LINES) + 17])
    def test_a_bad_tail_is_held_back_wherever_pieces_and_blocks_end(self, first: int, block_size: int):
        body = LINES + b"terminated early\n\n"
        yielded = bytearray()
        with pytest.raises(errors.IncompleteExport):
            collect(yielded, lines.whole_lines([body[:first], body[first:]], block_size))
        assert LINES.startswith(yielded)

    def test_g_a_closed_connection_without_length_is_found_by_the_tail(self, landed, landing: MemoryLanding):
        result = landed(Answer(LINES, close_delimited=True, cut_after=len(LINES) - 10))
        with pytest.raises(errors.IncompleteExport, match="middle of a record"):
            list(export.blocks(landing, result.key))

    @pytest.mark.parametrize("missing", [1, 4, 8, 9, 200])
    def test_h_gzip_without_its_end_is_incomplete_even_if_all_lines_are_there(self, text_of, missing: int):
        packed = gzip.compress(LINES * 20)[:-missing]
        with pytest.raises(errors.IncompleteExport, match="before its checksum"):
            text_of(Answer(packed, headers={"Content-Encoding": "gzip"}))

    def test_h_gzip_without_trailer_and_with_reset_is_a_cut(self, landed):
        packed = gzip.compress(LINES)
        answer = Answer(packed, headers={"Content-Encoding": "gzip"}, cut_after=len(packed) - 8, reset=True)
        with pytest.raises(errors.ConnectionCut):
            landed(answer)

    @pytest.mark.parametrize("position", [-8, -4, 0, 25])
    def test_h_damaged_gzip_is_incomplete(self, text_of, position: int):
        packed = bytearray(gzip.compress(LINES))
        packed[position] ^= 0xFF
        with pytest.raises(errors.IncompleteExport):
            text_of(Answer(bytes(packed), headers={"Content-Encoding": "gzip"}))

    def test_gzip_members_one_after_the_other_are_one_text(self, text_of):
        packed = gzip.compress(LINES[:777]) + gzip.compress(b"") + gzip.compress(LINES[777:])
        assert text_of(Answer(packed, headers={"Content-Encoding": "gzip"})) == LINES

    @pytest.mark.parametrize("rubbish", [b"\0", b"terminated early", b"\x1f\x8b", b"\0" * 512])
    def test_rubbish_after_gzip_is_incomplete(self, text_of, rubbish: bytes):
        with pytest.raises(errors.IncompleteExport):
            text_of(Answer(gzip.compress(LINES) + rubbish, headers={"Content-Encoding": "gzip"}))

    def test_text_that_says_it_is_gzip_is_incomplete(self, text_of):
        with pytest.raises(errors.IncompleteExport, match="damaged"):
            text_of(Answer(LINES, headers={"Content-Encoding": "gzip"}))

    def test_lines_end_at_newlines_only(self, text_of):
        body = b"".join(line(number, text="a\u2028b\u2029c\u0085d\x0b\x0cé🎉") for number in range(5))
        body = body.replace(b"\\u000b", b"\x0b").replace(b"\\f", b"\x0c")
        assert text_of(gzip_answer(body)) == body
        assert body.count(b"\n") == 5

    @pytest.mark.parametrize("chunk_size", [1, 2, 3, 5])
    def test_chunk_edges_inside_characters_do_no_harm(self, text_of, chunk_size: int):
        body = b"".join(line(number, text="é🎉\u2028") for number in range(6))
        assert text_of(Answer(body, chunked=True, chunk_size=chunk_size), 16) == body
        assert text_of(gzip_answer(body, chunked=True, chunk_size=chunk_size), 16) == body


class TestBlocks:
    def test_hold_whole_lines_of_about_the_size_asked_for(self, landing: MemoryLanding):
        body = b"".join(line(number, filler="x" * 900) for number in range(5000))
        landing.objects["k.jsonl.gz"] = gzip.compress(body, 1)
        blocks = list(export.blocks(landing, "k.jsonl.gz"))
        assert b"".join(blocks) == body
        assert all(block.endswith(b"}\n") and block.startswith(b"{") for block in blocks)
        assert max(map(len, blocks)) < 2 * lines.BLOCK
        assert len(blocks) >= 4

    def test_a_line_of_two_megabytes_passes(self, landing: MemoryLanding):
        body = line(1) + line(2, text="y" * (2 << 20)) + line(3)
        landing.objects["k.jsonl.gz"] = gzip.compress(body)
        assert b"".join(export.blocks(landing, "k.jsonl.gz")) == body
        assert json.loads(body.split(b"\n")[1])["properties"]["text"][-1] == "y"

    def test_a_line_without_end_is_given_up_before_memory_is(self, landing: MemoryLanding):
        landing.objects["k.jsonl.gz"] = gzip.compress(b'{"event":"' + b"x" * (80 << 20), 1)
        with pytest.raises(errors.IncompleteExport, match="longer than 64 MB"):
            list(export.blocks(landing, "k.jsonl.gz"))

    def test_memory_does_not_grow_with_the_export(self, landing: MemoryLanding):
        body = b"".join(line(number, filler="x" * 2000) for number in range(15_000))
        landing.objects["k.jsonl.gz"] = gzip.compress(body, 1)
        tracemalloc.start()
        seen = sum(len(block) for block in export.blocks(landing, "k.jsonl.gz"))
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert seen == len(body) > 30_000_000
        assert peak < 10_000_000

    def test_a_landing_zone_that_fails_while_reading_is_named(self, landing: MemoryLanding):
        class Broken:
            def __enter__(self):
                return self

            def __exit__(self, *exception: object):
                return None

            def read(self, size: int) -> bytes:
                raise OSError("disk gone")

        landing.open = lambda key: Broken()  # type: ignore[assignment,method-assign,return-value]
        with pytest.raises(errors.LandingUnavailable):
            list(export.blocks(landing, "k.jsonl"))
