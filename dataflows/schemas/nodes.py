"""One field as a JSON Schema node: made from a few words, with the keys that each type may have."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Node = dict[str, Any]

# The words that pages and proposals use for a type → its node. 2**53 and the other bounds are those of XDM.
TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"type": "string"},
    "double": {"type": "number"},
    "long": {"type": "integer", "minimum": -(2**53), "maximum": 2**53},
    "integer": {"type": "integer", "minimum": -(2**31), "maximum": 2**31},
    "short": {"type": "integer", "minimum": -(2**15), "maximum": 2**15},
    "byte": {"type": "integer", "minimum": -(2**7), "maximum": 2**7},
    "boolean": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "date-time": {"type": "string", "format": "date-time"},
    "map": {"type": "object", "additionalProperties": {"type": "string"}},
}


def node_of(kind: str, *, array: bool = False, title: str = "", description: str = "", **limits: Any) -> Node:
    """A node of a type of ``TYPES``, or an array of such; ``limits`` (enum, pattern, …) that are empty are left out.

    Raises KeyError for another type.
    """
    inner: Node = {**TYPES[kind], **{name: value for name, value in limits.items() if value not in ("", None, [], ())}}
    node: Node = {"type": "array", "items": inner} if array else inner
    return node | {key: text for key, text in (("title", title), ("description", description)) if text}


def object_of(properties: Mapping[str, Any], title: str = "") -> Node:
    return {"type": "object", **({"title": title} if title else {}), "properties": dict(properties)}


def array_of(item: Mapping[str, Any]) -> Node:
    return {"type": "array", "items": dict(item)}
