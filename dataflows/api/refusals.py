"""Errors as answers: AEP's problem documents, and the gateway's own shape."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from connectors.errors import AskUser, ConnectorError
from connectors.messages import message_for
from dataflows.api import errors, sent
from dataflows.api.errors import ApiError, Detail, GatewayError
from dataflows.mapping import MappingInvalid
from dataflows.runs import sharing
from dataflows.runs.cannot_start import CannotStart

Handler = Callable[[HttpRequest, Any], HttpResponse]

logger = logging.getLogger(__name__)

SERVICES = {
    "flowservice": "FLOW",
    "conversion": "MAPPER",
    "schemaregistry": "XDM",
    "catalog": "CATALOG",
    "export": "EXPORT",
}
NAMESPACE = "http://ns.adobe.com/aep/errors"


def problem(request: HttpRequest, error: ApiError) -> HttpResponse:
    """``application/problem+json`` is what the services call it; the clients read it as JSON."""
    moment = timezone.now().astimezone(UTC)
    report: dict[str, Any] = {"error-code": error.code, "timestamp": _stamp(moment)}
    if error.ours:
        report["code"] = error.ours
    if error.remedy:
        report["remedy"] = error.remedy
    if error.sub:
        report["sub-errors"] = [_sub(detail) for detail in error.sub]
    body = {
        "type": f"{NAMESPACE}/{_service(request)}-{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "report": report,
    }
    return JsonResponse(body, status=error.status)


def of_gateway(error: GatewayError) -> HttpResponse:
    answer = JsonResponse({"error_code": error.code, "message": error.message}, status=error.status)
    for name, value in error.headers.items():
        answer[name] = value
    return answer


def of_connector(error: ConnectorError) -> ApiError:
    """What only the caller can mend is a 400, anything else a 503 to try again after."""
    message = message_for(error.code)
    code = "1100-400" if isinstance(error, AskUser) else "1103-503"
    detail = f"{message.what} {error.detail}".strip()
    return ApiError(code, "Rejected by the source", detail, remedy=message.todo, ours=error.code)


def of_mapping(error: MappingInvalid) -> ApiError:
    """Every problem with its row; a row of -1 is the mapping as a whole."""
    sub = [
        Detail(str(each.code), each.in_json, f"mappings[{each.row}]" if each.row >= 0 else "mappings", each.remedy)
        for each in error.problems
    ]
    return ApiError(
        "1419-400",
        "Mapping not valid",
        f"The mapping does not fit the schema: {len(sub)} problem(s).",
        remedy="Correct the mappings named in report.sub-errors.",
        ours="mapping_invalid",
        sub=sub,
    )


def of_start(error: CannotStart) -> ApiError:
    """A second dataflow of a project in a dataset conflicts with what is there; all else depends on the caller."""
    published = "1409-409" if error.code == sharing.CODE else "1422-400"
    return ApiError(published, "Not possible in this state", str(error), ours=error.code)


def of_missing(request: HttpRequest, error: Http404) -> HttpResponse:
    return problem(request, errors.not_found("resource", request.path))


def of_unexpected(request: HttpRequest, error: Exception) -> HttpResponse:
    """What nobody expected is a 500, and its traceback is in the log."""
    logger.error("%s %s failed", request.method, request.path, exc_info=error)
    words = "Something unexpected happened inside Tributary. This is a defect; its traceback is in the log."
    return problem(request, ApiError("1400-500", "Internal error", words, ours="internal"))


def _as_problem(convert: Callable[[Any], ApiError]) -> Handler:
    return lambda request, error: problem(request, convert(error))


def _of_parsing(error: HttpError) -> ApiError:
    cause = error.__cause__
    if isinstance(cause, ApiError):
        return cause
    if isinstance(cause, RequestDataTooBig):
        return errors.too_large(0)
    return errors.malformed(str(error))


def _of_validation(error: ValidationError) -> ApiError:
    found = [{**each, "loc": _written(each["loc"])} for each in error.errors]
    sub = sent.details(found)
    first = sub[0]
    if all(each["type"] == "missing" and len(each["loc"]) <= 2 and each["loc"][0] == "body" for each in error.errors):
        return ApiError("1405-400", "Body missing", "The request has no body.", ours="body_missing", sub=sub)
    return ApiError("1452-400", "Value not valid", f"{first.place}: {first.message}", ours="bad_value", sub=sub)


def _written(location: Sequence[int | str]) -> Sequence[int | str]:
    """``("body", "body", "auth", "params")`` → ``("auth", "params")``."""
    return location[2:] if location[0] == "body" else location[1:]


def _sub(detail: Detail) -> dict[str, str]:
    words = {"code": detail.code, "message": detail.message, "place": detail.place, "remedy": detail.remedy}
    return {name: value for name, value in words.items() if value}


def _service(request: HttpRequest) -> str:
    parts = request.path.split("/")
    return SERVICES.get(parts[3], "PLATFORM") if len(parts) > 3 else "PLATFORM"


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


HANDLERS: dict[type[Exception], Handler] = {
    ApiError: problem,
    GatewayError: lambda request, error: of_gateway(error),
    HttpError: _as_problem(_of_parsing),
    ValidationError: _as_problem(_of_validation),
    Http404: of_missing,
    ConnectorError: _as_problem(of_connector),
    MappingInvalid: _as_problem(of_mapping),
    CannotStart: _as_problem(of_start),
    PermissionDenied: _as_problem(lambda error: errors.forbidden(str(error))),
    Exception: of_unexpected,
}


def register(api: NinjaAPI) -> None:
    """Tell the API how each kind of error is answered."""
    for kind, handler in HANDLERS.items():
        api.add_exception_handler(kind, handler)
