"""Names that XDM allows, made from names that it does not."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

OWN_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
LONGEST = 100
WITHOUT_A_LETTER = "property"


def legal(name: str) -> str:
    """The nearest legal name: one that is legal stays, ``$insert_id`` is insert_id, ``Plan Type`` is plan_type.

    Accents go; a name without any letter or digit of the Latin alphabet becomes "property".
    """
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()[:LONGEST]
    for candidate in (name, plain.lstrip("$_")):
        if OWN_NAME.fullmatch(candidate) and len(candidate) <= LONGEST:
            return candidate
    return re.sub(r"[^A-Za-z0-9-]+", "_", plain).strip("_-").lower() or WITHOUT_A_LETTER


def distinct(names: Iterable[str]) -> list[str]:
    """The same names in the same order, a number behind those that an earlier one has already, capitals aside."""
    taken: set[str] = set()
    found: list[str] = []
    for name in names:
        number, free = 2, name
        while free.lower() in taken:
            free, number = f"{name}_{number}", number + 1
        taken.add(free.lower())
        found.append(free)
    return found
