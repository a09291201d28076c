"""Lists of entities: filter, order, page by continuation token, count (fact sheet section 4)."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, JsonResponse
from ninja import Field, Schema

from dataflows.api import errors, filters
from dataflows.api.errors import ApiError
from dataflows.api.filters import Filterable
from dataflows.api.sent import Sent

DEFAULT_LIMIT, MOST = 20, 1000
Item = dict[str, Any]


class ListQuery(Schema):
    """Query parameters of every list."""

    property: list[str] = Field([], description="`field==value`; repeat it or separate by commas; all must hold.")
    limit: int | None = Field(None, ge=1, le=MOST, description="Entities per page.")
    orderby: str | None = Field(None, description="A field, with `-` before it for descending order.")
    continuationToken: str | None = Field(None, description="From `_links.next.href` of the page before.")
    count: bool | None = Field(None, description="`true` answers with the number of entities only.")


class SearchBody(Sent):
    """What a search takes: the parameters of a list, as a body."""

    queryString: str = Field("", max_length=8000)
    limit: int | None = Field(None, ge=1, le=MOST)
    orderby: str | None = None
    count: bool | None = None
    projectionFields: str = Field("", max_length=2000)


@dataclass(frozen=True)
class Resource:
    """``path`` of the list; ``sorts`` maps fields of the API to columns that are never null.

    ``items`` prepares the entities of one page, with as few queries as it can; ``optional`` are keys that not every
    entity has and that cannot be filtered by.
    """

    path: str
    fields: Mapping[str, Filterable]
    sorts: Mapping[str, str]
    items: Callable[[HttpRequest, Sequence[Any]], list[Item]]
    order: str = "-createdAt"
    optional: Sequence[str] = ()


@dataclass(frozen=True)
class Asked:
    """What the client wants, whether it says so for the first time or by a token. ``after``: sort value and pk."""

    expressions: tuple[str, ...]
    orderby: str
    limit: int
    count: bool = False
    after: tuple[Any, int] | None = None


def page(request: HttpRequest, resource: Resource, found: QuerySet[Any], query: ListQuery) -> JsonResponse:
    """The answer of a list. Raises ApiError."""
    check_parameters(request, ListQuery.model_fields)
    if query.count and query.limit is not None:
        raise ApiError("1401-400", "limit with count", "limit and count cannot be combined.", ours="limit_with_count")
    if query.continuationToken:
        asked = _from_token(query.continuationToken, resource, query.limit)
    else:
        order = _clean(query.orderby) or resource.order
        expressions = tuple(query.property)
        asked = Asked(expressions, order, query.limit or DEFAULT_LIMIT, bool(query.count))
    return _answer(request, resource, found, asked)


def search(
    request: HttpRequest, resource: Resource, found: QuerySet[Any], body: SearchBody, token: str | None
) -> JsonResponse:
    """The answer of a search. Raises ApiError."""
    check_parameters(request, ("continuationToken",))
    expressions = tuple(part for part in (body.queryString, body.projectionFields) if part)
    asked = Asked(expressions, _clean(body.orderby) or resource.order, body.limit or DEFAULT_LIMIT, bool(body.count))
    if token:
        asked = _from_token(token, resource, body.limit)
    return _answer(request, resource, found, asked)


def check_parameters(request: HttpRequest, known: Any) -> None:
    """Raises ApiError 1451-400."""
    unknown = set(request.GET) - set(known)
    if unknown:
        raise errors.unknown_parameter(sorted(unknown), sorted(known))


def _answer(request: HttpRequest, resource: Resource, found: QuerySet[Any], asked: Asked) -> JsonResponse:
    wanted = filters.parse(asked.expressions)
    rows = found.filter(filters.query(wanted.conditions, resource.fields))
    if asked.count:
        return JsonResponse({"count": rows.count()})
    column, descending = _column(resource, asked.orderby)
    rows = _after(rows, column, descending, asked.after).order_by(*_order(column, descending))
    shown: list[Model] = list(rows[: asked.limit + 1])
    links: dict[str, Any] = {}
    if len(shown) > asked.limit:
        shown = shown[: asked.limit]
        last = shown[-1]
        links["next"] = {
            "href": f"{resource.path}?continuationToken={_token(resource, asked, getattr(last, column), last.pk)}"
        }
    items = resource.items(request, shown)
    if wanted.projection and items:
        known = {path.partition(".")[0] for path in resource.fields}
        items = filters.projected(items, wanted.projection, known.union(resource.optional))
    return JsonResponse({"items": items, "_links": links})


def _order(column: str, descending: bool) -> tuple[str, str]:
    sign = "-" if descending else ""
    return f"{sign}{column}", f"{sign}pk"


def _after(rows: QuerySet[Any], column: str, descending: bool, after: tuple[Any, int] | None) -> QuerySet[Any]:
    if after is None:
        return rows
    value, pk = after
    beyond = "lt" if descending else "gt"
    following = Q(**{f"{column}__{beyond}": value}) | Q(**{column: value, f"pk__{beyond}": pk})
    # The bound says nothing new, but by it the database finds the place in the index instead of reading up to it.
    return rows.filter(**{f"{column}__{beyond}e": value}).filter(following)


def _clean(order: str | None) -> str:
    """``+name`` arrives as `` name``, for + is a space in an address."""
    return (order or "").strip()


def _column(resource: Resource, order: str) -> tuple[str, bool]:
    descending = order.startswith("-")
    name = order.lstrip("+-").strip()
    if name not in resource.sorts:
        raise ApiError(
            "1432-400",
            "orderby not valid",
            f"This list cannot be ordered by {name[:80]}.",
            remedy=f"It can be ordered by {', '.join(sorted(resource.sorts))}.",
            ours="orderby",
        )
    return resource.sorts[name], descending


# --- continuation tokens ------------------------------------------------------------------------------------------
def _token(resource: Resource, asked: Asked, value: Any, pk: int) -> str:
    """Without ``=``, because clients cut the address there, and with all that was asked, for not all ask again."""
    kind, plain = ("t", value.isoformat()) if isinstance(value, datetime) else ("s", str(value))
    content = [resource.path, list(asked.expressions), asked.orderby, asked.limit, kind, plain, pk]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")


def _from_token(token: str, resource: Resource, limit: int | None) -> Asked:
    """Raises ApiError for what is no token, and for that of another list."""
    try:
        padded = token + "=" * (-len(token) % 4)
        path, *content = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        expressions, order, size, kind, plain, pk = content
        value = datetime.fromisoformat(plain) if kind == "t" else str(plain)
        if path != resource.path or (isinstance(value, datetime) and value.tzinfo is None):
            raise ValueError("another list, or a moment without zone")
        asked = Asked(tuple(map(str, expressions)), str(order), limit or int(size), after=(value, int(pk)))
    except (ValueError, TypeError, RecursionError) as error:
        raise _no_token() from error
    if not 1 <= asked.limit <= MOST or abs(int(pk)) >= 2**63 or "\x00" in f"{plain}{expressions}":
        raise _no_token()
    return asked


def _no_token() -> ApiError:
    return errors.bad_value("continuationToken", "This is no token of this list.", "Begin at the first page.")


def listed(entities: Sequence[Item]) -> JsonResponse:
    """One entity, or a short list that has no pages."""
    answer = JsonResponse({"items": list(entities), "_links": {}})
    if len(entities) == 1 and "etag" in entities[0]:
        answer["ETag"] = entities[0]["etag"]
    return answer
