"""Who asks: a bearer token with the headers that AEP's gateway wants beside it (fact sheet section 1)."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from dataflows.api import clients, errors
from dataflows.api.errors import ApiError, GatewayError
from dataflows.models import ApiClient

SANDBOX = "prod"
SANDBOX_ID = "00000000-0000-0000-0000-000000000001"
BEARER = "bearer "


class PlatformAuth:
    """Answers with the ApiClient, and sets ``request.user`` to its technical account.

    Raises GatewayError and ApiError; nothing of the body is read before.
    """

    openapi_security_schema = {"type": "http", "scheme": "bearer"}

    def __call__(self, request: HttpRequest) -> ApiClient:
        now = timezone.now()
        token = _token(request)
        key = request.headers.get("x-api-key")
        if not key:
            raise GatewayError(403, "403000", "Api Key is required")
        client = clients.client_of(token, now=now)
        if client is None:
            raise GatewayError(401, "401013", "Oauth token is not valid")
        if key != client.client_id:
            raise GatewayError(403, "403003", "Api Key is invalid")
        _check_organization(request, client)
        _check_sandbox(request)
        if not clients.count_call(client, now=now):
            wait = str(clients.seconds_left(now))
            raise GatewayError(429, "429050", "Too many requests", {"Retry-After": wait})
        _check_size(request)
        request.user = client.account
        return client


def _token(request: HttpRequest) -> str:
    header = request.headers.get("Authorization", "")
    if not header:
        raise GatewayError(403, "403010", "Oauth token is missing.")
    if not header.lower().startswith(BEARER):
        raise GatewayError(401, "401013", "Oauth token is not valid")
    return header[len(BEARER) :].strip()


def _check_organization(request: HttpRequest, client: ApiClient) -> None:
    organization = request.headers.get("x-gw-ims-org-id")
    if not organization:
        raise GatewayError(400, "400003", "x-gw-ims-org-id header is required")
    if organization != client.org_id:
        raise GatewayError(403, "403025", "The organization has no entitlement for this service")


def _check_sandbox(request: HttpRequest) -> None:
    if request.headers.get("x-sandbox-id"):
        raise ApiError("2110-400", "Header not allowed", "x-sandbox-id may not be sent; use x-sandbox-name.")
    name = request.headers.get("x-sandbox-name", SANDBOX)
    if name == "*":
        raise ApiError("2111-403", "Sandbox not allowed", "Queries over all sandboxes are not allowed.")
    if name != SANDBOX:
        raise ApiError(
            "2100-404", "Sandbox not found", f"There is no sandbox {name[:80]}.", remedy=f"There is one: {SANDBOX}."
        )


def _check_size(request: HttpRequest) -> None:
    """Before anything is read; a body without Content-Length is empty to WSGI."""
    limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > limit:
        raise errors.too_large(limit)
