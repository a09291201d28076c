"""Schema documents made and changed step by step; every function returns a new document.

What does not make sense raises BuildRefused; whether the whole is a schema says ``XdmSchema.from_json``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dataflows.schemas import identities
from dataflows.schemas.components import Component, classes, field_groups
from dataflows.schemas.names import OWN_NAME
from dataflows.schemas.nodes import object_of

Document = dict[str, Any]
Path = Sequence[str]


class BuildRefused(Exception):
    """``path`` is dotted, "" for the schema as a whole; ``message`` and ``remedy`` are sentences."""

    def __init__(self, path: str, message: str, remedy: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)
        self.path, self.message, self.remedy = path, message, remedy


def new_document(
    title: str, description: str, class_id: str, groups: Iterable[str], *, tenant: str, key: str
) -> Document:
    """A schema of a class and field groups; ``key`` (hexadecimal digits) makes its id. Raises BuildRefused."""
    base = classes().get(class_id)
    if base is None:
        raise BuildRefused("", f"There is no class {class_id}.", "Choose one of the classes offered.")
    document: Document = {
        "$id": f"https://ns.adobe.com/{tenant}/schemas/{key}",
        "meta:altId": f"_{tenant}.schemas.{key}",
        "meta:class": class_id,
        "meta:extends": [class_id],
        "title": title,
        "description": description,
        "type": "object",
        "properties": copy.deepcopy(dict(base.properties)),
        "required": list(base.required),
    }
    for group in groups:
        document = with_group(document, group, tenant=tenant)
    return document


def with_words(document: Mapping[str, Any], title: str, description: str) -> Document:
    return {**document, "title": title, "description": description}


def with_group(document: Mapping[str, Any], group_id: str, *, tenant: str) -> Document:
    """The document with the fields of a field group; one it has already changes nothing. Raises BuildRefused."""
    group = field_groups(tenant).get(group_id)
    if group is None or document["meta:class"] not in group.extends:
        known = group.title if group else group_id
        raise BuildRefused("", f"The field group {known} does not suit this class.", "Choose another field group.")
    changed = copy.deepcopy(dict(document))
    _merge(changed["properties"], copy.deepcopy(dict(group.properties)), ())
    changed["meta:extends"] = [*_extends(changed), *([] if group_id in _extends(changed) else [group_id])]
    return changed


def groups_of(document: Mapping[str, Any], tenant: str) -> list[Component]:
    """The shipped field groups the document is made of."""
    return [group for group in field_groups(tenant).values() if group.id in _extends(document)]


def owners(document: Mapping[str, Any], tenant: str) -> dict[tuple[str, ...], str]:
    """Which fields belong to the class or to a field group: path → its title. The others are the schema's own."""
    parts = [*groups_of(document, tenant)]
    if base := classes().get(str(document.get("meta:class"))):
        parts.insert(0, base)
    found: dict[tuple[str, ...], str] = {}
    for part in parts:
        for path in _paths(part.properties, ()):
            # The tenant's object itself belongs to nobody: several groups and own fields share it.
            if path != (f"_{tenant}",):
                found.setdefault(path, part.title)
    return found


def with_field(document: Mapping[str, Any], path: Path, node: Mapping[str, Any], *, required: bool = False) -> Document:
    """The document with one more field; objects above it are made as needed. Raises BuildRefused."""
    changed = copy.deepcopy(dict(document))
    parent = _parent(changed, path)
    if taken := next((name for name in parent["properties"] if name.lower() == path[-1].lower()), None):
        raise BuildRefused(
            ".".join((*path[:-1], taken)),
            f"There is a field {taken} already."
            if taken == path[-1]
            else f"The name differs from {taken} only in capitals.",
            "Choose another name, or change the field that is there.",
        )
    parent["properties"][path[-1]] = dict(node)
    _set_required(parent, path[-1], required)
    return changed


def changed_field(document: Mapping[str, Any], path: Path, changes: Mapping[str, Any], *, required: bool) -> Document:
    """The document with other keys at one field; a key whose value is empty is taken out. Raises BuildRefused."""
    changed = copy.deepcopy(dict(document))
    parent = _found_parent(changed, path)
    node = parent["properties"][path[-1]]
    for key, value in changes.items():
        target = node["items"] if node.get("type") == "array" and key not in ("title", "description") else node
        if value in ("", None, [], ()):
            target.pop(key, None)
        else:
            target[key] = value
    _set_required(parent, path[-1], required)
    return changed


