"""What all entities have in common: who made them when, in which sandbox."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse, JsonResponse

from dataflows.api import etags
from dataflows.api.authentication import SANDBOX, SANDBOX_ID
from dataflows.api.errors import ApiError
from dataflows.api.filters import NOTHING
from dataflows.api.moments import millis
from dataflows.models import ApiClient, SourceConnection, TargetConnection

USER_INTERFACE = "exc_app"
PUBLISH = "PUBLISH"


def client_of(request: HttpRequest) -> ApiClient:
    client: ApiClient = request.auth  # type: ignore[attr-defined]
    return client


def framed(request: HttpRequest, entity: Any, body: dict[str, Any], *, updated: Any = None) -> dict[str, Any]:
    """``body`` with id, times, origin and etag. ``created_by`` and ``updated_by`` must have been fetched along."""
    author = getattr(entity, "created_by", None) or getattr(entity, "requested_by", None)
    who, client = _origin(author)
    changer, changing_client = _origin(getattr(entity, "updated_by", None) or author)
    return etags.stamped(
        {
            "id": str(entity.uuid),
            "createdAt": millis(entity.created_at),
            "updatedAt": millis(updated or entity.updated_at),
            "createdBy": who,
            "updatedBy": changer,
            "createdClient": client,
            "updatedClient": changing_client,
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


# --- what source and target connections share ---------------------------------------------------------------------
STATES = {"enabled": Q(is_draft=False), "disabled": NOTHING, "draft": Q(is_draft=True)}


def deleted(
    request: HttpRequest, connection: SourceConnection | TargetConnection, item: dict[str, Any]
) -> HttpResponse:
    """Raises ApiError 1447-400 while dataflows refer to it."""
    etags.check(request, item, needed=False)
    users = list(connection.dataflows.all()[:5])
    if users:
        raise ApiError(
            "1447-400",
            "Connection in use",
            f"Dataflows refer to this connection: {', '.join(map(str, users))}.",
            remedy="Delete the dataflows first.",
            ours="connection_in_use",
        )
    connection.delete()
    return HttpResponse(status=204)


def published(connection: SourceConnection | TargetConnection, op: str) -> None:
    """Make a draft real. Raises ApiError for another action, and for what is no draft any more."""
    if op.upper() != PUBLISH:
        raise action_refused(op)
    if not connection.is_draft:
        raise not_a_draft()
    connection.is_draft = False
    connection.save(update_fields=["is_draft", "updated_at"])


def not_a_draft() -> ApiError:
    return ApiError("1422-400", "Not possible in this state", "This is no draft.", ours="not_a_draft")


def action_refused(op: str) -> ApiError:
    if op.upper() in ("FINALIZE", "FINALIZE_UPDATE"):
        return ApiError("1402-400", "For providers only", f"{op.upper()} is for providers of sources.", ours="provider")
    return ApiError("1434-400", "Action not supported", f"There is no action {op[:40]} here.", ours="action")
