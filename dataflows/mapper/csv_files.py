"""A mapping as a CSV file, to be edited in a spreadsheet: written and read back without a difference.

The columns are ``sourceType,source,destination,name,description``. A spreadsheet takes a cell that begins with one of
FORMULA for a formula. An apostrophe is written before such a text, also where apostrophes stand there already, and is
taken away again when the file is read.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from dataflows.mapper.rows import ATTRIBUTE, MOST_ROWS, TYPES, EditedRow

COLUMNS = ("sourceType", "source", "destination", "name", "description")
NEEDED = COLUMNS[:3]
LARGEST_FILE = 5_000_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
MARK = "\ufeff"
# A source has at most 4,096 characters; whoever goes far beyond has sent something else.
LONGEST_CELL = 100_000


class CsvInvalid(Exception):
    """The file as a whole cannot be read; the message says why, ``remedy`` what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


def written(rows: Sequence[EditedRow]) -> bytes:
    """UTF-8 with the mark that spreadsheets look for, lines ending in CRLF (RFC 4180)."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow(map(hidden, (row.source_type, row.source, row.destination, row.name, row.description)))
    return (MARK + text.getvalue()).encode()


def hidden(text: str) -> str:
    return f"'{text}" if text.lstrip("'").startswith(FORMULA) else text


def shown(text: str) -> str:
    """What ``hidden`` was given."""
    is_hidden = text.startswith("'") and text.lstrip("'").startswith(FORMULA)
    return text[1:] if is_hidden else text


def read(content: bytes) -> list[EditedRow]:
    """The rows of a file, wrong ones too: they are marked where they can be corrected. Raises CsvInvalid."""
    lines = _cells(_decoded(content))
    header = next(lines, [])
    places = {name.strip(): place for place, name in enumerate(header) if name.strip() in COLUMNS}
    missing = [name for name in NEEDED if name not in places]
    if missing:
        message = _("The first line does not name the columns %(missing)s; it reads “%(line)s”.")
        raise CsvInvalid(
            message % {"missing": ", ".join(missing), "line": ",".join(header)[:200]},
            _("Begin the file with %(header)s, as the template does.") % {"header": ",".join(COLUMNS)},
        )
    rows = [_row(cells, places) for cells in lines if any(cell.strip() for cell in cells)]
    if not rows:
        raise CsvInvalid(_("The file has no rows."), _("Write one row for each target below the first line."))
    return rows


def _decoded(content: bytes) -> str:
    if len(content) > LARGEST_FILE:
        raise CsvInvalid(
            _("The file is larger than 5 MB."), _("A mapping has at most %(most)s rows.") % {"most": f"{MOST_ROWS:,}"}
        )
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = _("Line %(line)s holds bytes that are no UTF-8.") % {"line": line}
        raise CsvInvalid(message, _("Save the file as “CSV UTF-8”.")) from error
    if "\x00" in text:
        raise CsvInvalid(_("The file is no text."), _("Save the sheet as “CSV UTF-8”."))
    return text


def _cells(text: str) -> Iterator[list[str]]:
    """Lines as lists of cells. Raises CsvInvalid where quotes do not fit, and beyond the rows a mapping may have."""
    first = text.partition("\n")[0]
    # Spreadsheets write what their country separates lists with.
    separator = max((",", ";", "\t"), key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for number, cells in enumerate(reader):
            if number > MOST_ROWS:
                lines = text.count("\n")
                message = _("The file has about %(lines)s lines; a mapping has at most %(most)s rows.")
                raise CsvInvalid(
                    message % {"lines": f"{lines:,}", "most": f"{MOST_ROWS:,}"}, _("Leave out what is not needed.")
                )
            if any(len(cell) > LONGEST_CELL for cell in cells):
                message = _("A cell of line %(line)s is longer than any source can be.") % {"line": reader.line_num}
                raise CsvInvalid(message, _("Perhaps a quote is not closed there."))
            yield cells
    except csv.Error as error:
        message = _("Line %(line)s cannot be read: %(reason)s.") % {"line": reader.line_num, "reason": error}
        raise CsvInvalid(message, _("Close every quote; a quote inside a quoted cell is doubled.")) from error


def _row(cells: Sequence[str], places: dict[str, int]) -> EditedRow:
    kind, source, destination, name, description = (_cell(cells, places.get(column)) for column in COLUMNS)
    kind = kind.strip().upper()
    # A row of a type that nobody knows stays visible as that of a field; its source tells what was meant.
    return EditedRow(kind if kind in TYPES else ATTRIBUTE, source, destination.strip(), name, description)


def _cell(cells: Sequence[str], place: int | None) -> str:
    return shown(cells[place]) if place is not None and place < len(cells) else ""
