"""Identity descriptors: which field of a schema identifies whom."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Field, Query, Router

from connectors import audit
from connectors.roles import User
from dataflows.api import errors, etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import answers
from dataflows.api.registry import resources
from dataflows.api.registry.resources import RegistryQuery
from dataflows.api.registry.schemas import find as find_schema
from dataflows.api.registry.schemas import save
from dataflows.api.sent import Sent
from dataflows.models import Schema
from dataflows.schemas import XdmSchema, building, identities

router = Router(tags=["Schema Registry: descriptors"], by_alias=True)
KIND = "descriptor"
OWN = ("@type", "xdm:sourceProperty", "xdm:namespace", "xdm:property", "xdm:isPrimary")


class DescriptorBody(Sent):
    """Only identities are kept; other descriptors are refused."""

    kind: Literal["xdm:descriptorIdentity"] = Field(alias="@type")
    source: str = Field(max_length=500, alias="xdm:sourceSchema")
    property: str = Field(max_length=500, alias="xdm:sourceProperty")
    namespace: str = Field(min_length=1, max_length=255, alias="xdm:namespace")
    primary: bool = Field(False, alias="xdm:isPrimary")


@router.get("/tenant/descriptors", response=answers(dict[str, Any]))
def descriptors(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """By type; as a page for ``xdm-v2``."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    found = [told for _, told in _all(reader(request))]
    form = resources.accepted(request)
    if "-v2" in form:
        return resources.listed(request, found, query)
    return JsonResponse({identities.KIND: found} if found else {})


@router.post("/tenant/descriptors", response=answers(dict[str, Any], status=201, changes=True))
def descriptor_create(request: HttpRequest, body: DescriptorBody) -> JsonResponse:
    """Make a field an identity; a primary one takes over from another."""
    by = editor(request)
    listing.check_parameters(request, ())
    return JsonResponse(_with(by, body), status=201)


@router.get("/tenant/descriptors/{descriptor_id}", response=answers(dict[str, Any]))
def descriptor(request: HttpRequest, descriptor_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    _, found = find(reader(request), descriptor_id)
    return resources.one(found)


@router.put("/tenant/descriptors/{descriptor_id}", response=answers(dict[str, Any], status=201, changes=True))
def descriptor_put(request: HttpRequest, descriptor_id: str, body: Body[DescriptorBody]) -> JsonResponse:
    """Write the descriptor anew."""
    by = editor(request)
    listing.check_parameters(request, ())
    schema, current = find(by, descriptor_id)
    etags.check(request, etags.stamped(current), needed=False)
    if (body.source, body.property) != (current["xdm:sourceSchema"], current["xdm:sourceProperty"]):
        _without(schema, current, by)
    return JsonResponse({"@id": _with(by, body)["@id"]}, status=201)


@router.delete("/tenant/descriptors/{descriptor_id}", response=answers(None, status=204, changes=True))
def descriptor_delete(request: HttpRequest, descriptor_id: str) -> HttpResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    schema, current = find(by, descriptor_id)
    etags.check(request, etags.stamped(current), needed=False)
    _without(schema, current, by)
    return HttpResponse(status=204)


def find(user: User, descriptor_id: str) -> tuple[Schema, dict[str, Any]]:
    """Raises ApiError 1012-404."""
    for schema, found in _all(user):
        if found["@id"] == descriptor_id:
            return schema, found
    raise resources.not_found(KIND, descriptor_id)


def _all(user: User) -> Iterator[tuple[Schema, dict[str, Any]]]:
    for schema in Schema.objects.visible_to(user):
        for each in schema.document.get("meta:descriptors", []):
            if each.get("@type") == identities.KIND:
                yield schema, _told(schema, each)


def _told(schema: Schema, each: Mapping[str, Any]) -> dict[str, Any]:
    source = str(schema.document["$id"])
    key = hashlib.sha256(f"{source} {each['xdm:sourceProperty']}".encode()).hexdigest()[:40]
    own = {name: each[name] for name in OWN if name in each}
    return {
        "@id": key,
        "xdm:sourceSchema": source,
        "xdm:sourceVersion": 1,
        **own,
        "version": "1",
        "meta:containerId": "tenant",
    }


def _with(by: User, body: DescriptorBody) -> dict[str, Any]:
    schema = find_schema(by, body.source)
    path = tuple(body.property.strip("/").split("/"))
    if not XdmSchema.from_json(schema.document).has(path):
        raise errors.bad_value(
            "xdm:sourceProperty",
            f"The schema has no field {body.property[:200]}.",
            "Write the path with slashes and without “properties”, as in /_tenant/distinct_id.",
        )
    document = building.with_identity(schema.document, path, body.namespace, primary=body.primary)
    save(schema, document, by, note=f"Identity of {body.property}")
    audit.record(by, schema, audit.CHANGED, "descriptor")
    wanted = f"/{'/'.join(path)}"
    return next(
        _told(schema, each) for each in document["meta:descriptors"] if each.get("xdm:sourceProperty") == wanted
    )


def _without(schema: Schema, current: Mapping[str, Any], by: User) -> None:
    path = tuple(str(current["xdm:sourceProperty"]).strip("/").split("/"))
    document = building.with_identity(schema.document, path, "", primary=False)
    save(schema, document, by, note=f"No identity of {current['xdm:sourceProperty']}")
    audit.record(by, schema, audit.CHANGED, "descriptor")
