"""Lines of an export → records that hold only the wanted properties.

The decoder is made for one plan, so that what nobody asked for is skipped, not built. A block is decoded at
once; if that fails, line by line; a line that fails is read by ``json``, which takes NaN, half surrogate pairs
and numbers of any size. Bytes that are not UTF-8 become lone surrogates, which a cast refuses, so only the
field that holds them suffers. What ``json`` cannot read either (a cut line, 1000 levels of nesting) is refused.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from operator import attrgetter, methodcaller
from typing import Any

import msgspec
import numpy as np

from dataflows.mapping.problems import Refusal

# msgspec puts these names into the decoder as they are and refuses those that JSON would have to escape.
ESCAPED = frozenset('"\\') | {chr(number) for number in range(32)}
NEWLINE, OPENING, CLOSING = b"\n{}"


@dataclass(frozen=True)
class Flaw:
    """Why a line is no record; ``field`` is the part of it that is wrong."""

    code: Refusal
    field: str
    message: str


NO_OBJECT = Flaw(Refusal.UNPARSABLE, "", "The line is JSON, but not an object.")
NO_PROPERTIES = Flaw(Refusal.REQUIRED, "properties", "The record has no object named properties.")


class Lines:
    """The lines of a block that are not blank, split only when somebody looks."""

    def __init__(self, block: bytes) -> None:
        self._block = block
        self._lines: list[bytes] | None = None

    def __getitem__(self, index: int) -> bytes:
        return self.all()[index]

    def all(self) -> list[bytes]:
        if self._lines is None:
            self._lines = [line for line in self._block.split(b"\n") if line.strip()]
        return self._lines


@dataclass
class Decoded:
    """``records[i]`` is line ``at[i]``; every line is either in ``at`` or in ``flaws``."""

    lines: Lines
    records: list[Any]
    at: Sequence[int]
    flaws: dict[int, Flaw] = field(default_factory=dict)

    @property
    def received(self) -> int:
        return len(self.records) + len(self.flaws)


class RecordDecoder:
    """Decodes records with the properties ``names``, or with all of them."""

    def __init__(self, names: Sequence[str], *, every: bool = False) -> None:
        self._getters: dict[str, Callable[[Any], Any]]
        self._as_map = every or any(ESCAPED & set(name) for name in names)
        if self._as_map:
            self._properties: Any = dict[str, Any]
            self._getters = {name: methodcaller("get", name) for name in names}
        else:
            self._properties = _properties_type(names)
            self._getters = {name: attrgetter(f"p{number}") for number, name in enumerate(names)}
        self._record: Any = msgspec.defstruct(
            "Record", [("properties", self._properties), ("event", Any, None)], gc=False
        )
        self._decoder = msgspec.json.Decoder(self._record)

    def getter(self, name: str) -> Callable[[Any], Any]:
        """Takes the value of a property, None if absent, from a record's ``properties``."""
        return self._getters[name]

    def columns(self, records: Sequence[Any]) -> dict[str, Sequence[Any]]:
        """The values of every wanted property, one per record, None where it is absent."""
        properties = [record.properties for record in records]
        if self._as_map or not records:
            return {name: list(map(getter, properties)) for name, getter in self._getters.items()}
        # All fields of a record at once, then turned on its side: a third of the time of asking for each.
        return dict(zip(self._getters, zip(*map(msgspec.structs.astuple, properties), strict=True), strict=True))

    def block(self, block: bytes) -> Decoded:
        """Whole lines, each ended by a newline; blank ones do not count."""
        lines = Lines(block)
        try:
            records = self._decoder.decode_lines(block)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._line_by_line(lines)
        if _one_record_a_line(block, len(records)):
            return Decoded(lines, records, range(len(records)))
        return self._line_by_line(lines)

    def line(self, line: bytes) -> Any | Flaw:
        """One record, or why it is none."""
        try:
            return self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._patiently(line)

    def _line_by_line(self, lines: Lines) -> Decoded:
        decoded = Decoded(lines, [], at := [])
        for index, line in enumerate(lines.all()):
            record = self.line(line)
            if isinstance(record, Flaw):
                decoded.flaws[index] = record
            else:
                decoded.records.append(record)
                at.append(index)
        return decoded

    def _patiently(self, line: bytes) -> Any | Flaw:
        try:
            found = json.loads(line.decode("utf-8", "surrogateescape"))
        except json.JSONDecodeError as error:
            return Flaw(Refusal.UNPARSABLE, "", f"The line is not valid JSON: {error.msg} at character {error.pos}.")
        except (ValueError, RecursionError) as error:
            why = "it is nested too deep" if isinstance(error, RecursionError) else "a number has too many digits"
            return Flaw(Refusal.UNPARSABLE, "", f"The line cannot be read: {why}.")
        if not isinstance(found, dict):
            return NO_OBJECT
        properties = found.get("properties")
        if not isinstance(properties, dict):
            return NO_PROPERTIES
        return self._record(self._pick(properties), found.get("event"))

    def _pick(self, properties: dict[str, Any]) -> Any:
        if self._as_map:
            return properties
        return self._properties(*(properties.get(name) for name in self._getters))


def _properties_type(names: Sequence[str]) -> Any:
    fields = [(f"p{number}", Any, None) for number in range(len(names))]
    rename = {f"p{number}": name for number, name in enumerate(names)}
    return msgspec.defstruct("Properties", fields, rename=rename, gc=False)


def _one_record_a_line(block: bytes, records: int) -> bool:
    """Whether the decoder, to which a newline is mere space, saw exactly our lines.

    Where a line ends in } and the next begins with {, one record ends and another begins. If that holds for
    every line, no record spans two, and equal counts mean one in each.
    """
    if not records:
        return not block.strip()
    signs = np.frombuffer(block, dtype=np.uint8)
    ends = np.flatnonzero(signs == NEWLINE)
    starts = np.concatenate(([0], ends[:-1] + 1))
    return records == ends.size and bool((signs[ends - 1] == CLOSING).all() and (signs[starts] == OPENING).all())
