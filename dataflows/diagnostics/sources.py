"""From the field that a rejected record names to the values in the record that it came from."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from dataflows.mapping import derived
from dataflows.mapping.paths import Part, PathInvalid, parse_source

Stored = Sequence[Mapping[str, str]]
Path = tuple[Part, ...]
RECORD = ("event", "properties")
TIME, WHO, WHICH = (("properties", name) for name in ("time", "distinct_id", "$insert_id"))
BEHIND: Mapping[str, tuple[Path, ...]] = {
    derived.EVENT_ID: (("event",), WHO, TIME, WHICH),
    derived.TIMESTAMP: (TIME,),
    derived.TIME_FLAG: (TIME,),
}
# A path inside an expression: names, wrapped names and element numbers, behind one of the roots.
IN_EXPRESSION = re.compile(
    r"(?<![\w.$])(?:event|(?:properties|tributary)(?:\.(?:\$\{(?:[^}\\]|\\.)+\}|[A-Za-z_$][\w$]*)(?:\[\d+\])*)*)(?![\w(])"
    r"|\$\{properties\.(?:[^}\\]|\\.)+\}"
)
TEXT = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def paths_of(field: str, mapping: Stored) -> list[Path]:
    """Where to look in the record; empty for a record as a whole and for fixed values."""
    if field.split(".")[0].split("[")[0] in RECORD:
        return list(_parsed(field))
    rows = [row for row in mapping if row["destination"] == field] or _above(field, mapping)
    return [path for row in rows for path in _of_row(row, field)]


def is_target(field: str) -> bool:
    """Whether the field is one of the dataset's, which has (or wants) a row in the mapping."""
    return bool(field) and field.split(".")[0].split("[")[0] not in RECORD


def _above(field: str, mapping: Stored) -> list[Mapping[str, str]]:
    """The rows that fill an object in which the field lies."""
    return [row for row in mapping if field.startswith((f"{row['destination']}.", f"{row['destination']}["))]


def _of_row(row: Mapping[str, str], field: str) -> Iterator[Path]:
    if row["sourceType"] == "ATTRIBUTE":
        for path in _parsed(row["source"]):
            for real in _behind(path):
                yield (*real, *_rest(field, row["destination"]))
    elif row["sourceType"] == "EXPRESSION":
        for found in IN_EXPRESSION.finditer(TEXT.sub("''", row["source"])):
            for path in _parsed(found[0]):
                yield from _behind(path)


def _behind(path: Path) -> tuple[Path, ...]:
    """A derived field comes from several values of the record."""
    if path[0] != derived.ROOT:
        return (path,)
    return BEHIND.get(str(path[1]), ()) if len(path) > 1 else ()


def _rest(field: str, destination: str) -> Path:
    """What a field inside a copied object is called below the object."""
    names = field.removeprefix(destination).lstrip(".")
    return tuple(names.split(".")) if names else ()


def _parsed(text: str) -> Iterator[Path]:
    try:
        yield parse_source(text)
    except PathInvalid:
        return
