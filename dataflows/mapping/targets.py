"""The destination of a mapping row → the place in the schema that it fills."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import takewhile

from dataflows.mapping.origins import Inner
from dataflows.mapping.paths import EVERY, Part, PathInvalid, parse_target, write_target
from dataflows.mapping.problems import Code, Problem, Refused, in_words
from dataflows.schemas import Field, Shape, XdmSchema, XdmType

LAST_ELEMENT = 999


@dataclass(frozen=True)
class Target:
    """Where a row goes: a field of the schema, or (``inner`` is not empty) a place inside an array or a map of it.

    ``leaf`` is what the row's values become; of a place inside it is made up for this, and named as the row wrote it.
    """

    field: Field
    inner: Inner
    leaf: Field

    @property
    def path(self) -> tuple[Part, ...]:
        return (*self.field.path, *self.inner)

    @property
    def wanted(self) -> Field:
        """What a source has to give: where ``[*]`` spreads it over elements, an array of what they become."""
        shape = self.leaf.shape
        for _ in range(self.inner.count(EVERY)):
            shape = Shape(XdmType.ARRAY, element=shape)
        return replace(self.leaf, shape=shape)


@dataclass(frozen=True)
class Filled:
    """The fields that rows fill. ``touched``: they themselves and the objects around them."""

    targets: frozenset[tuple[str, ...]]
    touched: frozenset[tuple[str, ...]]

    @classmethod
    def of(cls, paths: Iterable[tuple[Part, ...]]) -> Filled:
        targets = frozenset(_names(path) for path in paths)
        return cls(targets, frozenset(path[:size] for path in targets for size in range(len(path) + 1)))

    def requires(self, field: Field) -> bool:
        """Whether a record cannot be loaded without it: always, or because the object around it is filled."""
        return field.required or (field.required_in_parent and field.path[:-1] in self.touched)

    def covers(self, field: Field) -> bool:
        """Whether it has a row of its own, of an object around it, or of a field inside it."""
        return field.path in self.touched or any(
            field.path[:size] in self.targets for size in range(1, len(field.path))
        )


def _names(path: tuple[Part, ...]) -> tuple[str, ...]:
    """The names before the first element or key inside a field; too long for a map, which does no harm here."""
    return tuple(str(part) for part in takewhile(lambda part: isinstance(part, str) and part != EVERY, path))


def target_of(text: str, schema: XdmSchema) -> Target:
    try:
        parts = parse_target(text)
    except PathInvalid as error:
        raise Refused(
            "destination", Code.TARGET_PATH_INVALID, str(error), "Choose the target field from the schema."
        ) from error
    size = next((size for size in range(len(parts), 0, -1) if schema.has(parts[:size])), 0)  # type: ignore[arg-type]
    field = schema.field(tuple(str(part) for part in parts[:size])) if size else None
    if field is None or (field.xdm_type is XdmType.OBJECT and size < len(parts)):
        raise _unknown(text, schema)
    inner = parts[size:]
    if not inner:
        return Target(field, (), field)
    shape = _shape_inside(text, field.shape, inner, schema)
    return Target(field, inner, Field((text,), shape, required=False, required_in_parent=False))


def _unknown(text: str, schema: XdmSchema) -> Refused:
    near = get_close_matches(text, [field.name for field in schema.fields()], 1)
    remedy = f"Did you mean {near[0]}?" if near else "Choose the target field from the schema."
    return Refused("destination", Code.TARGET_UNKNOWN, f"The schema “{schema.title}” has no field {text}.", remedy)


def _shape_inside(text: str, shape: Shape, inner: Inner, schema: XdmSchema) -> Shape:
    """What is at a place inside an array or a map."""
    for part in inner:
        if isinstance(part, int) or part == EVERY:
            if shape.type is not XdmType.ARRAY or shape.element is None:
                message = f"{text} asks for an element of what is no array."
                raise Refused("destination", Code.TARGET_IN_ARRAY, message, "Leave out the brackets.")
            if isinstance(part, int) and part > LAST_ELEMENT:
                message = f"{text} is beyond the {LAST_ELEMENT + 1} elements that can be filled one by one."
                raise Refused("destination", Code.TARGET_IN_ARRAY, message, "Map a source array onto the whole array.")
            shape = shape.element
        elif shape.type is XdmType.MAP and shape.element is not None:
            shape = shape.element
        elif part in shape.children:
            shape = shape.children[part]
        else:
            raise _unknown(text, schema)
    return shape


def taken(number: int, target: Target, targets: Mapping[tuple[Part, ...], int]) -> Problem | None:
    if target.path in targets:
        first = targets[target.path]
        message = f"{target.leaf.name} is already mapped by {in_words(first)}."
        return Problem(number, "destination", Code.TARGET_TWICE, message, "Remove one of the two rows.", first)
    for path, other in targets.items():
        if _overlap(path, target.path):
            message = f"{target.leaf.name} and {write_target(path)} ({in_words(other)}) are one inside the other."
            remedy = "Keep the row of the object or those of its fields."
            return Problem(number, "destination", Code.TARGET_OVERLAPS, message, remedy, other)
    return None


def _overlap(one: tuple[Part, ...], other: tuple[Part, ...]) -> bool:
    """One lies inside the other; of elements also when one side means all of them and the other a certain one."""
    for left, right in zip(one, other, strict=False):
        if left != right:
            return EVERY in (left, right) and isinstance(left if right == EVERY else right, int)
    return True
