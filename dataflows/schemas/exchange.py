"""Schemas as files in the shape of Adobe's Schema Registry: read and written.

Read are a schema in its full form (xed-full), one that refers to classes and field groups shipped here or defined in
the file, and the list of resources that the Registry's export gives.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

from dataflows.schemas import components, identities
from dataflows.schemas.components import classes
from dataflows.schemas.reading import SchemaInvalid
from dataflows.schemas.resolving import Resolver
from dataflows.schemas.shapes import Shape, XdmType
from dataflows.schemas.xdm import XdmSchema

MOST_BYTES = 5 * 1024 * 1024
XDM_WORDS = {XdmType.DOUBLE: "number", XdmType.INTEGER: "int"}


def read_file(content: bytes, *, tenant: str, key: str) -> dict[str, Any]:
    """The document of a file. ``key`` makes the id of a schema that has none.

    Raises SchemaInvalid with the pointer into the file, a sentence and a remedy.
    """
    resources, descriptors = _parts(_parsed(content))
    return _made(_schema_among(list(resources.values())), resources, descriptors, tenant, key)


def read_parts(
    schema: Mapping[str, Any], parts: Mapping[str, Mapping[str, Any]], *, tenant: str, key: str
) -> dict[str, Any]:
    """The document of a schema that may refer to ``parts``, each under the words its places are to begin with.

    Raises SchemaInvalid with the pointer into the schema, or into the part that is named.
    """
    return _made(schema, {**parts, "": schema}, [], tenant, key)


def _made(
    schema: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]], descriptors: list[Any], tenant: str, key: str
) -> dict[str, Any]:
    try:
        return _resolved(schema, resources, descriptors, tenant, key)
    except RecursionError as problem:
        raise SchemaInvalid("", "The schema is nested too deep.", "Make it less deep.") from problem


def _resolved(
    schema: Mapping[str, Any], resources: Mapping[str, Mapping[str, Any]], descriptors: list[Any], tenant: str, key: str
) -> dict[str, Any]:
    for pointer, resource in resources.items():
        _check_storable(resource, pointer)
    resolver = Resolver(components.by_id(tenant, resources.values()), resources)
    resolved = resolver.resolve(schema)
    try:
        document = _completed(resolved, schema, resolver, descriptors, tenant, key)
        XdmSchema.from_json(document)
    except SchemaInvalid as problem:
        raise SchemaInvalid(resolver.place_of(problem.path), problem.message, problem.remedy) from problem
    return document


def write_file(document: Mapping[str, Any], version: int) -> dict[str, Any]:
    """The document as the Registry would answer with it, with the keys that it adds; ``read_file`` undoes it."""
    tenant = str(document.get("meta:altId", "")).split(".")[0]
    own = {
        "meta:resourceType": "schemas",
        "version": f"1.{version - 1}",
        "meta:abstract": False,
        "meta:extensible": False,
        "meta:containerId": "tenant",
    }
    namespace = {"meta:tenantNamespace": tenant} if tenant else {}
    return {**_with_types(document, XdmSchema.from_json(document).root), **own, **namespace}


def _parsed(content: bytes) -> Any:
    if len(content) > MOST_BYTES:
        megabytes = f"{len(content) / 1024 / 1024:.1f}"
        raise SchemaInvalid(
            "",
            f"The file has {megabytes} MB, a schema has at most {MOST_BYTES // 1024 // 1024}.",
            "Choose another file.",
        )
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_no_twins, parse_constant=_no_constant)
    except UnicodeDecodeError as error:
        raise SchemaInvalid("", f"Byte {error.start} is not UTF-8.", "Save the file as UTF-8.") from error
    except RecursionError as error:
        raise SchemaInvalid("", "The file is nested too deep.", "Import a schema that is less deep.") from error
    except json.JSONDecodeError as error:
        what = f"The file is not JSON: {error.msg} in line {error.lineno}, column {error.colno}."
        raise SchemaInvalid("", what, "Export the schema as JSON and choose that file.") from error
    except ValueError as error:
        raise SchemaInvalid("", f"The file is not JSON: {str(error)[:120]}.", "Correct the number.") from error


def _no_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twin = next(name for name in names if names.count(name) > 1)
        raise SchemaInvalid(
            "", f"An object of the file has the key “{twin[:80]}” twice.", "Remove or rename one of the two."
        )
    return found


def _no_constant(name: str) -> Any:
    raise SchemaInvalid("", f"{name} is no JSON value.", "Replace it by a number.")


def _check_storable(value: Any, at: str) -> None:
    """No database keeps NUL, half of a character or an infinite number, and no field has any use for them."""
    match value:
        case str() if "\x00" in value or not _is_whole(value):
            raise SchemaInvalid(at, "The text has a character that cannot be stored.", "Take it out.")
        case float() if not isfinite(value):
            raise SchemaInvalid(at, "The number is too large.", "Use a smaller number.")
        case dict():
            for key, inner in value.items():
                _check_storable(key, at)
                _check_storable(inner, f"{at}/{key}")
        case list():
            for number, inner in enumerate(value):
                _check_storable(inner, f"{at}/{number}")


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _parts(parsed: Any) -> tuple[dict[str, Mapping[str, Any]], list[Any]]:
    """The resources of a file by their pointers, and its descriptors if they stand beside them."""
    items = {f"/{number}": each for number, each in enumerate(parsed)} if isinstance(parsed, list) else {"": parsed}
    if not items or not all(isinstance(each, Mapping) for each in items.values()):
        raise SchemaInvalid(
            "", "The file is JSON but not an XDM schema, which is an object.", "Choose the file of an exported schema."
        )
    descriptors = {at for at, each in items.items() if str(each.get("@type", "")).startswith("xdm:descriptor")}
    return {at: each for at, each in items.items() if at not in descriptors}, [items[at] for at in sorted(descriptors)]


def _schema_among(resources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    looks = [each for each in resources if "properties" in each or "allOf" in each or "$ref" in each]
    schemas = [each for each in looks if each.get("meta:resourceType", "schemas") == "schemas"]
    if not schemas:
        raise SchemaInvalid(
            "/properties",
            "The file is JSON but not an XDM schema: it has neither properties nor allOf.",
            "Choose the file of an exported schema.",
        )
    return schemas[-1]


def _completed(
    resolved: dict[str, Any],
    schema: Mapping[str, Any],
    resolver: Resolver,
    descriptors: Sequence[Any],
    tenant: str,
    key: str,
) -> dict[str, Any]:
    """What the Registry would know from elsewhere: class, ids, descriptors."""
    class_id = schema.get("meta:class") or next((each for each in resolver.referred if each in classes()), None)
    if class_id not in classes():
        raise SchemaInvalid(
            "/meta:class" if "meta:class" in schema else "/allOf",
            f"The class {str(class_id)[:120]} is not known here." if class_id else "The schema names no class.",
            f"Use {' or '.join(classes())}.",
        )
    extends = schema.get("meta:extends", [])
    known = [*extends] if isinstance(extends, list) else []
    resolved["meta:class"] = class_id
    if resolver.referred or known:
        resolved["meta:extends"] = list(dict.fromkeys([class_id, *known, *resolver.referred]))
    resolved.setdefault("type", "object")
    resolved.setdefault("$id", f"https://ns.adobe.com/{tenant}/schemas/{key}")
    resolved.setdefault("meta:altId", f"_{tenant}.schemas.{key}")
    if found := [each for each in descriptors if each.get("@type") == identities.KIND]:
        resolved["meta:descriptors"] = [*resolved.get("meta:descriptors", []), *found]
    return resolved


def _with_types(node: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """The node and all inside it with the type's name in the words of XDM."""
    typed = {**node, "meta:xdmType": XDM_WORDS.get(shape.type, shape.type.value)}
    if shape.type is XdmType.OBJECT:
        typed["properties"] = {
            name: _with_types(child, shape.children[name]) for name, child in node["properties"].items()
        }
    for key in ("items", "additionalProperties"):
        if shape.element is not None and key in node:
            typed[key] = _with_types(node[key], shape.element)
    return typed
