"""Schemas and the field groups they are made of: whether a group can be part of one, and what a changed group changes.

A resource is a JSON Schema in the shape of the Schema Registry; a fragment is what a schema takes over from its
parts, ``{"properties": …, "required": …}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dataflows.schemas import components
from dataflows.schemas.components import classes
from dataflows.schemas.reading import SchemaInvalid
from dataflows.schemas.resolving import INSIDE, Resolver
from dataflows.schemas.xdm import EXPERIENCE_EVENT, XdmSchema

Node = dict[str, Any]


def check_group(group: Mapping[str, Any], *, tenant: str) -> None:
    """Raises SchemaInvalid for a group that no schema can be made with, with the pointer into it."""
    try:
        alone = Resolver(components.by_id(tenant, [group]), {"": group})
        _check_fields(alone, group, tenant)
        _check_with_class(alone, group, tenant)
    except RecursionError as problem:
        raise SchemaInvalid("", "The field group is nested too deep.", "Make it less deep.") from problem


def fragment(references: Sequence[str], groups: Iterable[Mapping[str, Any]], *, tenant: str) -> Node:
    """What a schema takes over from the parts it refers to; a reference that nothing has is left out.

    Raises SchemaInvalid when two of them describe one field differently.
    """
    known = components.by_id(tenant, groups)
    whole = {"allOf": [{"$ref": each} for each in references if each in known]}
    resolved = Resolver(known, {"": whole}).resolve(whole)
    return {"properties": resolved.get("properties", {}), "required": resolved.get("required", [])}


def recomposed(document: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Node:
    """The document with ``after`` in the place of the fragment ``before``.

    What it has besides that (fields of its own, other words, looser or stricter limits) stays. Raises SchemaInvalid
    when a field of its own meets one of another type.
    """
    return _node(document, {**document, **before}, {**document, **after}, "")


def _check_fields(alone: Resolver, group: Mapping[str, Any], tenant: str) -> None:
    fields = alone.resolve(group).get("properties")
    if not fields or not isinstance(fields, Mapping):
        remedy = f"Describe them under properties, or under definitions that allOf refers to, inside _{tenant}."
        raise SchemaInvalid("/properties", "A field group has at least one field.", remedy)
    for name in fields:
        if name.startswith("_") and name not in (f"_{tenant}", "_id"):
            what = f"{name[:80]} is not the namespace of this tenant."
            raise SchemaInvalid(alone.place_of(f"/properties/{name}"), what, f"Put the fields under _{tenant}.")


def _check_with_class(alone: Resolver, group: Mapping[str, Any], tenant: str) -> None:
    """The class comes first, as a reference of its own, so that every place stays that of the group."""
    target = _class_of(group)
    own = [{"$ref": group["$ref"]}] if "$ref" in group else []
    trial = {**group, "$ref": target, "allOf": [*group.get("allOf", []), *own]}
    resolved = Resolver(components.by_id(tenant, [trial]), {"": trial}).resolve(trial)
    try:
        XdmSchema.from_json({**resolved, "type": "object", "meta:class": target})
    except SchemaInvalid as problem:
        raise SchemaInvalid(alone.place_of(problem.path), problem.message, problem.remedy) from problem


def _class_of(group: Mapping[str, Any]) -> str:
    extends = group.get("meta:intendedToExtend")
    target = extends[0] if isinstance(extends, list) and extends else EXPERIENCE_EVENT
    if not isinstance(target, str) or target not in classes():
        what = f"The class {str(target)[:120]} is not known here."
        raise SchemaInvalid("/meta:intendedToExtend/0", what, f"Use {' or '.join(classes())}.")
    return target


# --- recomposing --------------------------------------------------------------------------------------------------
def _node(own: Mapping[str, Any], before: Mapping[str, Any] | None, after: Mapping[str, Any], path: str) -> Node:
    if _kind(own) != _kind(after):
        if before is None:
            raise _twice(path)
        return dict(after)
    was = before or {}
    merged = {key: value for key in {**own, **after} if (value := _value(key, own, was, after)) is not None}
    for key in INSIDE:
        if isinstance(own.get(key), Mapping) and isinstance(after.get(key), Mapping):
            merged[key] = _node(own[key], was.get(key), after[key], path)
    if "properties" in own:
        merged["properties"] = _properties(own, was, after, path)
        merged["required"] = _required(own, was, after, merged["properties"])
        if not merged["required"] and own.get("required") != []:
            del merged["required"]
    return merged


def _value(key: str, own: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any]) -> Any:
    """What the document says differently than its part did, it says on purpose."""
    return after.get(key) if own.get(key) == before.get(key) else own.get(key)


def _properties(own: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], path: str) -> Node:
    mine, was, now = (each.get("properties", {}) for each in (own, before, after))
    found: Node = {}
    for name, node in mine.items():
        place = f"{path}.{name}" if path else name
        if name in now:
            found[name] = _node(node, was.get(name), now[name], place)
        elif name not in was:
            found[name] = node
        elif left := _left(node, was[name], place):
            found[name] = left
    return found | {name: node for name, node in now.items() if name not in mine}


def _left(own: Mapping[str, Any], before: Mapping[str, Any], path: str) -> Node:
    """An object that no part has any more, with fields of its own; nothing if it has none."""
    if "properties" not in own:
        return {}
    emptied = {**own, "properties": {}, "required": []}
    left = _node(own, before, emptied, path)
    return left if left["properties"] else {}


def _required(own: Mapping[str, Any], before: Mapping[str, Any], after: Mapping[str, Any], names: Node) -> list[str]:
    mine, was, now = (each.get("required", []) for each in (own, before, after))
    kept = [name for name in mine if name in now or name not in was]
    return [name for name in dict.fromkeys((*kept, *now)) if name in names]


def _kind(node: Mapping[str, Any]) -> tuple[Any, bool]:
    """Objects with fields and maps have the same type."""
    return node.get("type"), "properties" in node


def _twice(path: str) -> SchemaInvalid:
    what = f"{path} is described twice, with different types."
    return SchemaInvalid(f"/properties/{path.replace('.', '/properties/')}", what, "Give one of the two another name.")
