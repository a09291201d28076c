"""Mapping sets: made, checked, tried out, replaced."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Field, Query, Router
from ninja import Schema as Shape

from connectors import audit
from connectors.roles import User
from dataflows.api import errors, listing, schemas
from dataflows.api.access import editor
from dataflows.api.answers import Open, answers
from dataflows.api.conversion import mappings
from dataflows.api.conversion.bodies import MappingSetIn, check, mapping_rows, rows_of
from dataflows.api.conversion.items import item
from dataflows.api.errors import ApiError
from dataflows.api.flowservice import zones
from dataflows.mapping import MappingInvalid, PreviewRow, TimeReading, bind, compile_plan
from dataflows.models import Dataflow, MappingSet, Schema
from dataflows.runs.facts import facts_of

router = Router(tags=["Data Prep: mapping sets"], by_alias=True)
MOST_RECORDS = 500


class PreviewIn(Open):
    """``data`` is a record as Mixpanel exports it, or a list of them; ``timezone`` that of the project."""

    data: list[dict[str, Any]] | dict[str, Any]
    mappingSet: MappingSetIn
    timezone: str = Field("UTC", max_length=64)


class PageQuery(Shape):
    limit: int = Field(25, ge=1, le=500)
    start: int = Field(0, ge=0, le=10_000_000)
    name: str | None = Field(None, max_length=255)
    orderBy: str | None = Field(None, max_length=40)
    expandSchema: bool = False


class CheckQuery(Shape):
    checks: bool | None = Field(None, alias="validate")


class VersionQuery(Shape):
    version: int | None = Field(None, ge=0, le=2**31 - 1)
    expandSchema: bool = False


class Listing(Open):
    data: list[dict[str, Any]]


@router.get("/mappingSets", response=answers(Listing))
def mapping_sets(request: HttpRequest, query: Query[PageQuery]) -> JsonResponse:
    """Those that programs made, then those of dataflows that were mapped on the pages."""
    listing.check_parameters(request, PageQuery.model_fields)
    made = MappingSet.objects.visible_to(request.user).select_related("schema", "created_by").order_by(*_order(query))
    own = Dataflow.objects.visible_to(request.user).live().filter(mapping_set=None).order_by("-updated_at", "-pk")
    own = own.exclude(uuid__in=made.values("uuid")).select_related("dataset__schema", "created_by")
    if query.name:
        made, own = made.filter(name=query.name), own.filter(name=query.name)
    count, end = made.count(), query.start + query.limit
    found = mappings.newest(made[query.start : end])
    found += [mappings.of_flow(flow) for flow in own[max(0, query.start - count) : max(0, end - count)]]
    page = {"count": count + own.count(), "limit": query.limit, "start": query.start}
    return JsonResponse({"data": [item(each) for each in found], "_page": page, "_links": {}})


@router.post("/mappingSets", response=answers(dict[str, Any]))
def mapping_set_create(request: HttpRequest, body: MappingSetIn, query: Query[CheckQuery]) -> JsonResponse:
    """Make a mapping set in version 0. With ``validate=false`` it may be wrong; a flow takes it only if it is right."""
    by = editor(request)
    listing.check_parameters(request, ("validate",))
    schema, rows = _schema_of(by, body), rows_of(body.mappings)
    if query.checks is not False:
        check(rows, schema)
    made = mappings.create(body.name or "", schema, rows, by=by)
    if made.stored:
        audit.record(by, made.stored, audit.ADDED)
    return JsonResponse(item(made))


@router.post("/mappingSets/validate", response=answers(dict[str, Any]))
def mapping_set_validate(request: HttpRequest, body: MappingSetIn) -> JsonResponse:
    """One status per mapping, in order; ``errors`` of the whole under ``mappingSetErrors``."""
    listing.check_parameters(request, ())
    rows = rows_of(body.mappings)
    problems = _problems(rows, _schema_of(request.user, body))
    told = [[_told(each) for each in problems if each.row == number] for number in range(len(rows))]
    response = [{"status": "FAILED" if found else "SUCCESS", "errors": found or None} for found in told]
    whole = [_told(each) for each in problems if each.row < 0]
    return JsonResponse({"validationResponse": response, "mappingSetErrors": whole or None})


@router.post("/mappingSets/preview", response=answers(list[dict[str, Any]]))
def mapping_set_preview(request: HttpRequest, body: PreviewIn) -> JsonResponse:
    """What the mapping makes of records: ``[{"data": …, "errors": …, "warnings": …}]``.

    ``errors`` keep a record out of the dataset, ``warnings`` leave a field of it empty.
    """
    listing.check_parameters(request, ())
    records = body.data if isinstance(body.data, list) else [body.data]
    if len(records) > MOST_RECORDS:
        raise errors.bad_value("data", f"At most {MOST_RECORDS} records can be tried at once.")
    schema, rows = _schema_of(request.user, body.mappingSet), rows_of(body.mappingSet.mappings)
    zone = zones.read(body.timezone, "timezone")
    bound = bind(mapping_rows(rows), schema.xdm)
    plan = compile_plan(bound, TimeReading("utc", zone), facts_of(bound, timezone.now()))
    required = {row.target.name for row in bound.rows if row.target.required}
    return JsonResponse([_previewed(each, required) for each in plan.preview(records)], safe=False)


@router.get("/mappingSets/{mapping_set_id}", response=answers(dict[str, Any]))
def mapping_set(request: HttpRequest, mapping_set_id: str, query: Query[VersionQuery]) -> JsonResponse:
    listing.check_parameters(request, VersionQuery.model_fields)
    return JsonResponse(item(mappings.find(request.user, mapping_set_id, query.version)))


@router.put("/mappingSets/{mapping_set_id}", response=answers(dict[str, Any], changes=True))
def mapping_set_put(request: HttpRequest, mapping_set_id: str, body: MappingSetIn) -> JsonResponse:
    """Replace the mapping set as its next version; flows go on with theirs until they are told to take it."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = mappings.find(by, mapping_set_id)
    named = body.outputSchema or body.schemaRef or body.xdmSchema
    schema = _schema_of(by, body) if named or found.schema is None else found.schema
    rows = rows_of(body.mappings)
    check(rows, schema)
    changed = mappings.replace(found, found.name if body.name is None else body.name, schema, rows, by=by)
    if changed.stored:
        audit.record(by, changed.stored, audit.CHANGED)
    return JsonResponse(item(changed))


