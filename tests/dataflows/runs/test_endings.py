"""Every way the body of a 200 can end, through the whole engine: real HTTP, real landing zone, real Iceberg table.

The letters are those of the fact sheet: a complete · b marker on its own line · c marker glued to a cut record ·
d only the marker · e the older wording · f an error fragment · g a cut line without marker · h an error of gzip or
of the connection · i zero bytes. How a tail is judged is tested in ``tests/connectors/mixpanel/test_outcomes.py``;
here: what becomes of the window, what a person reads, and that nothing is lost, doubled or half published.
"""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone

from connectors.models import ExportRequest
from dataflows import stores
from dataflows.messages import message_for
from dataflows.models import DayStatus, RunStatus, WindowStatus
from dataflows.runs import rejects
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, event, events

GOOD = events(FIRST, 30)
PACKED = gzip.compress(events(FIRST, 300))
GZIP = {"Content-Encoding": "gzip"}
PROXY = (
    b"<!DOCTYPE html>\n<html><head><title>Access denied by egress policy</title></head>\n<body>Blocked</body></html>\n"
)


@dataclass(frozen=True)
class Ending:
    """An answer and what a person must read about it; ``evidence`` is a pattern in the window's detail."""

    title: str
    answer: Answer
    code: str
    evidence: str


def after_good(title: str, tail: bytes, evidence: str) -> Ending:
    return Ending(title, gzip_answer(GOOD + tail), "incomplete_export", evidence)


def broken(title: str, code: str, evidence: str, **answer: object) -> Ending:
    return Ending(title, Answer(PACKED, headers=GZIP, **answer), code, evidence)  # type: ignore[arg-type]


def unpacked(title: str, body: bytes, evidence: str, **headers: str) -> Ending:
    return Ending(title, Answer(body, headers=headers), "incomplete_export", evidence)


