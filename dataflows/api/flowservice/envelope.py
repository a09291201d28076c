"""What all entities have in common: who made them when, in which sandbox."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, JsonResponse

from dataflows.api import etags
from dataflows.api.authentication import SANDBOX, SANDBOX_ID
from dataflows.api.moments import millis
from dataflows.models import ApiClient

USER_INTERFACE = "exc_app"


def client_of(request: HttpRequest) -> ApiClient:
    client: ApiClient = request.auth  # type: ignore[attr-defined]
    return client


def framed(request: HttpRequest, entity: Any, body: dict[str, Any], *, updated: Any = None) -> dict[str, Any]:
    """``body`` with id, times, origin and etag. ``created_by`` must have been fetched along."""
    who, created_client = _origin(getattr(entity, "created_by", None) or getattr(entity, "requested_by", None))
    return etags.stamped(
        {
            "id": str(entity.uuid),
            "createdAt": millis(entity.created_at),
            "updatedAt": millis(updated or entity.updated_at),
            "createdBy": who,
            "updatedBy": who,
            "createdClient": created_client,
            "updatedClient": created_client,
            "sandboxId": SANDBOX_ID,
            "sandboxName": SANDBOX,
            "imsOrgId": client_of(request).org_id,
            **body,
        }
    )


def _origin(author: Any) -> tuple[str, str]:
    """Who made it, in the form of Adobe's ids, and with which program."""
    name = author.get_username() if author else "system"
    program = name.removeprefix("api:") if name.startswith("api:") else USER_INTERFACE
    return f"{name}@AdobeID", program


def made(item: dict[str, Any], location: str) -> JsonResponse:
    """201 with the place of the new entity."""
    answer = JsonResponse({"id": item["id"], "etag": item["etag"]}, status=201)
    answer["Location"] = f"/data/foundation/flowservice{location}/{item['id']}"
    answer["ETag"] = item["etag"]
    return answer


def changed(item: dict[str, Any]) -> JsonResponse:
    answer = JsonResponse({"id": item["id"], "etag": item["etag"]})
    answer["ETag"] = item["etag"]
    return answer
