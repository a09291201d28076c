"""The shape of one XDM value: its type and, for objects, arrays and maps, the shapes inside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType

import pyarrow as pa


class XdmType(StrEnum):
    """The field types of XDM, in the words of Adobe's schema field type reference."""

    STRING = "string"
    DOUBLE = "double"
    LONG = "long"
    INTEGER = "integer"
    SHORT = "short"
    BYTE = "byte"
    DATE = "date"
    DATE_TIME = "date-time"
    BOOLEAN = "boolean"
    ARRAY = "array"
    OBJECT = "object"
    MAP = "map"


# Iceberg knows no integers below 32 bits; the smaller ranges are kept by the cast.
SCALARS: Mapping[XdmType, pa.DataType] = {
    XdmType.STRING: pa.string(),
    XdmType.DOUBLE: pa.float64(),
    XdmType.LONG: pa.int64(),
    XdmType.INTEGER: pa.int32(),
    XdmType.SHORT: pa.int32(),
    XdmType.BYTE: pa.int32(),
    XdmType.DATE: pa.date32(),
    XdmType.DATE_TIME: pa.timestamp("us", tz="UTC"),
    XdmType.BOOLEAN: pa.bool_(),
}


@dataclass(frozen=True, eq=False)
class Shape:
    """``children`` of an object, ``element`` of an array (its items) or a map (its values).

    ``required`` names the children that must have a value whenever the object itself is there.
    ``enum`` holds the only texts allowed; empty means any.
    """

    type: XdmType
    title: str = ""
    description: str = ""
    enum: tuple[str, ...] = ()
    element: Shape | None = None
    children: Mapping[str, Shape] = field(default_factory=lambda: MappingProxyType({}))
    required: frozenset[str] = frozenset()

    @cached_property
    def arrow(self) -> pa.DataType:
        """Objects become structs, arrays lists, maps maps with text keys.

        Everything may be null: a requirement is kept by the mapping, so that a schema may gain or lose one
        without its tables being rewritten.
        """
        if self.type is XdmType.OBJECT:
            return pa.struct([pa.field(name, child.arrow) for name, child in self.children.items()])
        if self.element is not None:
            inner = self.element.arrow
            return pa.list_(inner) if self.type is XdmType.ARRAY else pa.map_(pa.string(), inner)
        return SCALARS[self.type]

    @cached_property
    def plain_text(self) -> bool:
        """Whether any text will do."""
        return self.type is XdmType.STRING and not self.enum

    @cached_property
    def restricted(self) -> bool:
        """Whether an enumeration or a requirement hides in here, so that values must be looked at one by one."""
        inside = [*self.children.values(), *([self.element] if self.element else [])]
        return bool(self.enum or self.required) or any(shape.restricted for shape in inside)

    def walk(self, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Shape]]:
        """Every field below an object with its path, parents before children, in schema order."""
        for name, child in self.children.items():
            yield (*path, name), child
            yield from child.walk((*path, name))
