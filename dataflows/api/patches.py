"""Changes as JSON Patch, in the subset that AEP takes: add, replace, remove (fact sheet section 5.8)."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import jsonpatch
import jsonpointer
from pydantic import BaseModel, ValidationError

from dataflows.api import sent, spelling
from dataflows.api.errors import ApiError

OPERATIONS = ("add", "replace", "remove")
FOREIGN = ("move", "copy", "test")
MOST = 100
Body = TypeVar("Body", bound=BaseModel)


def applied(item: Mapping[str, Any], body: Any, allowed: Iterable[str]) -> dict[str, Any]:
    """``item`` as it would be after the change. ``allowed`` are the pointers at or below which changes may be made.

    Raises ApiError: 1405-400 for an empty change, 1434-400 for another operation, 1455-400 for a target there is
    not or that cannot be changed.
    """
    operations = body if isinstance(body, list) else [body]
    if not operations:
        raise ApiError("1405-400", "Body empty", "A change needs at least one operation.", ours="body_missing")
    if len(operations) > MOST:
        raise _invalid(f"A change has at most {MOST} operations.")
    checked = [_checked(operation, tuple(allowed)) for operation in operations]
    try:
        changed: dict[str, Any] = jsonpatch.JsonPatch(checked).apply(copy.deepcopy(dict(item)))
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, TypeError, KeyError) as error:
        raise _invalid(str(error)[:300]) from error
    _check_keys(item, changed)
    return changed


def read(model: type[Body], document: Mapping[str, Any]) -> Body:
    """The changed entity as the body that would have made it. Raises ApiError 1455-400."""
    try:
        return model.model_validate(document)
    except ValidationError as error:
        first = sent.details(error.errors())[0]
        raise _invalid(f"{first.place}: {first.message}") from error


def _check_keys(before: Any, after: Any, place: str = "") -> None:
    """Raises ApiError 1455-400 for a new key that is nearly one the object had, and may have still."""
    if isinstance(before, list) and isinstance(after, list):
        for number, (old, new) in enumerate(zip(before, after, strict=False)):
            _check_keys(old, new, f"{place}/{number}")
    elif isinstance(before, Mapping) and isinstance(after, Mapping):
        for name, value in after.items():
            if name in before:
                _check_keys(before[name], value, f"{place}/{name}")
            elif near := spelling.meant(name, before):
                raise _invalid(f"{place}/{name}: {spelling.words(near)}")


def _checked(operation: Any, allowed: tuple[str, ...]) -> dict[str, Any]:
    if not isinstance(operation, dict) or not isinstance(operation.get("op"), str):
        raise _invalid("An operation is an object with op, path and value.")
    name, path = operation["op"].lower(), operation.get("path")
    if name not in OPERATIONS:
        code = "1434-400" if name in FOREIGN else "1457-400"
        raise ApiError(
            code,
            "Operation not supported",
            f"The operation {name[:40]} is not supported.",
            remedy="Use add, replace or remove.",
            ours="patch_operation",
        )
    if not isinstance(path, str):
        raise _invalid("An operation names its path.")
    if path.startswith("/connectionSpec"):
        raise ApiError(
            "1414-400", "Specification fixed", "The connection specification cannot be changed.", ours="spec_fixed"
        )
    if not any(path == place or path.startswith(f"{place}/") for place in allowed):
        raise _invalid(f"{path[:200] or '/'} cannot be changed.", f"These can: {', '.join(allowed)}.")
    if name != "remove" and "value" not in operation:
        raise _invalid(f"The operation {name} needs a value.")
    rest = {} if name == "remove" else {"value": operation["value"]}
    return {"op": name, "path": path, **rest}


def _invalid(message: str, remedy: str = "") -> ApiError:
    return ApiError("1455-400", "Change not valid", message, remedy=remedy, ours="patch_invalid")