def without_field(document: Mapping[str, Any], path: Path) -> Document:
    """The document without a field, its identity, and objects above it that are empty then. Raises BuildRefused."""
    changed = copy.deepcopy(dict(document))
    for size in range(len(path), 0, -1):
        parent = _found_parent(changed, path[:size])
        del parent["properties"][path[size - 1]]
        _set_required(parent, path[size - 1], False)
        if parent["properties"] or size == 1:
            break
    descriptors = changed.get("meta:descriptors", [])
    changed["meta:descriptors"] = [each for each in descriptors if not _lies_in(each, path)]
    return changed


def with_identity(document: Mapping[str, Any], path: Path, namespace: str, *, primary: bool) -> Document:
    """The field as an identity of ``namespace``, or as none if that is ""; a primary one takes over from another."""
    changed = copy.deepcopy(dict(document))
    kept = [each for each in changed.get("meta:descriptors", []) if not _is_identity_of(each, path)]
    if namespace and primary:
        kept = [{**each, "xdm:isPrimary": False} if each.get("@type") == identities.KIND else each for each in kept]
    if namespace:
        kept.append(identities.descriptor(path, namespace, primary=primary))
    if kept or "meta:descriptors" in changed:
        changed["meta:descriptors"] = kept
    return changed


def check_own_name(name: str) -> None:
    """Raises BuildRefused for a name that XDM does not allow for a field of one's own."""
    if not OWN_NAME.fullmatch(name):
        raise BuildRefused(
            name,
            "A name has letters, digits, - and _, and starts with a letter or digit.",
            "Rename it, as in plan_type.",
        )


def _extends(document: Mapping[str, Any]) -> list[str]:
    found = document.get("meta:extends", [document["meta:class"]])
    return list(found) if isinstance(found, list) else []


def _merge(into: Document, properties: Mapping[str, Any], above: tuple[str, ...]) -> None:
    for name, node in properties.items():
        known = into.get(name)
        if known is None:
            into[name] = node
        elif "properties" in known and "properties" in node:
            _merge(known["properties"], node["properties"], (*above, name))
        elif known.get("type") != node.get("type"):
            path = ".".join((*above, name))
            raise BuildRefused(path, f"There is a field {path} of another type already.", "Rename that field first.")


def _paths(properties: Mapping[str, Any], above: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    for name, node in properties.items():
        yield (*above, name)
        yield from _paths(node.get("properties", {}), (*above, name))


def _parent(document: Document, path: Path) -> Document:
    """The object a new field goes into, made if it is not there."""
    node = document
    for number, name in enumerate(path[:-1]):
        node = node["properties"].setdefault(name, object_of({}))
        if "properties" not in node:
            place = ".".join(path[: number + 1])
            raise BuildRefused(place, f"{place} is no object, so no field lies in it.", "Choose another place.")
    return node


def _found_parent(document: Document, path: Path) -> Document:
    node: Any = document
    for name in path[:-1]:
        node = node.get("properties", {}).get(name, {})
    if not path or path[-1] not in node.get("properties", {}):
        raise BuildRefused(".".join(path), f"There is no field {'.'.join(path)}.", "Reload the page.")
    found: Document = node
    return found


def _set_required(parent: Document, name: str, required: bool) -> None:
    names = [each for each in parent.get("required", []) if each != name] + ([name] if required else [])
    if names or "required" in parent:
        parent["required"] = names


def _is_identity_of(descriptor: Mapping[str, Any], path: Path) -> bool:
    return descriptor.get("@type") == identities.KIND and _source(descriptor) == list(path)


def _lies_in(descriptor: Mapping[str, Any], path: Path) -> bool:
    return descriptor.get("@type") == identities.KIND and _source(descriptor)[: len(path)] == list(path)


def _source(descriptor: Mapping[str, Any]) -> list[str]:
    return str(descriptor.get("xdm:sourceProperty", "")).removeprefix("/").split("/")