@router.delete("/mappingSets/{mapping_set_id}", response=answers(None, status=204, changes=True))
def mapping_set_delete(request: HttpRequest, mapping_set_id: str) -> HttpResponse:
    by = editor(request)
    listing.check_parameters(request, ())
    found = mappings.find(by, mapping_set_id)
    with transaction.atomic():
        if found.stored:
            audit.record(by, found.stored, audit.DELETED)
        mappings.delete(found)
    return HttpResponse(status=204)


def _order(query: PageQuery) -> tuple[str, str]:
    columns = {"createdDate": "created_at", "updatedDate": "updated_at", "lastUpdateDate": "updated_at", "name": "name"}
    given = (query.orderBy or "-lastUpdateDate").strip()
    name = given.lstrip("+-").strip()
    if name not in columns:
        raise ApiError("1432-400", "orderBy not valid", f"There is no order {given[:40]}.", ours="orderby")
    sign = "-" if given.startswith("-") else ""
    return f"{sign}{columns[name]}", f"{sign}pk"


def _schema_of(user: User, body: MappingSetIn) -> Schema:
    reference = body.outputSchema.schemaRef.id if body.outputSchema else None
    wanted = reference or body.xdmSchema or (body.schemaRef.id if body.schemaRef else None)
    if not wanted:
        raise errors.bad_value("outputSchema.schemaRef.id", "This is needed.", "Name the schema by its $id.")
    return schemas.find(user, wanted)


def _problems(rows: Sequence[Mapping[str, Any]], schema: Schema) -> list[Any]:
    try:
        check(rows, schema)
    except MappingInvalid as error:
        return list(error.problems)
    return []


def _told(problem: Any) -> dict[str, str]:
    return {"code": str(problem.code), "message": problem.in_json, "field": problem.field, "remedy": problem.remedy}


def _previewed(row: PreviewRow, required: Collection[str]) -> dict[str, Any]:
    """Values nested by their paths; errors and warnings as the mapper of AEP tells them."""
    found = dict(row.errors)
    refusing = {path for path in found if path in required and row.values.get(path) is None}
    if row.rejected is not None:
        found.setdefault(row.rejected.field, row.rejected.message)
        refusing.add(row.rejected.field)
    errors_of = [_failure(path, found[path]) for path in found if path in refusing]
    warnings = [_failure(path, found[path]) for path in found if path not in refusing]
    return {"data": _nested(row.values), "errors": errors_of or None, "warnings": warnings or None}


def _failure(path: str, message: str) -> dict[str, str]:
    return {"destination": path, "exception": message}


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path, value in values.items():
        *above, name = path.split(".")
        place = whole
        for part in above:
            inner = place.setdefault(part, {})
            place = inner if isinstance(inner, dict) else place
        place[name] = value.isoformat() if hasattr(value, "isoformat") else value
    return whole
