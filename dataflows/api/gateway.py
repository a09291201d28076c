"""What lies in front of the services: slashes at the end of an address, and errors nobody else answers."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.csrf import csrf_exempt

from dataflows.api import errors
from dataflows.api.errors import ApiError
from dataflows.api.refusals import problem

PREFIXES = ("/data/foundation/", "/ims/")


class Gateway:
    """Middleware. Clients write some addresses with a slash at the end; a redirect would turn a POST into a GET."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(PREFIXES):
            return self.get_response(request)
        request.path_info = request.path_info.rstrip("/")
        if b"\x00" in unquote_to_bytes(request.META.get("QUERY_STRING", "")):
            return problem(request, errors.bad_value("query", "A text contains NUL."))
        answer = self.get_response(request)
        if answer.status_code == 405:
            return _not_allowed(request, answer)
        return answer


def _not_allowed(request: HttpRequest, answer: HttpResponseBase) -> HttpResponse:
    allowed = answer.get("Allow", "")
    words = f"{request.method} is not possible here, only {allowed}."
    refused = problem(request, ApiError("1451-405", "Method not allowed", words, ours="method"))
    refused["Allow"] = allowed
    return refused


@csrf_exempt
@login_not_required
def nowhere(request: HttpRequest) -> HttpResponse:
    """Addresses below the API's prefixes that mean nothing."""
    return problem(request, errors.not_found("address", request.path))
