"""Schemas of the registry: made of classes and field groups, changed, removed."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Query, Router

from connectors import audit
from connectors.roles import User
from dataflows.api import etags, listing, patches
from dataflows.api.access import editor, reader
from dataflows.api.answers import answers
from dataflows.api.errors import ApiError
from dataflows.api.registry import field_groups, resources
from dataflows.api.registry.resources import RegistryQuery, Resource, Results
from dataflows.api.schemas import matching
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schemas import exchange

router = Router(tags=["Schema Registry: schemas"], by_alias=True)
KIND = "schema"
PATCHABLE = ("/title", "/description", "/allOf")


@router.get("/tenant/schemas", response=answers(Results))
def schemas(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    listing.check_parameters(request, RegistryQuery.model_fields)
    return resources.listed(request, [item(each) for each in _visible(reader(request))], query)


@router.get("/global/schemas", response=answers(Results))
def global_schemas(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """Adobe's own container, which holds no schemas here."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    return resources.listed(request, [], query)


@router.post("/tenant/schemas", response=answers(dict[str, Any], status=201, changes=True))
def schema_create(request: HttpRequest, body: Body[dict[str, Any]]) -> JsonResponse:
    """``allOf`` refers to a class and to field groups, shipped or registered."""
    by = editor(request)
    listing.check_parameters(request, ())
    key, tenant = secrets.token_hex(24), settings.TENANT
    ids = {"$id": f"https://ns.adobe.com/{tenant}/schemas/{key}", "meta:altId": f"_{tenant}.schemas.{key}"}
    document = _resolved({**body, **ids}, by)
    with resources.refusing():
        made = schema_changes.create(document, note="Made by a program.", by=by)
    audit.record(by, made, audit.ADDED)
    return JsonResponse(item(made), status=201)


@router.get("/tenant/schemas/{path:schema_id}", response=answers(dict[str, Any]))
def schema(request: HttpRequest, schema_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    found = find(reader(request), schema_id)
    resources.accepted(request)
    return resources.one(item(found))


@router.put("/tenant/schemas/{path:schema_id}", response=answers(dict[str, Any], changes=True))
def schema_put(request: HttpRequest, schema_id: str, body: Body[dict[str, Any]]) -> JsonResponse:
    """The body as the next version of the schema; once data is loaded, only additions are accepted."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, schema_id)
    etags.check(request, etags.stamped(item(found)), needed=False)
    return _save(found, {**body, **_ids(found)}, by)


@router.patch("/tenant/schemas/{path:schema_id}", response=answers(dict[str, Any], changes=True))
def schema_patch(request: HttpRequest, schema_id: str, body: Body[list[Any] | dict[str, Any]]) -> JsonResponse:
    """Title, description, and further field groups at ``/allOf/-``."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, schema_id)
    current = item(found)
    etags.check(request, etags.stamped(current), needed=False)
    wanted = patches.applied(current, body, PATCHABLE)
    gone = [each for each in current["allOf"] if each not in wanted.get("allOf", [])]
    if gone:
        raise ApiError(
            "1455-400", "Change not valid", "A field group that is part of a schema stays.", ours="patch_invalid"
        )
    return _save(found, {**wanted, **_ids(found)}, by)


@router.delete("/tenant/schemas/{path:schema_id}", response=answers(None, status=204, changes=True))
def schema_delete(request: HttpRequest, schema_id: str) -> HttpResponse:
    """Only a schema that no dataset and no draft uses."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, schema_id)
    etags.check(request, etags.stamped(item(found)), needed=False)
    with resources.refusing(), audit.deleting(by, found):
        schema_changes.delete(found)
    return HttpResponse(status=204)


def find(user: User, schema_id: str) -> Schema:
    """By ``$id`` or ``meta:altId``. Raises ApiError 1012-404."""
    found = matching(user, schema_id)
    if found is None:
        raise resources.not_found(KIND, schema_id)
    return found


def item(schema: Schema) -> Resource:
    """The schema as the registry tells it, with references to what it is made of."""
    document = exchange.write_file(schema.document, schema.version)
    extends = list(schema.document.get("meta:extends") or [schema.document["meta:class"]])
    references = [{"$ref": each, "type": "object", "meta:xdmType": "object"} for each in extends]
    told = {**document, "meta:extends": extends, "allOf": references, "refs": extends, "imsOrg": settings.TENANT}
    return resources.dated(told, schema.created_at, schema.created_by)


def _visible(user: User) -> Sequence[Schema]:
    return list(Schema.objects.visible_to(user).select_related("created_by"))


def _ids(schema: Schema) -> dict[str, Any]:
    return {name: schema.document[name] for name in ("$id", "meta:altId") if name in schema.document}


def _save(found: Schema, wanted: Mapping[str, Any], by: User) -> JsonResponse:
    document = _resolved(wanted, by)
    if "meta:descriptors" in found.document and "meta:descriptors" not in document:
        document["meta:descriptors"] = found.document["meta:descriptors"]
    save(found, document, by, note="Changed by a program.")
    audit.record(by, found, audit.CHANGED)
    return resources.one(item(found))


def save(schema: Schema, document: Mapping[str, Any], by: User, *, note: str) -> None:
    """Raises ApiError."""
    with resources.refusing():
        schema_changes.save(schema, document, seen=schema.version, note=note, by=by)


def _resolved(body: Mapping[str, Any], by: User) -> dict[str, Any]:
    """The body with everything it refers to spelled out in place. Raises ApiError."""
    known = {name: value for name, value in body.items() if name not in ("meta:registryMetadata", "refs", "version")}
    groups = field_groups.referred(by, json.dumps(body))
    with resources.refusing():
        return exchange.read_parts(known, groups, tenant=settings.TENANT, key=secrets.token_hex(24))
