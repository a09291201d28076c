"""Tokens, as Adobe's IMS issues them: client credentials in, a bearer token out."""

from __future__ import annotations

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Field, Router, Schema

from dataflows.api import clients
from dataflows.api.answers import Open, Problem

router = Router(tags=["Tokens"], by_alias=True)
LARGEST = 16_384
FORM = {"grant_type", "client_id", "client_secret"}
ELSEWHERE = (
    "Send grant_type, client_id and client_secret as a form in the body "
    "(Content-Type: application/x-www-form-urlencoded): secrets in addresses end up in logs."
)


class TokenAnswer(Schema):
    """``expires_in`` counts seconds."""

    access_token: str
    token_type: str = Field("bearer")
    expires_in: int


class TokenProblem(Open):
    error: str
    error_description: str


@router.post(
    "/token/v3",
    auth=None,
    response={200: TokenAnswer, 400: TokenProblem, 401: TokenProblem, 413: TokenProblem, 500: Problem},
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/x-www-form-urlencoded": {
                    "schema": {
                        "type": "object",
                        "properties": {
                            "grant_type": {"type": "string", "enum": ["client_credentials"]},
                            "client_id": {"type": "string"},
                            "client_secret": {"type": "string"},
                            "scope": {"type": "string"},
                        },
                        "required": ["grant_type", "client_id", "client_secret"],
                    }
                }
            },
        }
    },
)
def token(request: HttpRequest) -> JsonResponse:
    """A token for the credentials of an API client. ``scope`` is read and means nothing: the role decides."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > LARGEST:
        return _refused(413, "invalid_request", f"The body has more than {LARGEST} bytes.")
    given = request.POST
    if not FORM & given.keys() and (FORM & request.GET.keys() or request.content_type == "application/json"):
        return _refused(400, "invalid_request", ELSEWHERE)
    if given.get("grant_type") != "client_credentials":
        return _refused(400, "unsupported_grant_type", "grant_type must be client_credentials.")
    client_id, secret = given.get("client_id", ""), given.get("client_secret", "")
    if not client_id or not secret:
        return _refused(400, "invalid_request", "client_id and client_secret are needed in the form.")
    issued = clients.issue_token(client_id, secret, now=timezone.now())
    if issued is None:
        return _refused(401, "invalid_client", "The client is unknown, its secret is wrong, or it was revoked.")
    life = int(clients.TOKEN_LIFE.total_seconds()) - 1
    answer = JsonResponse({"access_token": issued, "token_type": "bearer", "expires_in": life})
    answer["Cache-Control"] = "no-store"
    return answer


def _refused(status: int, error: str, words: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": words}, status=status)
