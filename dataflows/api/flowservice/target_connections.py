"""Target connections: which dataset."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Field, Query, Router

from connectors.roles import User
from dataflows.api import datasets, errors, etags, listing, patches, schemas
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Open, Reference, answers
from dataflows.api.batches import dataset_id, dataset_range
from dataflows.api.errors import ApiError
from dataflows.api.filters import Choice, Constant, Id, Moment, Text, uuid_of
from dataflows.api.flowservice import ids
from dataflows.api.flowservice.connections import SpecReference
from dataflows.api.flowservice.envelope import STATES, changed, deleted, framed, made, published
from dataflows.api.listing import Item, ListQuery, Resource, SearchBody
from dataflows.api.sent import Sent
from dataflows.models import TargetConnection

router = Router(tags=["Flow Service: target connections"], by_alias=True)
KIND = "target connection"
PATCHABLE = ("/name", "/description", "/params", "/data")
FORMATS = ("json", "delimited", "parquet", "parquet_xdm", "tabular")


class SchemaReference(Open):
    id: str = Field(max_length=500)
    version: str | None = Field(None, max_length=200)


class TargetData(Open):
    format: str = Field("json", max_length=40)
    schema_: SchemaReference | None = Field(None, alias="schema")


class TargetParams(Open):
    dataSetId: str = Field(max_length=100)


class TargetBody(Sent):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    connectionSpec: SpecReference
    data: TargetData
    params: TargetParams


@router.get("/targetConnections", response=answers(Entities))
def target_connections(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    return listing.page(request, RESOURCE, _visible(request), query)


@router.post("/targetConnections/search", response=answers(Entities))
def target_connections_search(
    request: HttpRequest,
    body: SearchBody,
    continuationToken: str | None = None,
) -> JsonResponse:
    return listing.search(request, RESOURCE, _visible(request), body, continuationToken)


@router.post("/targetConnections", response=answers(Reference, status=201))
def target_connection_create(request: HttpRequest, body: TargetBody, mode: Literal["draft"] | None = None) -> Any:
    by = editor(request)
    listing.check_parameters(request, ("mode",))
    target = TargetConnection(created_by_id=by.pk, is_draft=mode == "draft")
    _fill(target, body, by)
    target.save()
    return made(item(request, target), "/targetConnections")


@router.get("/targetConnections/{connection_id}", response=answers(Entities))
def target_connection(request: HttpRequest, connection_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return listing.listed([item(request, find(request.user, connection_id))])


@router.patch("/targetConnections/{connection_id}", response=answers(Reference, changes=True))
def target_connection_patch(
    request: HttpRequest, connection_id: str, body: Body[list[Any] | dict[str, Any]]
) -> JsonResponse:
    """Dataflows that were made from it stay as they are."""
    by = editor(request)
    listing.check_parameters(request, ())
    target = find(by, connection_id)
    current = item(request, target)
    etags.check(request, current)
    _fill(target, patches.read(TargetBody, patches.applied(current, body, PATCHABLE)), by)
    target.save()
    return changed(item(request, target))


@router.delete("/targetConnections/{connection_id}", response=answers(None, status=204, changes=True))
def target_connection_delete(request: HttpRequest, connection_id: str) -> HttpResponse:
    listing.check_parameters(request, ())
    target = find(editor(request), connection_id)
    return deleted(request, target, item(request, target))


@router.post("/targetConnections/{connection_id}/action", response=answers(Reference, changes=True))
def target_connection_action(
    request: HttpRequest,
    connection_id: str,
    op: str,
    subOp: str | None = None,
) -> JsonResponse:
    listing.check_parameters(request, ("op", "subOp"))
    target = find(editor(request), connection_id)
    etags.check(request, item(request, target), needed=False)
    published(target, op)
    return changed(item(request, target))


def find(user: User, connection_id: str) -> TargetConnection:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(connection_id)
    visible = TargetConnection.objects.visible_to(user).select_related("dataset__schema", "created_by")
    found: TargetConnection | None = visible.filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, connection_id)
    return found


def item(request: HttpRequest, target: TargetConnection) -> Item:
    body = {
        "name": target.name,
        "description": target.description,
        "state": "draft" if target.is_draft else "enabled",
        "data": {"schema": _schema_of(target), **target.data},
        "connectionSpec": {"id": ids.DATA_LAKE_SPEC, "version": ids.VERSION},
        "params": {"dataSetId": dataset_id(target.dataset.uuid)},
    }
    return framed(request, target, body)


def _schema_of(target: TargetConnection) -> dict[str, str]:
    schema = target.dataset.schema
    return {"id": schemas.schema_id(schema), "version": schemas.version_of(schema)}


def _fill(target: TargetConnection, body: TargetBody, by: User) -> None:
    if body.connectionSpec.id != ids.DATA_LAKE_SPEC:
        raise errors.spec_invalid(
            "A target connection writes to the data lake.", f"Use connectionSpec.id {ids.DATA_LAKE_SPEC}."
        )
    if body.data.format not in FORMATS:
        raise errors.bad_value("data.format", f"There is no format {body.data.format}.", f"Use {', '.join(FORMATS)}.")
    target.dataset = datasets.find(by, body.params.dataSetId)
    wanted = body.data.schema_
    if wanted and wanted.id != schemas.schema_id(target.dataset.schema):
        raise ApiError(
            "1425-400",
            "Schemas differ",
            f"The dataset's schema is {schemas.schema_id(target.dataset.schema)}, not {wanted.id[:200]}.",
            remedy="Name the schema of the dataset.",
            ours="schema_differs",
        )
    target.name, target.description = body.name, body.description
    target.data = {"format": body.data.format}
    if wanted:
        target.data["schema"] = wanted.model_dump(exclude_none=True)


def _visible(request: HttpRequest) -> Any:
    return TargetConnection.objects.visible_to(reader(request)).select_related("dataset__schema", "created_by")


def _items(request: HttpRequest, found: Sequence[TargetConnection]) -> list[Item]:
    return [item(request, target) for target in found]


RESOURCE = Resource(
    path="/targetConnections",
    fields={
        "id": Id("uuid", uuid_of),
        "name": Text("name"),
        "state": Choice(STATES),
        "connectionSpec.id": Constant(ids.DATA_LAKE_SPEC),
        "params.dataSetId": Id("dataset__uuid__range", dataset_range),
        "createdAt": Moment("created_at"),
        "updatedAt": Moment("updated_at"),
    },
    sorts={"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"},
    items=_items,
)
