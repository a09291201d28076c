"""Arrays and maps that several rows fill together: ``items[0].SKU``, ``items[*].name``, ``identityMap.Email[0].id``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from dataflows.mapping.casts import CastError, cast, mismatch
from dataflows.mapping.origins import Assembled, Inner, Member, Origin
from dataflows.mapping.paths import EVERY
from dataflows.schemas import Shape, XdmType


def assemble(assembled: Assembled, shape: Shape, value_of: Callable[[Origin], Any]) -> tuple[Any, CastError | None]:
    """The array or map, and the first thing that went wrong: only that member is left out."""
    made: Any = None
    first_error = None
    for member in assembled.members:
        try:
            value = checked(member, value_of(member.origin))
        except CastError as error:
            first_error = first_error or CastError(error.code, f"{member.leaf.name}: {error.message}")
            continue
        if value is not None:
            made = _placed(made, member.inner, value)
    try:
        return cast(made, shape), first_error
    except CastError as error:
        return None, first_error if first_error and first_error.fatal else error


def checked(member: Member, value: Any) -> Any:
    """The value if it, or each of its elements where ``[*]`` spreads them, can become what is wanted there."""
    _check(value, member.inner.count(EVERY), member.leaf.shape)
    return value


def _check(value: Any, spread: int, shape: Shape) -> None:
    if value is None:
        return
    if spread == 0:
        cast(value, shape)
        return
    if type(value) is not list:
        raise mismatch(XdmType.ARRAY, value)
    for item in value:
        _check(item, spread - 1, shape)


def _placed(container: Any, inner: Inner, value: Any) -> Any:
    """The container, made if there is none, with the value at a place inside it."""
    if not inner:
        return value
    part, rest = inner[0], inner[1:]
    if part == EVERY:
        return _spread([] if container is None else container, rest, value)
    if isinstance(part, int):
        items = [] if container is None else container
        items.extend([None] * (part + 1 - len(items)))
        items[part] = _placed(items[part], rest, value)
        return items
    fields = {} if container is None else container
    fields[part] = _placed(fields.get(part), rest, value)
    return fields


def _spread(items: list[Any], rest: Inner, values: list[Any]) -> list[Any]:
    items.extend([None] * (len(values) - len(items)))
    for position, value in enumerate(values):
        if value is not None:
            items[position] = _placed(items[position], rest, value)
    return items
