"""What differs between two versions of a schema, and whether data of the old one still fits the new one.

Additive, and accepted once there is data: new fields; a requirement that goes, or that comes (rows loaded before
keep their nulls, records read later must have a value); other titles and descriptions; a larger or no list of allowed
values; a looser or no limit; other identities. Everything else would make rows that are there mean something else.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from dataflows.schemas.shapes import Shape, XdmType
from dataflows.schemas.xdm import XdmSchema

AT_LEAST = ("minLength", "minItems", "minimum", "exclusiveMinimum")
AT_MOST = ("maxLength", "maxItems", "maximum", "exclusiveMaximum")
EXACT = ("pattern", "format", "multipleOf")
ANOTHER_NAME = "Add a field under another name and map to that one; the old one stays as it is."


class Kind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class Difference:
    """``path`` is dotted, ``[]`` and ``{}`` stand for the items of an array and the values of a map.

    ``what`` is a sentence. ``remedy`` is "" unless the difference is breaking.
    """

    kind: Kind
    path: str
    what: str
    remedy: str = ""

    @property
    def breaking(self) -> bool:
        return bool(self.remedy)


@dataclass(frozen=True)
class Comparison:
    """All differences, in the order of the new schema, what is gone last."""

    differences: tuple[Difference, ...]

    @property
    def breaking(self) -> list[Difference]:
        return [each for each in self.differences if each.breaking]

    @property
    def additive(self) -> bool:
        return not self.breaking

    def __bool__(self) -> bool:
        return bool(self.differences)


def compare(old: XdmSchema, new: XdmSchema) -> Comparison:
    found = [*_whole(old, new), *_children(old.document, new.document, old.root, new.root, ""), *_identities(old, new)]
    return Comparison(tuple(sorted(found, key=lambda each: each.kind is Kind.REMOVED)))


def _whole(old: XdmSchema, new: XdmSchema) -> Iterator[Difference]:
    if old.id != new.id:
        yield Difference(Kind.CHANGED, "$id", f"The id is {new.id} instead of {old.id}.", "Keep the id of the schema.")
    if old.class_id != new.class_id:
        remedy = "Make a new schema of the other class."
        yield Difference(Kind.CHANGED, "meta:class", f"The class is {new.class_id} instead of {old.class_id}.", remedy)
    if old.title != new.title:
        yield Difference(Kind.CHANGED, "title", f"The title is “{new.title}” instead of “{old.title}”.")
    if old.document.get("description", "") != new.document.get("description", ""):
        yield Difference(Kind.CHANGED, "description", "The description is another.")


def _children(
    old: Mapping[str, Any], new: Mapping[str, Any], before: Shape, after: Shape, path: str
) -> Iterator[Difference]:
    for name, shape in after.children.items():
        place = f"{path}.{name}" if path else name
        node = new["properties"][name]
        if name not in before.children:
            yield Difference(Kind.ADDED, place, f"New field of type {described(shape)}.")
        else:
            yield from _node(old["properties"][name], node, before.children[name], shape, place)
        yield from _requirement(name, before, after, place)
    for name, shape in before.children.items():
        if name not in after.children:
            what = f"The field of type {described(shape)} is gone."
            yield Difference(Kind.REMOVED, f"{path}.{name}" if path else name, what, "Keep it; it may stay unmapped.")


def _requirement(name: str, before: Shape, after: Shape, place: str) -> Iterator[Difference]:
    was, is_ = name in before.required, name in after.required
    if is_ and not was:
        yield Difference(Kind.CHANGED, place, "Required from now on; rows that are there may be without it.")
    if was and not is_:
        yield Difference(Kind.CHANGED, place, "Not required any more.")


def _node(
    old: Mapping[str, Any], new: Mapping[str, Any], before: Shape, after: Shape, place: str
) -> Iterator[Difference]:
    if before.type is not after.type:
        what = f"The type is {described(after)} instead of {described(before)}."
        yield Difference(Kind.CHANGED, place, what, ANOTHER_NAME)
        return
    yield from _words(old, new, place)
    yield from _values(before, after, place)
    yield from _limits(old, new, before, place)
    if before.element is not None and after.element is not None:
        key, mark = ("items", "[]") if after.type is XdmType.ARRAY else ("additionalProperties", "{}")
        yield from _node(old[key], new[key], before.element, after.element, place + mark)
    if after.type is XdmType.OBJECT:
        yield from _children(old, new, before, after, place)


def _words(old: Mapping[str, Any], new: Mapping[str, Any], place: str) -> Iterator[Difference]:
    for key, name in (("title", "title"), ("description", "description")):
        if old.get(key, "") != new.get(key, ""):
            yield Difference(
                Kind.CHANGED, place, f"The {name} is “{new.get(key, '')}” instead of “{old.get(key, '')}”."
            )


def _values(before: Shape, after: Shape, place: str) -> Iterator[Difference]:
    if set(before.enum) == set(after.enum):
        return
    gone = [value for value in before.enum if value not in after.enum]
    if after.enum and (gone or not before.enum):
        what = (
            f"Fewer values are allowed: {', '.join(gone)} is gone." if gone else "Only listed values are allowed now."
        )
        yield Difference(Kind.CHANGED, place, what, "Keep every value that rows may have; others may be added.")
    else:
        yield Difference(Kind.CHANGED, place, "More values are allowed." if after.enum else "Any value is allowed now.")


def _limits(old: Mapping[str, Any], new: Mapping[str, Any], shape: Shape, place: str) -> Iterator[Difference]:
    for key in (*AT_LEAST, *AT_MOST, *EXACT):
        # The bounds of an integer make its type, which was compared already; a date's format as well.
        if old.get(key) == new.get(key) or (key == "format" and shape.type is not XdmType.STRING):
            continue
        if _stricter(key, old.get(key), new.get(key)):
            what = f"{key} is {new[key]}, before it was {old.get(key, 'not limited')}."
            yield Difference(
                Kind.CHANGED, place, what, "Leave the limit as it was, or loosen it: rows may lie outside."
            )
        else:
            yield Difference(Kind.CHANGED, place, f"{key} is looser: {new.get(key, 'not limited any more')}.")


def _stricter(key: str, old: Any, new: Any) -> bool:
    if new is None:
        return False
    if old is None or key in EXACT:
        return True
    try:
        return bool(new > old if key in AT_LEAST else new < old)
    except TypeError:
        return True


def _identities(old: XdmSchema, new: XdmSchema) -> Iterator[Difference]:
    before = {field.name: field.identity for field in old.fields() if field.identity}
    after = {field.name: field.identity for field in new.fields() if field.identity}
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) == after.get(name):
            continue
        found = after.get(name)
        said = f"{'Primary identity' if found.primary else 'Identity'} of {found.namespace}" if found else "No identity"
        yield Difference(Kind.CHANGED, name, f"{said} from now on.")


def described(shape: Shape) -> str:
    """The type in a word, or two: ``array of string``."""
    if shape.element is not None:
        return f"{shape.type.value} of {described(shape.element)}"
    return shape.type.value
