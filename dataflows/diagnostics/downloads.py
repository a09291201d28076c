"""Rejected records as a download, all or those of one group: JSON lines for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

from django.http import StreamingHttpResponse

from dataflows import stores
from dataflows.diagnostics.errors import printable, rejected_files
from dataflows.models import Run
from dataflows.runs import rejects

Files = list[tuple[date, str]]
# Code and field.
Group = tuple[str, str]

LONGEST_WORD = 80
COLUMNS = ("day", "line", "code", "field", "message", "raw")
# A spreadsheet takes a cell that begins like this for a formula and runs it (OWASP, CSV injection).
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def kept_files(run: Run, day: date | None = None) -> Files:
    """The run's files of rejected records that are still there, of one day or of all. Raises LandingUnavailable."""
    return still_there((each, key) for each, key in rejected_files(run) if day in (None, each))


def still_there(files: Iterable[tuple[date, str]]) -> Files:
    """Those of ``files`` that retention has not deleted. Raises LandingUnavailable."""
    storage = stores.landing()
    return [(day, key) for day, key in files if key and storage.exists(key)]


def as_jsonl(files: Files, group: Group | None = None) -> Iterator[bytes]:
    """The day in front of what ``dataflows.runs.rejects`` keeps of a record; bytes that are no text stay exact."""
    for record in _records(files, group):
        yield json.dumps(record).encode() + b"\n"


def as_csv(files: Files, group: Group | None = None) -> Iterator[bytes]:
    """With a head line and CRLF (RFC 4180), in UTF-8 with the mark that spreadsheets look for."""
    writer = csv.writer(_Line())
    yield b"\xef\xbb\xbf" + writer.writerow(COLUMNS)
    for record in _records(files, group):
        raw = record["raw"].encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        yield writer.writerow([_cell(value) for value in ({**record, "raw": raw}[name] for name in COLUMNS)])


FORMS = {"jsonl": (as_jsonl, "application/jsonl"), "csv": (as_csv, "text/csv; charset=utf-8")}


def answer(files: Files, form: str, name: str, group: Group | None = None) -> StreamingHttpResponse:
    """The download itself, streamed; ``form`` is a key of FORMS and the ending of the file's ``name``."""
    write, kind = FORMS[form]
    response = StreamingHttpResponse(write(files, group), content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return response


def file_word(text: str) -> str:
    """``text`` as a part of a file's name: letters, digits, dots, hyphens and underscores of it."""
    return re.sub(r"[^A-Za-z0-9._-]+", "_", text).strip("._")[:LONGEST_WORD]


def _records(files: Files, group: Group | None) -> Iterator[dict[str, Any]]:
    storage = stores.landing()
    for day, key in files:
        for record in rejects.read(storage, [key], group):
            yield {"day": day.isoformat(), **record}


def _cell(value: Any) -> str:
    text = printable(str(value)).replace("\0", "\\x00")
    return f"'{text}" if text.startswith(FORMULA) else text


class _Line:
    """What csv.writer needs of a file: ``writerow`` returns what ``write`` returns."""

    def write(self, text: str) -> bytes:
        return text.encode()
