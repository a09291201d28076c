"""References of an XDM resource followed: ``allOf`` merged, ``$ref`` replaced by what it points at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from dataflows.schemas.components import WITHOUT_FIELDS
from dataflows.schemas.reading import DEEPEST, SchemaInvalid

MOST_NODES = 50_000
# What the Schema Registry adds to every resource and field, and what only leads to fields.
SYSTEM_KEYS = frozenset(
    (
        *("$schema", "version", "imsOrg", "refs", "definitions", "isRequired", "auditable"),
        *("meta:xdmType", "meta:xdmField", "meta:resourceType", "meta:extensible", "meta:abstract", "meta:status"),
        *("meta:registryMetadata", "meta:containerId", "meta:sandboxId", "meta:sandboxType", "meta:tenantNamespace"),
        *("meta:tags", "meta:createdDate", "meta:intendedToExtend", "meta:usageCount", "meta:refProperty"),
    )
)
INSIDE = ("items", "additionalProperties")


class Resolver:
    """``resources`` are the parts a reference may name, by id; ``file`` has those of the file by pointer.

    One resolver is for one schema. ``places`` tells where in the file a pointer of the result comes from;
    ``referred`` which resources were used.
    """

    def __init__(self, resources: Mapping[str, Mapping[str, Any]], file: Mapping[str, Mapping[str, Any]]) -> None:
        self.resources = resources
        self._file = file
        self._pointers = {id(resource): pointer for pointer, resource in file.items()}
        self.places: dict[str, str] = {}
        self.referred: list[str] = []
        self._nodes = 0

    def resolve(self, resource: Mapping[str, Any]) -> dict[str, Any]:
        """The resource with every field in its place. Raises SchemaInvalid with the pointer into the file."""
        return self._node(resource, resource, self._pointers[id(resource)], "", ())

    def place_of(self, pointer: str) -> str:
        """Where in the file the nearest thing to a pointer of the result stands."""
        known = pointer
        while known and known not in self.places:
            known = known.rpartition("/")[0]
        return self._standing(self.places.get(known, "") + pointer[len(known) :])

    def _standing(self, place: str) -> str:
        """``place``, or what it lies in if that does not stand in the file: what a reference brings is told at it."""
        begin = max((each for each in self._file if place == each or place.startswith(f"{each}/")), key=len)
        node: Any = self._file[begin]
        found = begin
        for part in place[len(begin) :].split("/")[1:]:
            if node is None:
                return found.rpartition("/")[0]
            node = _inside(node, _unescaped(part))
            found = f"{found}/{part}"
        return found

    def _node(self, node: Any, root: Mapping[str, Any], at: str, to: str, trail: tuple[str, ...]) -> dict[str, Any]:
        """``at`` is the pointer into the file, ``to`` that into the result, ``trail`` the references that led here."""
        if not isinstance(node, Mapping):
            raise SchemaInvalid(at, "A field is described by an object.", "Write an object with the type of the field.")
        self._nodes += 1
        if self._nodes > MOST_NODES or to.count("/") > 2 * DEEPEST + 4:
            raise SchemaInvalid(
                at, "With its references resolved the schema is too large or too deep.", "Refer to less of it."
            )
        self.places.setdefault(to, at)
        merged: dict[str, Any] = {}
        if "$ref" in node:
            self._merge(merged, self._referred(node["$ref"], root, f"{at}/$ref", to, trail), at)
        self._all_of(node, root, at, to, trail, merged)
        self._merge(merged, self._own(node, root, at, to, trail), at)
        return merged

    def _all_of(
        self,
        node: Mapping[str, Any],
        root: Mapping[str, Any],
        at: str,
        to: str,
        trail: tuple[str, ...],
        merged: dict[str, Any],
    ) -> None:
        parts = node.get("allOf", [])
        if not isinstance(parts, list):
            raise SchemaInvalid(f"{at}/allOf", "allOf is a list.", "Write a list of objects with a $ref each.")
        for number, part in enumerate(parts):
            self._merge(merged, self._node(part, root, f"{at}/allOf/{number}", to, trail), f"{at}/allOf/{number}")

    def _own(
        self, node: Mapping[str, Any], root: Mapping[str, Any], at: str, to: str, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        own = {key: value for key, value in node.items() if key not in SYSTEM_KEYS and key not in ("$ref", "allOf")}
        if isinstance(own.get("properties"), Mapping):
            own["properties"] = {
                name: self._node(child, root, f"{at}/properties/{name}", f"{to}/properties/{name}", trail)
                for name, child in own["properties"].items()
            }
        for key in INSIDE:
            if isinstance(own.get(key), Mapping):
                own[key] = self._node(own[key], root, f"{at}/{key}", f"{to}/{key}", trail)
        if own.get("required") == []:
            del own["required"]
        return own

    def _referred(
        self, reference: Any, root: Mapping[str, Any], at: str, to: str, trail: tuple[str, ...]
    ) -> dict[str, Any]:
        if not isinstance(reference, str):
            raise SchemaInvalid(at, "A reference is a text.", "Write the id of what is meant.")
        if reference in WITHOUT_FIELDS:
            return {}
        name = reference if not reference.startswith("#") else f"{root.get('$id', '')}{reference}"
        if name in trail:
            raise SchemaInvalid(
                at,
                f"The reference {reference[:120]} leads back to itself, so the schema would never end.",
                "Replace it by the fields themselves, down to the depth that is needed.",
            )
        target, owner = self._target(reference, root, at)
        # What is shipped has no place in the file; its faults, if any, are told at the reference.
        known = self._pointers.get(id(owner))
        place = at if known is None else known + reference.partition("#")[2]
        return self._node(target, owner, place, to, (*trail, name))

    def _target(self, reference: str, root: Mapping[str, Any], at: str) -> tuple[Any, Mapping[str, Any]]:
        base, _, pointer = reference.partition("#")
        if base:
            found = self.resources.get(base)
            if found is None:
                raise SchemaInvalid(
                    at,
                    f"Nothing here is called {reference[:120]}.",
                    "Correct the id, bring what it names, or take the schema in its full form (xed-full).",
                )
            if base not in self.referred:
                self.referred.append(base)
            root = found
        target: Any = root
        for part in [_unescaped(unquote(part)) for part in pointer.split("/")[1:]]:
            target = _inside(target, part)
        if target is None:
            raise SchemaInvalid(
                at, f"{reference[:120]} points at nothing.", "Correct the reference or add what it names."
            )
        return target, root

    def _merge(self, into: dict[str, Any], other: Mapping[str, Any], at: str) -> None:
        for key, value in other.items():
            if key == "properties" and isinstance(value, Mapping) and isinstance(into.get(key), dict):
                self._merge_properties(into[key], value, at)
            elif key == "required" and isinstance(value, list) and isinstance(into.get(key), list):
                into[key] = [*into[key], *(name for name in value if name not in into[key])]
            else:
                into[key] = value

    def _merge_properties(self, into: dict[str, Any], other: Mapping[str, Any], at: str) -> None:
        for name, node in other.items():
            known = into.get(name)
            if known is None:
                into[name] = node
            elif known.get("type", node.get("type")) != node.get("type", known.get("type")):
                raise self._twice(f"{at}/properties/{name}")
            else:
                self._merge(known, node, f"{at}/properties/{name}")

    def _twice(self, at: str) -> SchemaInvalid:
        field = ".".join(part.rstrip("/") for part in at.split("/properties/")[1:])
        what = f"{field} is described twice, with different types."
        return SchemaInvalid(self._standing(at), what, "Keep one of the two descriptions.")


def _unescaped(part: str) -> str:
    return part.replace("~1", "/").replace("~0", "~")


def _inside(node: Any, part: str) -> Any:
    if isinstance(node, list):
        return node[int(part)] if part.isascii() and part.isdigit() and int(part) < len(node) else None
    return node.get(part) if isinstance(node, Mapping) else None
