"""Field groups: those that are shipped (``global``), and those that programs register (``tenant``)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Query, Router

from connectors import audit
from connectors.roles import User, person
from dataflows.api import etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import answers
from dataflows.api.registry import resources
from dataflows.api.registry.resources import RegistryQuery, Resource, Results
from dataflows.models import FieldGroup
from dataflows.runs import group_changes
from dataflows.schemas import SchemaInvalid, components, composing
from dataflows.schemas.components import Component

router = Router(tags=["Schema Registry: field groups and classes"], by_alias=True)
KIND = "field group"
LONGEST_TITLE = 255


@router.get("/tenant/fieldgroups", response=answers(Results))
def field_groups(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """Those that programs registered."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    return resources.listed(request, [item(each) for each in _visible(reader(request))], query)


@router.get("/global/fieldgroups", response=answers(Results))
def global_field_groups(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """Those that are shipped."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    return resources.listed(request, _shipped(), query)


@router.post("/tenant/fieldgroups", response=answers(dict[str, Any], status=201, changes=True))
def field_group_create(request: HttpRequest, body: Body[dict[str, Any]]) -> JsonResponse:
    """Register a field group; it must be one that a schema of its class can be made with."""
    by = editor(request)
    listing.check_parameters(request, ())
    key = secrets.token_hex(24)
    ids = {
        "$id": f"https://ns.adobe.com/{settings.TENANT}/mixins/{key}",
        "meta:altId": f"_{settings.TENANT}.mixins.{key}",
    }
    document = {**body, **ids, "meta:resourceType": "fieldgroups"}
    made = FieldGroup(title=_checked(document), document=document, created_by=person(by))
    with resources.refusing():
        group_changes.store(made)
    audit.record(by, made, audit.ADDED)
    return JsonResponse(item(made), status=201)


@router.get("/tenant/fieldgroups/{path:group_id}", response=answers(dict[str, Any]))
def field_group(request: HttpRequest, group_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    found = item(find(reader(request), group_id))
    resources.accepted(request)
    return resources.one(found)


@router.get("/global/fieldgroups/{path:group_id}", response=answers(dict[str, Any]))
def global_field_group(request: HttpRequest, group_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    found = next((each for each in _shipped() if group_id in (each["$id"], each["meta:altId"])), None)
    if found is None:
        raise resources.not_found(KIND, group_id)
    resources.accepted(request)
    return resources.one(found)


@router.put("/tenant/fieldgroups/{path:group_id}", response=answers(dict[str, Any], changes=True))
def field_group_put(request: HttpRequest, group_id: str, body: Body[dict[str, Any]]) -> JsonResponse:
    """The body as the next version of the group, and of every schema that is made of it, or of none of them.

    Once data is loaded with one of the schemas, only additions are accepted.
    """
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, group_id)
    etags.check(request, etags.stamped(item(found)), needed=False)
    ids = {name: found.document[name] for name in ("$id", "meta:altId")}
    document = {name: value for name, value in body.items() if name not in ("meta:registryMetadata", "version")}
    document |= {**ids, "meta:resourceType": "fieldgroups"}
    title = _checked(document)
    with resources.refusing():
        followers = group_changes.save(found, title, document, seen=found.version, by=by)
    for changed in (found, *followers):
        audit.record(by, changed, audit.CHANGED)
    return resources.one(item(found))


@router.delete("/tenant/fieldgroups/{path:group_id}", response=answers(None, status=204, changes=True))
def field_group_delete(request: HttpRequest, group_id: str) -> HttpResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, group_id)
    etags.check(request, etags.stamped(item(found)), needed=False)
    with resources.refusing(), audit.deleting(by, found):
        group_changes.delete(found)
    return HttpResponse(status=204)


@router.get("/tenant/classes", response=answers(Results))
def classes(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """There are none of one's own."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    return resources.listed(request, [], query)


@router.get("/global/classes", response=answers(Results))
def global_classes(request: HttpRequest, query: Query[RegistryQuery]) -> JsonResponse:
    """The classes that schemas can be made of."""
    listing.check_parameters(request, RegistryQuery.model_fields)
    found = [_component(each, "classes") for each in components.classes().values()]
    return resources.listed(request, found, query)


def find(user: User, group_id: str) -> FieldGroup:
    """By ``$id`` or ``meta:altId``. Raises ApiError 1012-404."""
    visible = FieldGroup.objects.visible_to(user).select_related("created_by")
    found = visible.filter(Q(**{"document__$id": group_id}) | Q(**{"document__meta:altId": group_id})).first()
    if found is None:
        raise resources.not_found(KIND, group_id)
    return found


def referred(user: User, text: str) -> dict[str, Resource]:
    """The registered groups whose ids appear in ``text``, each under the words that name it."""
    found = [each for each in _visible(user) if each.document["$id"] in text]
    return {f"field group “{each.title}”": each.document for each in found}


def item(group: FieldGroup) -> Resource:
    own = {
        "version": f"1.{group.version - 1}",
        "meta:tenantNamespace": f"_{settings.TENANT}",
        "meta:containerId": "tenant",
    }
    return resources.dated({**group.document, **own}, group.created_at, group.created_by)


def _visible(user: User) -> list[FieldGroup]:
    return list(FieldGroup.objects.visible_to(user).select_related("created_by"))


def _shipped() -> list[Resource]:
    return [_component(each, "fieldgroups") for each in components.field_groups(settings.TENANT).values()]


def _component(each: Component, kind: str) -> Resource:
    return {
        "$id": each.id,
        "meta:altId": f"_xdm.{each.id.removeprefix('https://ns.adobe.com/xdm/').replace('/', '.')}",
        "title": each.title,
        "description": each.description,
        "type": "object",
        "version": "1.0",
        "meta:resourceType": kind,
        "meta:containerId": "global",
        "meta:intendedToExtend": list(each.extends),
        "properties": dict(each.properties),
        "required": list(each.required),
    }


def _checked(document: Mapping[str, Any]) -> str:
    """The title of a group that a schema can be made with. Raises ApiError."""
    title = document.get("title")
    if not isinstance(title, str) or not title.strip() or len(title) > LONGEST_TITLE:
        raise resources.of_invalid(
            SchemaInvalid("/title", "A text of at most 255 characters is needed here.", "Add it.")
        )
    with resources.refusing():
        composing.check_group(document, tenant=settings.TENANT)
    return title
