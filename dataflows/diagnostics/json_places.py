"""Where a value stands in the text of a record, so that it can be marked there. Pure.

The text need not be whole: what comes before its end is found.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from json.decoder import scanstring  # type: ignore[attr-defined]

Span = tuple[int, int]
SPACE = re.compile(r"[ \t\n\r]*")
READER = json.JSONDecoder(strict=False)


def place_of(text: str, path: Sequence[str | int]) -> Span | None:
    """Start and end of the value at ``path``; of a name that comes twice, the last, which is the one that counts."""
    try:
        return _below(text, _skip(text, 0), path)
    except (ValueError, IndexError, RecursionError):
        return None


def broken_at(text: str) -> int | None:
    """Where the text stops being JSON; ``None`` if it does not, or is nested too deep to tell."""
    try:
        _, end = READER.raw_decode(text, _skip(text, 0))
    except json.JSONDecodeError as error:
        return min(error.pos, max(0, len(text) - 1))
    except (ValueError, RecursionError):
        return None
    rest = _skip(text, end)
    return rest if rest < len(text) else None


def _below(text: str, at: int, path: Sequence[str | int]) -> Span | None:
    if not path:
        return at, READER.raw_decode(text, at)[1]
    found = None
    members = _members(text, at) if isinstance(path[0], str) else _elements(text, at)
    try:
        for name, start in members:
            if name == path[0]:
                found = _below(text, start, path[1:])
    except (ValueError, IndexError):
        # The text was cut: what was found before counts.
        return found
    return found


def _members(text: str, at: int) -> Iterator[tuple[str, int]]:
    """The names of an object with the places of their values; nothing for any other value."""
    if text[at] != "{":
        return
    at = _skip(text, at + 1)
    while text[at] == '"':
        name, at = scanstring(text, at + 1, False)
        at = _skip(text, _expect(text, _skip(text, at), ":"))
        yield name, at
        at = _skip(text, READER.raw_decode(text, at)[1])
        at = _skip(text, at + 1) if text[at] == "," else at


def _elements(text: str, at: int) -> Iterator[tuple[int, int]]:
    """The numbers of an array's elements with their places; nothing for any other value."""
    if text[at] != "[":
        return
    number, at = 0, _skip(text, at + 1)
    while text[at] != "]":
        yield number, at
        at = _skip(text, READER.raw_decode(text, at)[1])
        number, at = number + 1, _skip(text, at + 1) if text[at] == "," else at


def _skip(text: str, at: int) -> int:
    found = SPACE.match(text, at)
    return found.end() if found else at


def _expect(text: str, at: int, sign: str) -> int:
    if text[at] != sign:
        raise ValueError(f"{sign} expected")
    return at + 1
