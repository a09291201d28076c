"""Which known path somebody probably meant who wrote one that does not exist."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

# Shared letters of all: below it, what is found is more surprising than helpful.
CLOSE = 0.7


def nearest(wanted: str, known: Iterable[str]) -> str:
    """The path with the same last name, else with one like it, first come first served; "" if there is none."""
    by_name: dict[str, str] = {}
    for path in known:
        by_name.setdefault(_name(path), path)
    name = _name(wanted)
    if name in by_name:
        return by_name[name]
    begun = [each for each in by_name if len(name) > 1 and each.startswith(name)]
    near = begun[:1] or get_close_matches(name, by_name, 1, CLOSE)
    return by_name[near[0]] if near else ""


def _name(path: str) -> str:
    """The last name of a path, bare: capitals and the signs around it are what is mistyped first."""
    return path.rpartition(".")[2].strip("${}").lower()
