"""Lines of an export → records that hold only the wanted properties.

The decoder is made for one plan, so that what nobody asked for is skipped, not built. A block is decoded at
once; if that fails, line by line; a line that fails is read by ``json``, which takes NaN, half surrogate pairs,
raw control characters and numbers of any size. Bytes that are not UTF-8 become lone surrogates and endless digits
become infinite, which a cast refuses, so only the field that holds them suffers. What ``json`` cannot read either
(a cut line, 1000 levels of nesting) is refused.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from operator import attrgetter, methodcaller
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from dataflows.mapping.lines import Lines
from dataflows.mapping.problems import Refusal

# msgspec puts these names into the decoder as they are and refuses those that JSON would have to escape.
ESCAPED = frozenset('"\\') | {chr(number) for number in range(32)}


@dataclass(frozen=True)
class Flaw:
    """Why a line is no record; ``field`` is the part of it that is wrong."""

    code: Refusal
    field: str
    message: str


NO_OBJECT = Flaw(Refusal.UNPARSABLE, "", "The line is JSON, but not an object.")
NO_PROPERTIES = Flaw(Refusal.REQUIRED, "properties", "The record has no object named properties.")


@dataclass
class Decoded:
    """``records[i]`` is line ``at[i]``; every line is either in ``at`` or in ``flaws``."""

    lines: Lines
    records: list[Any]
    at: npt.NDArray[np.int64]
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

    def block(self, lines: Lines) -> Decoded:
        """All lines at once if that can be, otherwise one by one."""
        if lines.objects is not None:
            with suppress(msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                records = self._decoder.decode_lines(lines.block)
                if len(records) == lines.objects:
                    return Decoded(lines, records, np.arange(len(records)))
        return self._line_by_line(lines)

    def line(self, line: bytes) -> Any | Flaw:
        """One record, or why it is none."""
        try:
            return self._decoder.decode(line)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return self._patiently(line)

    def _line_by_line(self, lines: Lines) -> Decoded:
        records: list[Any] = []
        at: list[int] = []
        flaws: dict[int, Flaw] = {}
        for index, line in enumerate(lines.all):
            record = self.line(line)
            if isinstance(record, Flaw):
                flaws[index] = record
            else:
                records.append(record)
                at.append(index)
        return Decoded(lines, records, np.array(at, dtype=np.int64), flaws)

    def _patiently(self, line: bytes) -> Any | Flaw:
        try:
            found = json.loads(line.decode("utf-8", "surrogateescape"), strict=False, parse_int=_integer)
        except json.JSONDecodeError as error:
            return Flaw(Refusal.UNPARSABLE, "", f"The line is not valid JSON: {error.msg} at character {error.pos}.")
        except RecursionError:
            return Flaw(Refusal.UNPARSABLE, "", "The line cannot be read: it is nested too deep.")
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


def _integer(digits: str) -> int | float:
    """Python reads up to 4300 digits, because more take too long."""
    try:
        return int(digits)
    except ValueError:
        return math.inf


def _properties_type(names: Sequence[str]) -> Any:
    fields = [(f"p{number}", Any, None) for number in range(len(names))]
    rename = {f"p{number}": name for number, name in enumerate(names)}
    return msgspec.defstruct("Properties", fields, rename=rename, gc=False)
