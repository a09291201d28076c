"""JSON Schema → shapes. What XDM does not allow, or this version cannot keep, is refused with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from dataflows.schemas.shapes import Shape, XdmType

DEEPEST = 20
MOST_FIELDS = 3_000
LONGEST_NAME = 128
NAME = re.compile(r"_?[A-Za-z0-9][A-Za-z0-9_-]*")
UNRESOLVED = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties")
RESOLVE = "Import it as a file, which resolves references, or export it in its full form."
INTEGERS = (
    (XdmType.BYTE, -128, 128),
    (XdmType.SHORT, -32_768, 32_768),
    (XdmType.INTEGER, -2_147_483_648, 2_147_483_648),
)
FORMATS = {"date": XdmType.DATE, "date-time": XdmType.DATE_TIME}


class SchemaInvalid(Exception):
    """``path`` is a JSON pointer into the document (``/properties/_id``), ``message`` one sentence.

    ``remedy`` is another sentence, what to do about it; "" where the message says it.
    """

    def __init__(self, path: str, message: str, remedy: str = "") -> None:
        super().__init__(f"{path or '/'}: {message}")
        self.path = path
        self.message = message
        self.remedy = remedy


def text_at(node: Mapping[str, Any], key: str, at: str, *, needed: bool = False) -> str:
    """A text of the document, "" when it is absent and not needed. Raises SchemaInvalid."""
    value = node.get(key, None if needed else "")
    if not isinstance(value, str) or (needed and not value.strip()):
        raise SchemaInvalid(f"{at}/{key}", "A text is needed here.")
    return value


def read_shape(node: Any, at: str = "", depth: int = 0) -> Shape:
    """The shape of a JSON Schema node found at pointer ``at``. Raises SchemaInvalid.

    ``pattern``, ``minLength``, ``maxLength`` and ``default`` may stand in a document and are not enforced.
    """
    if not isinstance(node, Mapping):
        raise SchemaInvalid(at, "A field is described by an object.")
    if depth > DEEPEST:
        raise SchemaInvalid(
            at, f"Fields are nested at most {DEEPEST} deep.", "Make it a map, or keep what lies deeper as a text."
        )
    for key in UNRESOLVED:
        if key in node:
            raise SchemaInvalid(
                f"{at}/{key}",
                "The schema must be resolved first: every field spelled out in place.",
                RESOLVE if key in ("$ref", "allOf") else "Describe the field without it.",
            )
    kind = _type_of(node, at)
    return Shape(
        type=kind,
        title=text_at(node, "title", at),
        description=text_at(node, "description", at),
        enum=_enum(node, kind, at),
        element=_element(node, kind, at, depth),
        children=MappingProxyType(_children(node, at, depth) if kind is XdmType.OBJECT else {}),
        required=_required(node, kind, at),
    )


def _type_of(node: Mapping[str, Any], at: str) -> XdmType:
    match node.get("type"):
        case "string":
            return FORMATS.get(text_at(node, "format", at), XdmType.STRING)
        case "number":
            return XdmType.DOUBLE
        case "integer":
            return _integer(node)
        case "boolean":
            return XdmType.BOOLEAN
        case "array":
            return XdmType.ARRAY
        case "object":
            return XdmType.OBJECT if "properties" in node else XdmType.MAP
        case other:
            raise SchemaInvalid(
                f"{at}/type",
                f"{str(other)[:60]!r} is not a type of XDM." if other is not None else "The field has no type.",
                "Use string, number, integer, boolean, array or object.",
            )


def _integer(node: Mapping[str, Any]) -> XdmType:
    """XDM tells integer types apart by their bounds; without bounds the widest keeps every value."""
    low, high = node.get("minimum"), node.get("maximum")
    if isinstance(low, int) and isinstance(high, int):
        for kind, least, most in INTEGERS:
            if low >= least and high <= most:
                return kind
    return XdmType.LONG


def _enum(node: Mapping[str, Any], kind: XdmType, at: str) -> tuple[str, ...]:
    if "enum" not in node:
        return ()
    values = node["enum"]
    if kind is not XdmType.STRING or not isinstance(values, list) or not values:
        raise SchemaInvalid(f"{at}/enum", "Only a string can be limited to a list of values, and the list has some.")
    if not all(isinstance(value, str) for value in values):
        raise SchemaInvalid(f"{at}/enum", "The allowed values of a string are texts.")
    return tuple(values)


def _element(node: Mapping[str, Any], kind: XdmType, at: str, depth: int) -> Shape | None:
    key = {XdmType.ARRAY: "items", XdmType.MAP: "additionalProperties"}.get(kind)
    if key is None:
        return None
    if not isinstance(node.get(key), Mapping):
        what = "An array says what it holds" if key == "items" else "An object has properties, a map has a value type"
        raise SchemaInvalid(f"{at}/{key}", f"{what}.")
    return read_shape(node[key], f"{at}/{key}", depth + 1)


def _children(node: Mapping[str, Any], at: str, depth: int) -> dict[str, Shape]:
    properties = node["properties"]
    if not isinstance(properties, Mapping) or not properties:
        raise SchemaInvalid(
            f"{at}/properties",
            "An object has at least one property.",
            "Add one, or describe a map with additionalProperties instead of properties.",
        )
    seen: set[str] = set()
    for name in properties:
        place = f"{at}/properties/{name}"
        if not isinstance(name, str) or not NAME.fullmatch(name) or len(name) > LONGEST_NAME:
            raise SchemaInvalid(
                place,
                "A name has letters, digits, - and _, and starts with at most one _.",
                f"Rename it; at most {LONGEST_NAME} characters, none of them outside a to z, A to Z, 0 to 9, - and _.",
            )
        if name.lower() in seen:
            raise SchemaInvalid(
                place,
                "Two names differ only in capitals; many readers of tables cannot tell them apart.",
                "Rename or remove one of the two.",
            )
        seen.add(name.lower())
    return {name: read_shape(child, f"{at}/properties/{name}", depth + 1) for name, child in properties.items()}


def _required(node: Mapping[str, Any], kind: XdmType, at: str) -> frozenset[str]:
    names = node.get("required", [])
    if not isinstance(names, list) or (names and kind is not XdmType.OBJECT):
        raise SchemaInvalid(f"{at}/required", "Required is a list of names, and only objects have it.")
    for name in names:
        if not isinstance(name, str) or name not in node["properties"]:
            raise SchemaInvalid(
                f"{at}/required",
                f"{str(name)[:60]!r} is required but not among the properties.",
                "Add the property, or take its name out of required.",
            )
    return frozenset(names)
