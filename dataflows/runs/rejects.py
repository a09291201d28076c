"""Rejected records: kept beside the dataset with their raw text, reason and place; nothing vanishes.

One gzip file of JSON lines per day and window, each line
``{"line": int, "code": str, "field": str, "message": str, "raw": str}``. Bytes of the raw text that are not
UTF-8 are written as lone surrogates (``surrogateescape``), so the original bytes can be restored exactly.
"""

from __future__ import annotations

import gzip
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import IO, Any, cast

from isal import igzip

from connectors.base import LandingWriter
from connectors.storage import Landing
from dataflows.mapping import Rejected

SAMPLE_CHARACTERS = 2_000
REASONS_KEPT = 100
# Without messages and samples a reason takes a line, so the numbers of a day are exact in all but absurd cases.
DAY_REASONS_KEPT = 1_000
# What stands before the code of a line: the line's number.
LONGEST_NUMBER = 40

Key = tuple[str, str, str]


@dataclass
class Reasons:
    """Counts by (kind, code, field) with a message and the first sample of each; ``by_day`` has the same counts by day.

    The kinds: ``rejected`` records, ``warning`` for values left out, ``notice`` for what is worth knowing.
    """

    counts: Counter[Key] = field(default_factory=Counter)
    messages: dict[Key, str] = field(default_factory=dict)
    samples: dict[Key, str] = field(default_factory=dict)
    by_day: defaultdict[date, Counter[Key]] = field(default_factory=lambda: defaultdict(Counter))

    def reject(self, record: Rejected, day: date, *, shown: bool = True) -> None:
        """Count it on ``day``, and show the first of its kind when it may be ``shown``."""
        self.note("rejected", record.code, record.field, record.message, 1, day)
        if shown and self.wants_sample("rejected", record.code, record.field):
            self.show("rejected", record.code, record.field, record.raw)

    def note(self, kind: str, code: str, name: str, message: str, count: int, day: date) -> None:
        self.counts[kind, code, name] += count
        self.by_day[day][kind, code, name] += count
        self.messages.setdefault((kind, code, name), message)

    def wants_sample(self, kind: str, code: str, name: str) -> bool:
        """Whether it was counted, and has none yet."""
        return (kind, code, name) in self.counts and (kind, code, name) not in self.samples

    def show(self, kind: str, code: str, name: str, raw: bytes) -> None:
        """Add a sample, on a line of its own."""
        before = self.samples.get((kind, code, name), "")
        self.samples[kind, code, name] = f"{before}\n{_shown(raw)}".lstrip("\n")[:SAMPLE_CHARACTERS]

    def as_list(self) -> list[dict[str, Any]]:
        """Most frequent first, as stored on a window."""
        return [
            {"kind": key[0], "code": key[1], "field": key[2], "count": count}
            | {"message": self.messages[key], "sample": self.samples.get(key, "")}
            for key, count in self.counts.most_common(REASONS_KEPT)
        ]

    def of_day(self, day: date) -> list[dict[str, Any]]:
        """Most frequent first, as stored with the account of the day."""
        found = self.by_day[day].most_common(DAY_REASONS_KEPT)
        return [{"kind": kind, "code": code, "field": name, "count": count} for (kind, code, name), count in found]


class RejectedFiles:
    """Writes the rejected records of one window, a file per day; ``commit`` makes them visible.

    ``counts`` are per day. Without ``keeps`` records are counted only: the dataflow's error diagnostics are off.
    """

    def __init__(self, storage: Landing, prefix: str, *, keeps: bool = True) -> None:
        self._storage, self._prefix, self.keeps = storage, prefix, keeps
        self._open: dict[date, tuple[LandingWriter, gzip.GzipFile]] = {}
        self.counts: Counter[date] = Counter()

    def add(self, day: date, record: Rejected) -> None:
        self.counts[day] += 1
        if not self.keeps:
            return
        if day not in self._open:
            writer = self._storage.create(self._key(day))
            self._open[day] = (writer, gzip.GzipFile(fileobj=_Sink(writer), mode="wb", compresslevel=4, mtime=0))
        self._open[day][1].write(_line(record))

    def commit(self) -> dict[date, str]:
        """The key of each day's file."""
        for writer, packed in self._open.values():
            packed.close()
            writer.commit()
        keys = {day: self._key(day) for day in self._open}
        self._open = {}
        return keys

    def abort(self) -> None:
        for writer, _ in self._open.values():
            writer.abort()
        self._open = {}

    def _key(self, day: date) -> str:
        return f"{self._prefix}/{day}.jsonl.gz"


class _Sink:
    """What GzipFile needs of a file, over a landing writer."""

    def __init__(self, writer: LandingWriter) -> None:
        self._writer = writer

    def write(self, chunk: bytes) -> int:
        self._writer.write(bytes(chunk))
        return len(chunk)

    def flush(self) -> None:
        """The writer flushes when it commits."""


def read(storage: Landing, keys: Iterable[str], group: tuple[str, str] | None = None) -> Iterator[dict[str, Any]]:
    """The rejected records in the given files, or those of one code and field. Raises LandingUnavailable."""
    for key in keys:
        for line in lines(storage, key):
            if group is None or is_of(line, group):
                yield decoded(line)


def lines(storage: Landing, key: str) -> Iterator[bytes]:
    """The lines of a file, to be asked with ``is_of`` before they are decoded. Raises LandingUnavailable."""
    with storage.open(key) as packed, igzip.open(cast(IO[bytes], packed)) as unpacked:  # type: ignore[no-untyped-call]
        yield from unpacked


def decoded(line: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(line)
    return found


def is_of(line: bytes, group: tuple[str, str]) -> bool:
    """Whether a line of a file is of this code and field, told from its beginning without decoding it."""
    mark = b', "code": %b, "field": %b, "message": ' % tuple(json.dumps(part).encode() for part in group)
    return line[: len(mark) + LONGEST_NUMBER].find(mark) >= 0


def _line(record: Rejected) -> bytes:
    shown = {
        "line": record.line,
        "code": record.code,
        "field": record.field,
        "message": record.message,
        "raw": _text(record.raw),
    }
    return json.dumps(shown).encode() + b"\n"


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _shown(raw: bytes) -> str:
    """For people and for the ledger: PostgreSQL's jsonb takes neither lone surrogates nor NUL."""
    return raw.decode("utf-8", "backslashreplace").replace("\x00", "\\x00")