BAD = [
    after_good("b, the marker on its own line", b"terminated early\n", "wrote “terminated early”"),
    after_good("b, the marker and blank lines", b"terminated early\n\n \r\n", "wrote “terminated early”"),
    after_good("c, the marker glued on", event(FIRST, 99)[:90] + b"terminated early", "wrote “terminated early”"),
    unpacked("d, only the marker", b"terminated early", "wrote “terminated early”"),
    after_good("e, the older wording", b"export terminated early\n", "wrote “terminated early”"),
    after_good(
        "f, an error fragment", b'{"event":"A","properties":{"x":{"error":"shard 7 is gone"}', "error.*shard 7 is gone"
    ),
    unpacked("f, only an error", b'{"error": "internal error"}', "error at its end.*internal error"),
    after_good("g, a cut line", event(FIRST, 99)[:-20], r"in the middle of a record \(last line: \d+ bytes\)"),
    after_good("g, a fragment that is JSON", b"99", "the last line of the export is not an event"),
    Ending(
        "g, a connection that ends without a length",
        Answer(GOOD, close_delimited=True, cut_after=len(GOOD) - 30),
        "incomplete_export",
        "in the middle of a record",
    ),
    broken("h, chunks that stop", "connection_cut", r"cut after about [\d,]+ bytes", chunked=True, cut_after=900),
    broken("h, less than announced", "connection_cut", r"cut after about [\d,]+ bytes", cut_after=900),
    broken("h, a reset", "connection_cut", r"cut after about [\d,]+ bytes", cut_after=900, reset=True),
    unpacked("h, gzip without its trailer", PACKED[:-8], "before its checksum", **GZIP),
    unpacked("h, gzip with half a trailer", PACKED[:-4], "before its checksum", **GZIP),
    unpacked("h, gzip that is damaged", PACKED[:200] + b"\0\0\0\0" + PACKED[204:], "damaged", **GZIP),
    unpacked("h, gzip with something behind it", PACKED + b"terminated early", "damaged|before its checksum", **GZIP),
    unpacked("a page of a proxy", PROXY, "a web page.*Access denied by egress policy"),
    unpacked("a page of a proxy that lies about its encoding", PROXY, "damaged", **GZIP),
    Ending("a foreign encoding", Answer(GOOD, headers={"Content-Encoding": "br"}), "service_down", "encoding “br”"),
]
a_bad_ending = pytest.mark.parametrize("bad", BAD, ids=[each.title for each in BAD])


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What is tested here does not depend on the kind of store, so a folder is enough."""
    return str(tmp_path)


def counts(item) -> tuple[int, int, int, int]:
    return item.received, item.loaded, item.duplicate, item.rejected


def landed_keys() -> list[str]:
    return [file.key for file in stores.landing().list()]


class TestABadEnding:
    @a_bad_ending
    def test_waits_for_its_retry_and_says_why(self, bench: Bench, bad: Ending):
        bench.export(bad.answer)
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (run.status, window.status, window.attempts) == (RunStatus.RUNNING, WindowStatus.WAITING, 1)
        assert window.not_before > timezone.now()
        assert window.error_code == bad.code
        assert re.search(bad.evidence, window.error_detail)
        assert message_for(bad.code).todo.startswith("Nothing")

    @a_bad_ending
    def test_leaves_nothing_behind(self, bench: Bench, bad: Ending):
        bench.export(bad.answer)
        run = bench.advance(bench.start())
        assert bench.rows() == []
        assert landed_keys() == []
        assert bench.data_files() == 0
        assert not bench.flow.days.exists()
        assert counts(run) == (0, 0, 0, 0)
        assert ExportRequest.objects.filter(ended_at=None).count() == 0

    @a_bad_ending
    def test_costs_nothing_but_a_second_request(self, bench: Bench, bad: Ending):
        bench.export(GOOD, bad.answer, events(FIRST, 31))
        bench.run()
        run = bench.advance(bench.start())
        assert len(bench.rows()) == 30
        assert counts(bench.flow.days.get()) == (30, 30, 0, 0)
        bench.hurry(run)
        assert bench.advance(run).status == RunStatus.SUCCEEDED
        assert counts(run) == counts(bench.flow.days.get()) == (31, 31, 0, 0)
        assert len(bench.rows()) == 31
        assert len(bench.mixpanel.requests) == 3

    @pytest.mark.parametrize("bad", [BAD[0], BAD[7], BAD[10], BAD[17]], ids=lambda bad: bad.title)
    def test_for_ever_ends_the_run_and_keeps_the_old_data(self, bench: Bench, bad: Ending, settings):
        bench.export(GOOD, bad.answer)
        bench.run()
        run = bench.run()
        assert (run.status, run.error_code) == (RunStatus.FAILED, bad.code)
        assert re.search(bad.evidence, run.error_detail)
        assert run.windows.get().attempts == settings.WINDOW_ATTEMPTS
        day = bench.flow.days.get()
        assert (day.status, day.error_code, counts(day)) == (DayStatus.FAILED, bad.code, (30, 30, 0, 0))
        assert len(bench.rows()) == 30

    def test_of_one_day_does_not_hold_up_another(self, bench: Bench):
        bench.export(gzip_answer(events(SECOND, 5) + b"terminated early"), GOOD, events(SECOND, 6))
        run = bench.advance(bench.start(FIRST, SECOND))
        assert {row["_day"] for row in bench.rows()} == {FIRST}
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert counts(run) == (36, 36, 0, 0)


GOOD_ENDINGS = {
    "a, a record and a newline": gzip_answer(GOOD),
    "a, a record without newline": gzip_answer(GOOD[:-1]),
    "a, a carriage return and a newline": gzip_answer(GOOD.replace(b"\n", b"\r\n")),
    "a, blank lines": gzip_answer(GOOD + b"\n \r\n\x0b\n\x0c"),
    "a, uncompressed": Answer(GOOD),
    "a, in chunks of seven bytes": gzip_answer(GOOD, chunked=True, chunk_size=7),
    "a, without a length": gzip_answer(GOOD, close_delimited=True),
    "a, in several gzip members": Answer(gzip.compress(GOOD[:500]) + gzip.compress(GOOD[500:]), headers=GZIP),
    "a, the marker in the last value": gzip_answer(events(FIRST, 29) + event(FIRST, 29, note="terminated early")),
    "a, a last record nested 3,000 deep, unwanted": gzip_answer(
        events(FIRST, 30) + event(FIRST, 30).replace(b'"city"', b'"deep": ' + b"[" * 3000 + b"]" * 3000 + b', "city"')
    ),
    "a, a byte order mark in front": gzip_answer(b"\xef\xbb\xbf" + GOOD),
}


class TestAGoodEnding:
    @pytest.mark.parametrize("answer", GOOD_ENDINGS.values(), ids=GOOD_ENDINGS)
    def test_is_published_at_once(self, bench: Bench, answer: Answer):
        bench.flow.error_threshold = 50
        bench.flow.save()
        bench.export(answer)
        run = bench.advance(bench.start())
        assert run.status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == run.loaded == 30
        assert len(bench.mixpanel.requests) == 1


NOTHING = {
    "i, zero bytes": Answer(b""),
    "i, zero bytes in chunks": Answer(b"", chunked=True),
    "i, zero bytes without a length": Answer(b"", close_delimited=True),
    "i, zero bytes in gzip": gzip_answer(b""),
    "i, a newline": Answer(b"\n"),
    "i, blanks in gzip": gzip_answer(b"\r\n \n"),
}


class TestNothingAtAll:
    """i: a day without events and some failures look alike, so nothing is believed the second time only."""

    @pytest.mark.parametrize("answer", NOTHING.values(), ids=NOTHING)
    def test_is_asked_for_twice(self, bench: Bench, answer: Answer):
        bench.export(answer)
        run = bench.advance(bench.start())
        assert (run.status, counts(run)) == (RunStatus.SUCCEEDED, (0, 0, 0, 0))
        assert len(bench.mixpanel.requests) == 2
        assert bench.flow.days.get().status == DayStatus.LOADED

    @pytest.mark.parametrize("answer", NOTHING.values(), ids=NOTHING)
    def test_then_events_loads_the_events(self, bench: Bench, answer: Answer):
        bench.export(answer, GOOD)
        run = bench.advance(bench.start())
        assert (run.status, counts(run)) == (RunStatus.SUCCEEDED, (30, 30, 0, 0))

    @pytest.mark.parametrize("answer", NOTHING.values(), ids=NOTHING)
    def test_for_a_loaded_day_is_held(self, bench: Bench, answer: Answer):
        bench.export(GOOD, answer)
        bench.run()
        assert bench.run().error_code == "day_shrunk"
        assert len(bench.rows()) == 30


BROKEN_LINES = {
    "b, the marker": b"terminated early\n",
    "c, the marker glued on": event(FIRST, 99)[:90] + b"terminated early\n",
    "f, a whole error": b'{"error": "internal"}\n',
    "f, an error fragment": b'{"event":"A","properties":{"x":{"error":"internal"}\n',
    "g, a cut line": event(FIRST, 99)[:-20] + b"\n",
    "g, a fragment that is JSON": b"99\n",
    "a page of a proxy": b"<html><title>Bad Gateway</title></html>\n",
    "bytes that are no text": b"\xff\xfe\x00\x01\n",
    "two records in one line": event(FIRST, 98)[:-1] + event(FIRST, 99),
}


class TestABrokenLineInTheMiddle:
    """Of a complete body: that is a record nobody can read, not an answer that ended too soon."""

    @pytest.mark.parametrize("line", BROKEN_LINES.values(), ids=BROKEN_LINES)
    def test_is_rejected_and_kept_byte_for_byte(self, bench: Bench, line: bytes):
        bench.export(GOOD + line + event(FIRST, 30))
        run = bench.advance(bench.start())
        assert (run.status, counts(run)) == (RunStatus.SUCCEEDED, (32, 31, 0, 1))
        (record,) = rejects.read(stores.landing(), [bench.flow.days.get().rejected_key])
        assert record["raw"].encode("utf-8", "surrogateescape") + b"\n" == line
        assert record["line"] == 31
        assert record["code"] in {"INGEST-1401-400", "INGEST-1555-400"}
        assert message_for(record["code"]).what
        assert len(bench.mixpanel.requests) == 1


class TestASlowAnswer:
    def test_that_drips_is_waited_for(self, bench: Bench, settings):
        settings.IDLE_TIMEOUT_SECONDS = 0.4
        bench.export(gzip_answer(GOOD, chunked=True, chunk_size=60, drip=0.08))
        run = bench.advance(bench.start())
        assert (run.status, counts(run)) == (RunStatus.SUCCEEDED, (30, 30, 0, 0))

    def test_that_drips_with_a_length_is_waited_for(self, bench: Bench, settings):
        settings.IDLE_TIMEOUT_SECONDS = 0.4
        bench.export(gzip_answer(GOOD, chunk_size=60, drip=0.08))
        assert bench.advance(bench.start()).status == RunStatus.SUCCEEDED

    def test_that_falls_silent_half_way_is_cut_and_asked_for_again(self, bench: Bench, settings):
        settings.IDLE_TIMEOUT_SECONDS = 0.3
        bench.export(gzip_answer(events(FIRST, 300), cut_after=500, stall=3), GOOD)
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (window.status, window.error_code) == (WindowStatus.WAITING, "connection_cut")
        assert re.search(r"sent nothing for 0\.3 s after about [\d,]+ bytes", window.error_detail)
        assert counts(bench.finish(run)) == (30, 30, 0, 0)

    def test_that_never_begins_is_given_up_and_asked_for_again(self, bench: Bench, settings):
        settings.IDLE_TIMEOUT_SECONDS = 0.3
        bench.export(gzip_answer(GOOD, stall=3), GOOD)
        run = bench.advance(bench.start())
        window = run.windows.get()
        assert (window.status, window.error_code) == (WindowStatus.WAITING, "unreachable")
        assert "took the request and sent nothing for 0.3 s" in window.error_detail
        assert counts(bench.finish(run)) == (30, 30, 0, 0)


class TestABlockSentTwice:
    def test_is_loaded_once_and_accounted_for_as_duplicates(self, bench: Bench):
        bench.export(GOOD + GOOD[: len(event(FIRST, 0)) * 10] + event(FIRST, 30))
        run = bench.advance(bench.start())
        assert (run.status, run.received, run.loaded) == (RunStatus.SUCCEEDED, 41, 31)
        assert run.duplicate == 10

    def test_at_the_end_of_a_cut_answer_publishes_nothing(self, bench: Bench):
        bench.export(gzip_answer(GOOD + GOOD[:-40]), GOOD)
        run = bench.advance(bench.start())
        assert bench.rows() == []
        assert counts(bench.finish(run)) == (30, 30, 0, 0)
