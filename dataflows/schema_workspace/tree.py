"""The fields of a schema as rows of a tree: arrays of objects and maps opened as well."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from dataflows.schemas import Identity, XdmSchema
from dataflows.schemas.building import owners
from dataflows.schemas.comparing import described
from dataflows.schemas.shapes import Shape, XdmType

LIMITS = {
    "pattern": _("pattern"),
    "minLength": _("at least %s characters"),
    "maxLength": _("at most %s characters"),
    "minimum": _("at least %s"),
    "maximum": _("at most %s"),
    "default": _("default %s"),
}
INTEGERS = frozenset((XdmType.LONG, XdmType.INTEGER, XdmType.SHORT, XdmType.BYTE))


@dataclass(frozen=True)
class FieldRow:
    """``path`` is dotted and, of a field that can be edited, what the form asks for; ``depth`` counts from 1.

    ``owner`` is the class or field group it belongs to, "" for the schema's own. ``inside``: part of an array's
    items or a map's values, which are edited with it.
    """

    path: str
    name: str
    depth: int
    title: str
    type: str
    required: bool
    required_in_parent: bool
    identity: Identity | None
    description: str
    enum: tuple[str, ...]
    limits: list[str]
    owner: str
    inside: bool


def rows(schema: XdmSchema) -> list[FieldRow]:
    """In schema order, parents before children."""
    owned = owners(schema.document, settings.TENANT)
    found: list[FieldRow] = []
    for field in schema.fields():
        node = node_at(schema.document, field.path)
        found.append(
            FieldRow(
                path=field.name,
                name=field.path[-1],
                depth=min(len(field.path), 6),
                title=field.title,
                type=described(field.shape),
                required=field.required,
                required_in_parent=field.required_in_parent,
                identity=field.identity,
                description=field.description,
                enum=field.enum or _enum_of_items(field.shape),
                limits=_limits(node, field.shape),
                owner=owned.get(field.path, ""),
                inside=False,
            )
        )
        found += _inside(field.shape, field.name, len(field.path) + 1)
    return found


def node_at(document: Mapping[str, Any], path: tuple[str, ...]) -> Mapping[str, Any]:
    """Raises KeyError."""
    node = document
    for name in path:
        node = node["properties"][name]
    return node


def matching(found: list[FieldRow], text: str) -> list[FieldRow]:
    """Those whose path, title or type has the text, capitals aside."""
    wanted = text.lower()
    return [row for row in found if wanted in f"{row.path} {row.title} {row.type}".lower()]


def _inside(shape: Shape, path: str, depth: int) -> Iterator[FieldRow]:
    """What lies in the items of an array or the values of a map."""
    element = shape.element
    if element is None:
        return
    mark = "[]" if shape.type is XdmType.ARRAY else "{}"
    if element.element is not None:
        yield from _inside(element, f"{path}{mark}", depth)
    for name, child in element.children.items():
        place = f"{path}{mark}.{name}"
        in_item = name in element.required
        yield FieldRow(
            path=place,
            name=name,
            depth=min(depth, 6),
            title=child.title or name,
            type=described(child),
            required=False,
            required_in_parent=in_item,
            identity=None,
            description=child.description,
            enum=child.enum,
            limits=[],
            owner="",
            inside=True,
        )
        if child.type is XdmType.OBJECT:
            yield from _inside(Shape(XdmType.ARRAY, element=child), place, depth + 1)
        else:
            yield from _inside(child, place, depth + 1)


def _enum_of_items(shape: Shape) -> tuple[str, ...]:
    return shape.element.enum if shape.element is not None else ()


def _limits(node: Mapping[str, Any], shape: Shape) -> list[str]:
    limited = node.get("items", node) if shape.type is XdmType.ARRAY else node
    inner = shape.element or shape
    found = []
    for key, words in LIMITS.items():
        # The bounds of an integer are its type.
        if key in limited and not (inner.type in INTEGERS and key in ("minimum", "maximum")):
            found.append(words % limited[key] if "%s" in words else f"{words} {limited[key]}")
    return found
