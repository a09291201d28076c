"""Keys of a body that are nearly known ones. AEP's clients send more than is used here, and that is read over; a key
that differs from a known one by a slip would silently mean something else than was wanted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from itertools import islice
from typing import Any

from dataflows.api import errors

NEAR = 0.8
LONGEST, MOST = 60, 200  # what is longer is no slip, and no object has more keys
# AEP's own keys that look like others.
FOREIGN = frozenset(("fileDescription",))


def meant(key: str, known: Iterable[str]) -> str | None:
    """The known key that ``key`` nearly is."""
    if len(key) > LONGEST or key in FOREIGN:
        return None
    plain = {name.casefold(): name for name in known}
    near = get_close_matches(key.casefold(), plain, n=1, cutoff=NEAR)
    return plain[near[0]] if near else None


def slip(given: Collection[str], known: Collection[str]) -> tuple[str, str] | None:
    """The first key of an object that is nearly a known one which the object lacks, and that one."""
    absent = [name for name in known if name not in given]
    foreign = (key for key in given if key not in known)
    found = ((key, meant(key, absent)) for key in islice(foreign, MOST if absent else 0))
    return next(((key, near) for key, near in found if near), None)


def words(near: str) -> str:
    return f"This key is not known. Did you mean {near}?"


def check(given: Mapping[str, Any], known: Collection[str], place: str = "") -> None:
    """Raises ApiError 1452-400 that names the key and the one that was meant."""
    if found := slip(given, known):
        key, near = found
        raise errors.bad_value(f"{place}.{key}" if place else key, words(near))
