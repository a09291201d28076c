"""One difference between a file and what there is, as data and as lines to read."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

Entry = dict[str, Any]
LONGEST = 160


def nothing() -> None:
    """There is nothing to prepare."""


@dataclass(frozen=True)
class Change:
    """``before`` is empty for something new; both are entries as far as the file names them.

    ``prepare`` does what asks the source (and so cannot be taken back), ``perform`` the rest, in one transaction.
    """

    kind: str
    name: str
    before: Entry
    after: Entry
    perform: Callable[[], None] = nothing
    prepare: Callable[[], None] = nothing

    @property
    def is_new(self) -> bool:
        return not self.before

    @property
    def title(self) -> str:
        return f"{self.kind} “{self.name}”"

    def lines(self) -> list[str]:
        """For a person: ``+`` is new, ``~`` is changed."""
        if self.is_new:
            return [f"+ {self.title}: new", *(f"    {line}" for line in _told("", self.after))]
        return [f"~ {self.title}: changed", *(f"    {line}" for line in differences("", self.before, self.after))]


def as_far_as(current: Mapping[str, Any], wanted: Mapping[str, Any]) -> Entry:
    """``current`` with only the keys that ``wanted`` has, inside ``params`` and the like as well."""
    found: Entry = {}
    for name in wanted:
        mine, theirs = current.get(name), wanted[name]
        nested = isinstance(mine, Mapping) and isinstance(theirs, Mapping) and name in ("auth", "params")
        found[name] = as_far_as(mine, theirs) if nested else mine  # type: ignore[arg-type]
    return found


def differences(place: str, before: Any, after: Any) -> Iterator[str]:
    """``place: old → new``; lists as the items that went and came."""
    if before == after:
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for name in dict.fromkeys((*before, *after)):
            yield from differences(_inside(place, name), before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _items(place, before, after)
    else:
        yield f"{place}: {_shown(before)} → {_shown(after)}"


def _items(place: str, before: list[Any], after: list[Any]) -> Iterator[str]:
    old, new = [_shown(each, None) for each in before], [_shown(each, None) for each in after]
    for _, start, end, other_start, other_end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if old[start:end] != new[other_start:other_end]:
            yield from (f"{place}[{number}]: - {old[number]}" for number in range(start, end))
            yield from (f"{place}[{number}]: + {new[number]}" for number in range(other_start, other_end))


def _told(place: str, value: Any) -> Iterator[str]:
    if place == "document":
        yield f"document: {len(json.dumps(value)):,} characters of XDM"
    elif isinstance(value, Mapping) and value:
        for name, inner in value.items():
            yield from _told(_inside(place, name), inner)
    elif isinstance(value, list):
        yield from (f"{place}[{number}]: {_shown(each)}" for number, each in enumerate(value))
    else:
        yield f"{place}: {_shown(value)}"


def _inside(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _shown(value: Any, longest: int | None = LONGEST) -> str:
    if isinstance(value, Mapping) and "destination" in value:
        words = "".join(f" ({value[key]})" for key in ("name", "description") if value.get(key))
        text = f"{value['sourceType']} {value['source']} → {value['destination']}{words}"
    else:
        text = "(none)" if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if longest is None or len(text) <= longest else f"{text[:longest]}…"
