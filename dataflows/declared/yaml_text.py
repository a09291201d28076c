"""YAML ↔ plain values, with the line of each: only what JSON knows, so that nothing is guessed and nothing is run.

No tags, no anchors that are used again, one document. ``yes`` and ``2026-03-01`` are texts; numbers are decimal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml
from yaml import events

from dataflows.declared.problems import DeclarationsInvalid, Place, Problem, Problems

LARGEST = 5_000_000
DEEPEST = 120
WORDS = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
BOOLEANS = {"true": True, "True": True, "false": False, "False": False}
INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
FLOAT = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})\.[0-9]{1,18}")
TEXT_TAG = "tag:yaml.org,2002:str"
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
SAFE_DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class Dumper(SAFE_DUMPER):  # type: ignore[misc]
    """What stands twice is written twice: aliases are not read."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def read(text: str) -> tuple[Any, Problems]:
    """The value, and where its parts stand, with the keys that stand twice noted already.

    Raises DeclarationsInvalid for what cannot be read further; what YAML says of a line is not quoted.
    """
    if len(text) > LARGEST:
        raise _refused(0, f"The file has more than {LARGEST:,} characters.", "Write several files.")
    reader = _Reader(text)
    try:
        value = reader.document()
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        # The whole message would show the line, which may hold a secret.
        words = re.sub(r"'[^']*'", "…", str(getattr(error, "problem", "") or "a character that YAML does not allow"))
        raise _refused(mark.line + 1 if mark else 0, f"This is not YAML: {words}.", "Mend the line.") from None
    return value, reader.problems


def write(value: Mapping[str, Any]) -> str:
    dumped: str = yaml.dump(dict(value), Dumper=Dumper, sort_keys=False, allow_unicode=True, width=110)
    return dumped


def _refused(line: int, message: str, remedy: str, place: Place = ()) -> DeclarationsInvalid:
    return DeclarationsInvalid([Problem(line, place, message, remedy)])


class _Reader:
    """One pass over the events of the parser."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self.problems = Problems(self.lines)
        self._events: Iterator[Any] = yaml.parse(text, Loader=LOADER)

    def document(self) -> Any:
        """Raises YAMLError, DeclarationsInvalid."""
        value, seen = None, 0
        for event in self._events:
            if not isinstance(event, events.DocumentStartEvent):
                continue
            seen += 1
            if seen > 1:
                raise _refused(_line(event), "A file is one YAML document.", "Remove the line ---.")
            value = self._value(next(self._events), ())
        return value

    def _check_text(self, event: Any, place: Place) -> None:
        """No database keeps NUL or half of a character, which an escape can write."""
        if any(sign == "\x00" or "\ud800" <= sign <= "\udfff" for sign in event.value):
            raise _refused(_line(event), "The text has a character that cannot be stored.", "Take it out.", place)

    def _value(self, event: Any, place: Place) -> Any:
        self.lines.setdefault(place, _line(event))
        if len(place) > DEEPEST:
            raise _refused(_line(event), f"Values are nested at most {DEEPEST} deep.", "Make it flatter.")
        if isinstance(event, events.AliasEvent):
            raise _refused(_line(event), "Aliases (*name) are not read.", "Write the value out.", place)
        if event.tag not in (None, "!", TEXT_TAG):
            raise _refused(_line(event), "Tags (!name) are not read.", "Write plain values.", place)
        if isinstance(event, events.MappingStartEvent):
            return self._mapping(place)
        if isinstance(event, events.SequenceStartEvent):
            return self._sequence(place)
        self._check_text(event, place)
        return _scalar(event)

    def _mapping(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(key := next(self._events), events.MappingEndEvent):
            if not isinstance(key, events.ScalarEvent):
                raise _refused(_line(key), "A key is a plain word.", "Write key: value.", place)
            self._check_text(key, place)
            at = (*place, key.value)
            if key.value in found:
                self.problems.found.append(
                    Problem(_line(key), at, "This key stands here twice.", "Remove one of the two.")
                )
            self.lines[at] = _line(key)
            found[key.value] = self._value(next(self._events), at)
        return found

    def _sequence(self, place: Place) -> list[Any]:
        found: list[Any] = []
        while not isinstance(event := next(self._events), events.SequenceEndEvent):
            found.append(self._value(event, (*place, len(found))))
        return found


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0] or event.tag == TEXT_TAG:
        return text
    if text in WORDS:
        return WORDS[text]
    if text in BOOLEANS:
        return BOOLEANS[text]
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text
