"""What all resources of the registry have in common: media types, lists, ids, errors (fact sheet section 12)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Field, Schema

from dataflows.api import etags
from dataflows.api.answers import Open
from dataflows.api.errors import ApiError, Detail
from dataflows.api.moments import millis
from dataflows.runs.group_changes import Refusal, SchemasRefuse
from dataflows.runs.schema_changes import CannotChange
from dataflows.schemas import SchemaInvalid

ACCEPT = re.compile(
    r"application/vnd\.adobe\.(xed|xdm)(?P<form>(?:-[a-z0-9]+)*)\+json\s*(?:;\s*version=(?P<version>[\d.]+))?"
)
CONDITION = re.compile(r"(?P<name>[A-Za-z@:$]+)(?P<operator>==|!=|~)(?P<value>.*)")
MOST = 500
Resource = dict[str, Any]


class RegistryQuery(Schema):
    """``property`` filters as ``meta:class==https://ns.adobe.com/xdm/context/experienceevent``."""

    property: list[str] = Field([])
    orderby: str | None = Field(None, max_length=80)
    start: str | None = Field(None, max_length=20)
    limit: int | None = Field(None, ge=1, le=MOST)


class Results(Open):
    results: list[dict[str, Any]]


def accepted(request: HttpRequest) -> str:
    """The form that Accept asks for: "" in full, "-id" ids only, … Raises ApiError XDM-1007-400."""
    found = ACCEPT.search(request.headers.get("Accept", ""))
    if found is None:
        raise ApiError(
            "1007-400",
            "Accept header invalid",
            "The header Accept must name a media type of the registry.",
            remedy="Send Accept: application/vnd.adobe.xed+json;version=1 or application/vnd.adobe.xed-id+json.",
            ours="accept_header",
        )
    return found["form"]


def listed(request: HttpRequest, resources: Sequence[Resource], query: RegistryQuery) -> JsonResponse:
    """A page of resources, in short for ``xed-id``. Raises ApiError."""
    form = accepted(request)
    found = [each for each in resources if all(_holds(each, text) for text in _conditions(query.property))]
    found = _ordered(found, query.orderby)
    start = int(query.start) if query.start and query.start.isdecimal() else 0
    limit = query.limit or MOST
    shown = found[start : start + limit]
    following = str(start + limit) if len(found) > start + limit else None
    results = [_short(each) for each in shown] if "-id" in form else list(shown)
    return JsonResponse({"results": results, "_page": {"count": len(results), "next": following}, "_links": {}})


def one(resource: Resource) -> JsonResponse:
    answer = JsonResponse(resource)
    answer["ETag"] = etags.stamped(resource)["etag"]
    return answer


def dated(resource: Resource, created: datetime, author: Any) -> Resource:
    """The resource with the registry's own entry about it."""
    client = author.get_username() if author else "system"
    return {
        **resource,
        "meta:registryMetadata": {
            "repo:createdDate": millis(created),
            "repo:lastModifiedDate": millis(created),
            "xdm:createdClientId": client,
            "xdm:lastModifiedClientId": client,
            "xdm:createdUserId": f"{client}@AdobeID",
            "xdm:lastModifiedUserId": f"{client}@AdobeID",
        },
    }


def not_found(kind: str, wanted: str) -> ApiError:
    return ApiError("1012-404", "Resource Not Found", f"There is no {kind} {wanted[:200]}.", ours="not_found")


@contextmanager
def refusing() -> Iterator[None]:
    """What the domain refuses inside the block is an ApiError."""
    try:
        yield
    except CannotChange as error:
        raise of_change(error) from error
    except SchemasRefuse as error:
        raise of_schemas(error) from error
    except SchemaInvalid as error:
        raise of_invalid(error) from error


def of_invalid(error: SchemaInvalid) -> ApiError:
    sub = [Detail("schema_invalid", error.message, error.path or "/", error.remedy)]
    return ApiError(
        "1521-400",
        "Resource not valid",
        f"{error.path or '/'}: {error.message}",
        remedy=error.remedy,
        ours="schema_invalid",
        sub=sub,
    )


def of_change(error: CannotChange) -> ApiError:
    """409 for what is taken, 412 for what somebody changed meanwhile, 400 for what data forbids."""
    status = {"id_taken": 409, "title_taken": 409, "changed_meanwhile": 412}.get(error.code, 400)
    return ApiError(f"1540-{status}", "Change not possible", error.message, remedy=error.remedy, ours=error.code)


def of_schemas(error: SchemasRefuse) -> ApiError:
    """Every schema that cannot follow its field group, field by field where that is known."""
    first = error.refusals[0]
    sub = [detail for each in error.refusals for detail in _details(each)]
    detail = f"Schemas that are made of this field group cannot follow: {error}"
    return ApiError("1540-400", "Change not possible", detail, remedy=first.remedy, ours=first.code, sub=sub)


def _details(refusal: Refusal) -> list[Detail]:
    title = refusal.schema.title
    fields = [Detail(refusal.code, f"“{title}”: {each.what}", each.path, each.remedy) for each in refusal.differences]
    return fields or [Detail(refusal.code, f"“{title}”: {refusal.message}", "", refusal.remedy)]


def _conditions(texts: Sequence[str]) -> list[str]:
    return [part.strip() for text in texts for part in text.split(",") if part.strip()]


def _holds(resource: Resource, text: str) -> bool:
    """``meta:extends==id`` holds when the id is among several; a name without operator is no filter."""
    found = CONDITION.fullmatch(text)
    if found is None:
        return True
    value = resource.get(found["name"])
    values = [str(each) for each in value] if isinstance(value, list) else [str(value)]
    if found["operator"] == "~":
        return any(found["value"].strip("^").lower() in each.lower() for each in values)
    return (found["value"] in values) == (found["operator"] == "==")


def _ordered(found: Sequence[Resource], order: str | None) -> list[Resource]:
    name = (order or "title").strip().lstrip("+-")
    backwards = (order or "").strip().startswith("-")
    return sorted(found, key=lambda each: str(each.get(name, "")), reverse=backwards)


def _short(resource: Mapping[str, Any]) -> Resource:
    return {name: resource[name] for name in ("title", "$id", "meta:altId", "version") if name in resource}
