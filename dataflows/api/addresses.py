"""The addresses of the API in short, for the page that describes them without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby

from dataflows.api.application import api


@dataclass(frozen=True)
class Address:
    """``group`` is what its service calls the kind of thing."""

    group: str
    method: str
    path: str
    does: str


@cache
def grouped() -> list[tuple[str, list[Address]]]:
    """All addresses under the names of their groups, in the order of the document."""
    return [(group, list(found)) for group, found in groupby(_addresses(), key=lambda each: each.group)]


def _addresses() -> list[Address]:
    paths = api.get_openapi_schema(path_prefix="")["paths"]
    found = [
        Address(operation["tags"][0], method.upper(), path, operation.get("description") or operation["summary"])
        for path, methods in paths.items()
        for method, operation in methods.items()
    ]
    groups = list(dict.fromkeys(each.group for each in found))
    return sorted(found, key=lambda each: groups.index(each.group))
