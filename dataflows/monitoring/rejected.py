"""The rejected records of a run as one download: JSON lines for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date
from typing import Any

from dataflows import stores
from dataflows.models import Run
from dataflows.monitoring.diagnostics import printable, rejected_files
from dataflows.runs import rejects

Files = list[tuple[date, str]]

COLUMNS = ("day", "line", "code", "field", "message", "raw")
# A spreadsheet takes a cell that begins like this for a formula and runs it (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def kept_files(run: Run, day: date | None = None) -> Files:
    """The run's files of rejected records that are still there, of one day or of all. Raises LandingUnavailable."""
    storage = stores.landing()
    wanted = [(each, key) for each, key in rejected_files(run) if day in (None, each)]
    return [(each, key) for each, key in wanted if storage.exists(key)]


def as_jsonl(files: Files) -> Iterator[bytes]:
    """The day in front of what ``dataflows.runs.rejects`` keeps of a record; bytes that are no text stay exact."""
    for record in _records(files):
        yield json.dumps(record).encode() + b"\n"


def as_csv(files: Files) -> Iterator[bytes]:
    """With a head line and CRLF (RFC 4180), in UTF-8 with the mark that spreadsheets look for."""
    writer = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow(COLUMNS)
    for record in _records(files):
        raw = record["raw"].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        yield writer.writerow([_cell(value) for value in ({**record, "raw": raw}[name] for name in COLUMNS)])


def _records(files: Files) -> Iterator[dict[str, Any]]:
    storage = stores.landing()
    for day, key in files:
        for record in rejects.read(storage, [key]):
            yield {"day": day.isoformat(), **record}


def _cell(value: Any) -> str:
    text = printable(str(value)).replace("\0", "\\x00")
    return f"'{text}" if text.startswith(FORMULA) else text


class _Line:
    """What csv.writer needs of a file: ``writerow`` returns what ``write`` returns."""

    def write(self, text: str) -> bytes:
        return text.encode()
