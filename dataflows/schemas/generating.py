"""Fields proposed for what was seen in the source: a legal name, and a type into which every value seen fits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflows.schemas.names import OWN_NAME, distinct, legal
from dataflows.schemas.nodes import Node, array_of, node_of, object_of
from dataflows.schemas.reading import read_shape
from dataflows.schemas.shapes import Shape

INSTANT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
# Names that the product has used from the beginning, after Adobe's documented Mixpanel mapping.
KNOWN_NAMES: Mapping[tuple[str, ...], str] = {("event",): "event_name"}
NARROWEST_FIRST = ("boolean", "long", "double", "string")
DEEPEST_ITEM = 4
# A type that so many of the values have is that of the field; the others are mistakes, and are left out.
MOSTLY = 0.95
MOST_UNFIT = 3

JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array", dict: "object"}

Fits = Callable[[Any, Shape], bool]


@dataclass(frozen=True)
class Seen:
    """A source field. ``names`` is its path below the record (``("properties", "Plan Type")``).

    ``types``: share of each JSON type among its values, most frequent first. ``fill``: share of the records that
    have it. ``values``: its values, ``None`` left out, or a few of each type.
    """

    source: str
    names: tuple[str, ...]
    types: Mapping[str, float]
    fill: float
    values: Sequence[Any]


@dataclass(frozen=True)
class Proposal:
    """``path`` lies below the tenant's object. ``kind`` is a word of ``nodes.TYPES``, or "array" or "object array".

    ``fitting``: share of the values seen that the type can hold; 1.0 for all but a hopeless mixture. ``left_out``:
    names inside an array's objects that XDM does not allow, so that nothing can be loaded under them. ``unfit``: a few
    of the values that do not fit.
    """

    seen: Seen
    path: tuple[str, ...]
    kind: str
    node: Node
    fitting: float
    left_out: tuple[str, ...] = ()
    unfit: tuple[Any, ...] = ()


def propose(fields: Iterable[Seen], fits: Fits) -> list[Proposal]:
    """One proposal for each field that holds values itself; an object is proposed through what lies in it."""
    every = list(fields)
    parents = {seen.names[:-1] for seen in every}
    leaves = [seen for seen in every if seen.names not in parents or seen.types.get("object", 0) < 0.5]
    paths = _paths([seen.names for seen in leaves])
    return [_proposal(seen, paths[seen.names], fits) for seen in leaves if seen.names in paths]


def _paths(found: Sequence[tuple[str, ...]]) -> dict[tuple[str, ...], tuple[str, ...]]:
    """Legal paths, distinct in every object; what is both a value and an object is a value only."""
    values = set(found)
    leaves = [names for names in found if not any(names[:size] in values for size in range(1, len(names)))]
    renamed: dict[tuple[str, ...], tuple[str, ...]] = {(): (), ("properties",): ()}
    for depth in range(1, max(map(len, leaves), default=0) + 1):
        level = dict.fromkeys(
            names[:depth] for names in leaves if len(names) >= depth and names[:depth] != ("properties",)
        )
        by_parent: dict[tuple[str, ...], list[tuple[str, ...]]] = {}
        for names in level:
            by_parent.setdefault(renamed[names[:-1]], []).append(names)
        for parent, group in by_parent.items():
            taken = [path[-1] for path in renamed.values() if path[:-1] == parent and path]
            fresh = distinct([*taken, *(KNOWN_NAMES.get(names) or legal(names[-1]) for names in group)])[len(taken) :]
            renamed |= {names: (*parent, name) for names, name in zip(group, fresh, strict=True)}
    return {names: renamed[names] for names in leaves}


def _proposal(seen: Seen, path: tuple[str, ...], fits: Fits) -> Proposal:
    title = seen.names[-1]
    if next(iter(seen.types), "") == "array":
        return _array(seen, path, fits)
    if next(iter(seen.types), "") == "object":
        node = node_of("map", title=title)
        return Proposal(seen, path, "map", node, _share(seen.values, node, fits, seen.types))
    kind = scalar_kind(seen.types, seen.values, fits)
    node = node_of(kind, title=title)
    unfit = _unfit(seen.values, node, fits)
    return Proposal(seen, path, kind, node, _share(seen.values, node, fits, seen.types), unfit=unfit)


def _unfit(values: Sequence[Any], node: Node, fits: Fits) -> tuple[Any, ...]:
    """The first different ones."""
    shape = read_shape(node)
    found: list[Any] = []
    for value in values:
        if len(found) < MOST_UNFIT and value not in found and not fits(value, shape):
            found.append(value)
    return tuple(found)


def scalar_kind(types: Mapping[str, float], values: Sequence[Any], fits: Fits) -> str:
    """The narrowest type into which all values fit, or nearly all; if none is, the one into which most fit.

    What cannot be anything but text in between numbers is text, unless it is so rare that it is a mistake.
    """
    texts = [value for value in values if isinstance(value, str)]
    if texts and len(texts) == len(values):
        if all(INSTANT.fullmatch(text) for text in texts):
            return "date-time"
        return "date" if all(DAY.fullmatch(text) for text in texts) else "string"
    if not values:
        return {"boolean": "boolean", "integer": "long", "number": "double"}.get(next(iter(types), ""), "string")
    shares = {kind: _share(values, node_of(kind), fits, types) for kind in NARROWEST_FIRST}
    best = _best(shares, NARROWEST_FIRST[:-1])
    return best if shares[best] >= MOSTLY else _best(shares, NARROWEST_FIRST)


def _best(shares: Mapping[str, float], kinds: Sequence[str]) -> str:
    """The kind with the largest share, the narrowest of equals."""
    return max(kinds, key=lambda kind: (shares[kind], -kinds.index(kind)))


def _array(seen: Seen, path: tuple[str, ...], fits: Fits) -> Proposal:
    items = [item for value in seen.values if isinstance(value, list) for item in value if item is not None]
    left_out: list[str] = []
    item = _item(items, fits, left_out, 0)
    node = array_of(item) | {"title": seen.names[-1]}
    kind = "object array" if item.get("type") == "object" and "properties" in item else "array"
    fitting = _share(seen.values, node, fits, seen.types)
    return Proposal(seen, path, kind, node, fitting, tuple(dict.fromkeys(left_out)))


def _item(items: Sequence[Any], fits: Fits, left_out: list[str], depth: int) -> Node:
    """What an array holds. Objects inside keep their names, for the values come under these."""
    objects = [item for item in items if isinstance(item, dict)]
    arrays = [item for item in items if isinstance(item, list)]
    if depth < DEEPEST_ITEM and len(arrays) * 2 > len(items):
        return array_of(_item([each for array in arrays for each in array], fits, left_out, depth + 1))
    if not objects or len(objects) * 2 <= len(items):
        return node_of(scalar_kind({}, [item for item in items if not isinstance(item, dict | list)], fits))
    names = list(dict.fromkeys(name for item in objects for name in item))
    legal_names = [name for name in names if OWN_NAME.fullmatch(name)]
    kept = [name for name, free in zip(legal_names, distinct(legal_names), strict=True) if name == free]
    left_out += [name for name in names if name not in kept]
    if not kept or depth >= DEEPEST_ITEM:
        return node_of("map")
    inside = {name: [item[name] for item in objects if item.get(name) is not None] for name in kept}
    return object_of({name: _item(values, fits, left_out, depth + 1) for name, values in inside.items()})


def _share(values: Sequence[Any], node: Mapping[str, Any], fits: Fits, types: Mapping[str, float]) -> float:
    """How many of the values fit. Where ``types`` are known, each type counts as often as it was seen."""
    if not values:
        return 1.0
    shape = read_shape(node)
    found: dict[str, list[bool]] = {}
    for value in values:
        found.setdefault(JSON_TYPES.get(type(value), ""), []).append(fits(value, shape))
    weights = {kind: types.get(kind, 0.0) for kind in found}
    if not sum(weights.values()):
        weights = {kind: float(len(fitting)) for kind, fitting in found.items()}
    share = sum(weights[kind] * sum(fitting) / len(fitting) for kind, fitting in found.items())
    return share / sum(weights.values())
