"""What the registry holds, in numbers, and the tenant's namespace."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.conf import settings
from django.http import HttpRequest, JsonResponse
from ninja import Router

from dataflows.api import listing
from dataflows.api.access import reader
from dataflows.api.answers import answers
from dataflows.api.flowservice.envelope import client_of
from dataflows.models import FieldGroup, Schema
from dataflows.schemas import components, identities

router = Router(tags=["Schema Registry: statistics"], by_alias=True)
NEWEST = 10


@router.get("/stats", response=answers(dict[str, Any]))
def stats(request: HttpRequest) -> JsonResponse:
    """``tenantId`` is the namespace of own fields: they lie under ``_<tenantId>``."""
    listing.check_parameters(request, ())
    schemas = list(Schema.objects.visible_to(reader(request)).order_by("-created_at"))
    described = [each for schema in schemas for each in schema.document.get("meta:descriptors", [])]
    counts = {
        "schemas": len(schemas),
        "fieldgroups": FieldGroup.objects.visible_to(request.user).count(),
        "mixins": FieldGroup.objects.visible_to(request.user).count(),
        "datatypes": 0,
        "classes": 0,
        "descriptors": sum(1 for each in described if each.get("@type") == identities.KIND),
        "unions": 0,
    }
    return JsonResponse(
        {
            "imsOrg": client_of(request).org_id,
            "tenantId": settings.TENANT,
            "counts": counts,
            "recentlyCreatedResources": [_short(each) for each in schemas[:NEWEST]],
            "recentlyUpdatedResources": [_short(each) for each in schemas[:NEWEST]],
            "classUsage": _usage(schemas),
        }
    )


def _short(schema: Schema) -> dict[str, Any]:
    document = schema.document
    return {"title": schema.title, "$id": document["$id"], "meta:altId": document.get("meta:altId", "")}


def _usage(schemas: list[Schema]) -> dict[str, int]:
    used = Counter(str(each.document.get("meta:class")) for each in schemas)
    return {name: used[name] for name in components.classes()}
