"""A whole XDM schema: class, title, fields, identities and the Arrow columns it stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from dataflows.schemas import identities
from dataflows.schemas.identities import Identity
from dataflows.schemas.reading import MOST_FIELDS, SchemaInvalid, read_shape, text_at
from dataflows.schemas.shapes import Shape, XdmType

EXPERIENCE_EVENT = "https://ns.adobe.com/xdm/context/experienceevent"
CLASS_FIELDS = {"_id": XdmType.STRING, "timestamp": XdmType.DATE_TIME}


@dataclass(frozen=True)
class Field:
    """One field of a schema; objects are fields too, and so are their children.

    ``required``: a record cannot be without it. ``required_in_parent``: it cannot be missing once its parent
    object has any value, which for fields of the root is the same.
    """

    path: tuple[str, ...]
    shape: Shape
    required: bool
    required_in_parent: bool
    identity: Identity | None = None

    @property
    def name(self) -> str:
        """The path as a mapping's destination writes it."""
        return ".".join(self.path)

    @property
    def title(self) -> str:
        return self.shape.title or self.path[-1]

    @property
    def description(self) -> str:
        return self.shape.description

    @property
    def xdm_type(self) -> XdmType:
        return self.shape.type

    @property
    def enum(self) -> tuple[str, ...]:
        return self.shape.enum


class XdmSchema:
    """Read-only view of a resolved JSON Schema document; make one with ``from_json``."""

    def __init__(self, document: Mapping[str, Any], root: Shape, found: Mapping[tuple[str, ...], Identity]) -> None:
        self.document = document
        self.root = root
        self.id: str = document["$id"]
        self.title: str = document["title"]
        self.class_id: str = document["meta:class"]
        self._fields = {field.path: field for field in _flatten(root, found)}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> XdmSchema:
        """Check a document. Raises SchemaInvalid, which names the first place that is wrong."""
        if not isinstance(document, Mapping) or "properties" not in document:
            raise SchemaInvalid("/properties", "A schema is an object with properties.")
        for key in ("$id", "title", "meta:class"):
            text_at(document, key, "", needed=True)
        root = read_shape(document)
        if root.type is not XdmType.OBJECT:
            raise SchemaInvalid("/type", "A schema describes an object.")
        _check_size(root)
        if document["meta:class"] == EXPERIENCE_EVENT:
            _check_experience_event(root)
        return cls(document, root, _read_identities(document, root))

    def fields(self) -> list[Field]:
        """All fields in schema order, each object right before its children."""
        return list(self._fields.values())

    def field(self, path: tuple[str, ...] | str) -> Field:
        """The field at a path, given as its parts or dotted. Raises KeyError."""
        return self._fields[tuple(path.split(".")) if isinstance(path, str) else path]

    def has(self, path: tuple[str, ...]) -> bool:
        return path in self._fields

    def required_paths(self) -> list[tuple[str, ...]]:
        """Paths no record can be without: required, and so is everything above them."""
        return [field.path for field in self._fields.values() if field.required]

    def arrow_schema(self) -> pa.Schema:
        """The dataset's columns, nesting kept: objects are structs, arrays lists, maps maps."""
        return pa.schema([pa.field(name, shape.arrow) for name, shape in self.root.children.items()])


def _flatten(root: Shape, found: Mapping[tuple[str, ...], Identity]) -> list[Field]:
    always: set[tuple[str, ...]] = {()}
    shapes: dict[tuple[str, ...], Shape] = {(): root}
    fields = []
    for path, shape in root.walk():
        shapes[path] = shape
        in_parent = path[-1] in shapes[path[:-1]].required
        if in_parent and path[:-1] in always:
            always.add(path)
        fields.append(Field(path, shape, path in always, in_parent, found.get(path)))
    return fields


def _check_size(root: Shape) -> None:
    count = sum(1 for _ in root.walk())
    if count > MOST_FIELDS:
        raise SchemaInvalid(
            "/properties",
            f"The schema has {count:,} fields, at most {MOST_FIELDS:,} are allowed.",
            "Keep what is rarely filled in a map, or leave out fields that nothing is mapped to.",
        )


def _check_experience_event(root: Shape) -> None:
    for name, kind in CLASS_FIELDS.items():
        if name not in root.children or root.children[name].type is not kind:
            raise SchemaInvalid(f"/properties/{name}", f"An ExperienceEvent has the field {name} of type {kind.value}.")
        if name not in root.required:
            raise SchemaInvalid("/required", f"An ExperienceEvent cannot be without {name}.")


def _read_identities(document: Mapping[str, Any], root: Shape) -> dict[tuple[str, ...], Identity]:
    shapes = dict(root.walk())
    found: dict[tuple[str, ...], Identity] = {}
    descriptors = document.get("meta:descriptors", [])
    if not isinstance(descriptors, list):
        raise SchemaInvalid("/meta:descriptors", "Descriptors are a list.")
    for number, descriptor in enumerate(descriptors):
        at = f"/meta:descriptors/{number}"
        if isinstance(descriptor, Mapping) and descriptor.get("@type") == identities.KIND:
            path, identity = _read_identity(descriptor, at)
            if path not in shapes or shapes[path].type is not XdmType.STRING:
                raise SchemaInvalid(at, f"/{'/'.join(path)} is not a string field of this schema.")
            if identity.primary and any(other.primary for other in found.values()):
                raise SchemaInvalid(at, "A schema has one primary identity.")
            found[path] = identity
    return found


def _read_identity(descriptor: Mapping[str, Any], at: str) -> tuple[tuple[str, ...], Identity]:
    try:
        return identities.read(descriptor)
    except (KeyError, TypeError) as error:
        raise SchemaInvalid(at, "An identity descriptor needs xdm:sourceProperty and xdm:namespace.") from error
