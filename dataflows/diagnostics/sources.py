"""From the field that a rejected record names to the values in the record that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import takewhile

from dataflows.mapping import derived
from dataflows.mapping.language import nodes as nodes_of
from dataflows.mapping.language import parse
from dataflows.mapping.paths import EVERY, Part, PathInvalid, parse_source

Stored = Sequence[Mapping[str, str]]
Path = tuple[Part, ...]
RECORD = ("event", "properties")
TIME, WHO, WHICH = (("properties", name) for name in ("time", "distinct_id", "$insert_id"))
BEHIND: Mapping[str, tuple[Path, ...]] = {
    derived.EVENT_ID: (("event",), WHO, TIME, WHICH),
    derived.TIMESTAMP: (TIME,),
    derived.TIME_FLAG: (TIME,),
}


def paths_of(field: str, mapping: Stored) -> list[Path]:
    """Where to look in the record; empty for a record as a whole and for fixed values."""
    if field.split(".")[0].split("[")[0] in RECORD:
        return list(_parsed(field))
    number = row_of(field, mapping)
    return list(_of_row(mapping[number], field)) if number is not None else []


def row_of(field: str, mapping: Stored) -> int | None:
    """The number of the row that fills a target: its own, that of an object it lies in, or one that fills a part."""
    targets = [row["destination"] for row in mapping]
    above = [target for target in targets if field.startswith((f"{target}.", f"{target}["))]
    below = [target for target in targets if target.startswith((f"{field}.", f"{field}["))]
    best = next(iter([*(target for target in targets if target == field), *sorted(above, key=len)[-1:], *below]), None)
    return None if best is None else targets.index(best)


def is_target(field: str) -> bool:
    """Whether the field is one of the dataset's, which has (or wants) a row in the mapping."""
    return bool(field) and field.split(".")[0].split("[")[0] not in RECORD


def _of_row(row: Mapping[str, str], field: str) -> Iterator[Path]:
    if row["sourceType"] == "ATTRIBUTE":
        for path in _parsed(row["source"]):
            for real in _behind(path):
                yield (*real, *_rest(field, row["destination"]))
    elif row["sourceType"] == "EXPRESSION":
        for path in _in_expression(row["source"]):
            yield from _behind(path)


def _behind(path: Path) -> tuple[Path, ...]:
    """A derived field comes from several values of the record."""
    if path[0] != derived.ROOT:
        # Which element of an array it is nobody says, so the array is marked.
        return (tuple(takewhile(lambda part: part != EVERY, path)),)
    return BEHIND.get(str(path[1]), ()) if len(path) > 1 else ()


def _rest(field: str, destination: str) -> Path:
    """What a field inside a copied object is called below the object."""
    below = field.removeprefix(destination) if field.startswith(destination) else ""
    names = below.lstrip(".")
    return tuple(names.split(".")) if names else ()


def _parsed(text: str) -> Iterator[Path]:
    try:
        yield parse_source(text)
    except PathInvalid:
        return


def _in_expression(text: str) -> Iterator[Path]:
    """The paths that a calculated field reads, in the order they stand in it."""
    try:
        nodes = parse(text).walk()
        yield from dict.fromkeys(node.parts for node in nodes if isinstance(node, nodes_of.Path))
    except PathInvalid:
        return
