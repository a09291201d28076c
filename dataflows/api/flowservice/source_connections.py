"""Source connections: which project of which account, in which time zone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from ninja import Body, Field, Query, Router

from connectors import projects
from connectors.roles import User
from dataflows.api import errors, etags, listing, patches
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Open, Reference, answers
from dataflows.api.filters import Choice, Constant, Id, Moment, Text, uuid_of
from dataflows.api.flowservice import connections, ids
from dataflows.api.flowservice.connections import SpecReference
from dataflows.api.flowservice.envelope import STATES, changed, deleted, framed, made, published
from dataflows.api.flowservice.explore import project_of
from dataflows.api.listing import Item, ListQuery, Resource, SearchBody
from dataflows.api.sent import Sent
from dataflows.models import SourceConnection

router = Router(tags=["Flow Service: source connections"], by_alias=True)
KIND = "source connection"
PATCHABLE = ("/name", "/description", "/params", "/data")


class Format(Open):
    format: str = Field(max_length=40)


class SourceParams(Open):
    """``timeSemantic`` says what the times of the export mean; without it the data is asked when a flow is made."""

    projectId: str | int
    timezone: str = Field(max_length=64)
    timeSemantic: Literal["utc", "legacy", ""] = ""


class SourceBody(Sent):
    name: str = Field(min_length=1, max_length=255)
    description: str = Field("", max_length=2000)
    baseConnectionId: str = Field(max_length=100)
    connectionSpec: SpecReference
    data: Format
    params: SourceParams


@router.get("/sourceConnections", response=answers(Entities))
def source_connections(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    return listing.page(request, RESOURCE, _visible(request), query)


@router.post("/sourceConnections/search", response=answers(Entities))
def source_connections_search(
    request: HttpRequest,
    body: SearchBody,
    continuationToken: str | None = None,
) -> JsonResponse:
    return listing.search(request, RESOURCE, _visible(request), body, continuationToken)


@router.post("/sourceConnections", response=answers(Reference, status=201))
def source_connection_create(request: HttpRequest, body: SourceBody, mode: Literal["draft"] | None = None) -> Any:
    by = editor(request)
    listing.check_parameters(request, ("mode",))
    account = connections.find(by, body.baseConnectionId)
    source = SourceConnection(account=account, created_by_id=by.pk, is_draft=mode == "draft")
    _fill(source, body)
    source.save()
    return made(item(request, source), "/sourceConnections")


@router.get("/sourceConnections/{connection_id}", response=answers(Entities))
def source_connection(request: HttpRequest, connection_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return listing.listed([item(request, find(request.user, connection_id))])


@router.patch("/sourceConnections/{connection_id}", response=answers(Reference, changes=True))
def source_connection_patch(
    request: HttpRequest, connection_id: str, body: Body[list[Any] | dict[str, Any]]
) -> JsonResponse:
    """Dataflows that were made from it stay as they are."""
    listing.check_parameters(request, ())
    source = find(editor(request), connection_id)
    current = item(request, source)
    etags.check(request, current)
    _fill(source, patches.read(SourceBody, patches.applied(current, body, PATCHABLE)))
    source.save()
    return changed(item(request, source))


@router.delete("/sourceConnections/{connection_id}", response=answers(None, status=204, changes=True))
def source_connection_delete(request: HttpRequest, connection_id: str) -> HttpResponse:
    listing.check_parameters(request, ())
    source = find(editor(request), connection_id)
    return deleted(request, source, item(request, source))


@router.post("/sourceConnections/{connection_id}/action", response=answers(Reference, changes=True))
def source_connection_action(
    request: HttpRequest,
    connection_id: str,
    op: str,
    subOp: str | None = None,
) -> JsonResponse:
    listing.check_parameters(request, ("op", "subOp"))
    source = find(editor(request), connection_id)
    etags.check(request, item(request, source), needed=False)
    published(source, op)
    return changed(item(request, source))


def find(user: User, connection_id: str) -> SourceConnection:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(connection_id)
    visible = SourceConnection.objects.visible_to(user).select_related("account", "created_by")
    found: SourceConnection | None = visible.filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, connection_id)
    return found


def item(request: HttpRequest, source: SourceConnection) -> Item:
    params: dict[str, Any] = {"projectId": source.project_id, "timezone": source.timezone}
    if source.time_semantic:
        params["timeSemantic"] = source.time_semantic
    spec = {"id": ids.MIXPANEL_SPEC, "version": ids.VERSION}
    base = str(source.account.uuid)
    body = {
        "name": source.name,
        "description": source.description,
        "baseConnectionId": base,
        "state": "draft" if source.is_draft else "enabled",
        "data": {"format": "json"},
        "connectionSpec": spec,
        "params": params,
        "inheritedAttributes": {"baseConnection": {"id": base, "connectionSpec": spec}},
    }
    return framed(request, source, body)


def _fill(source: SourceConnection, body: SourceBody) -> None:
    if body.connectionSpec.id != ids.MIXPANEL_SPEC:
        raise errors.spec_invalid(
            "A source connection reads from Mixpanel.", f"Use connectionSpec.id {ids.MIXPANEL_SPEC}."
        )
    if body.data.format.lower() != "json":
        raise errors.bad_value("data.format", f"Mixpanel gives json, not {body.data.format}.", "Use json.")
    source.name, source.description = body.name, body.description
    source.project_id, source.timezone = project_of(body.params.model_dump(), "params")
    projects.check(source.account, source.project_id, source.timezone)
    source.time_semantic = body.params.timeSemantic


def _visible(request: HttpRequest) -> Any:
    return SourceConnection.objects.visible_to(reader(request)).select_related("account", "created_by")


def _items(request: HttpRequest, found: Sequence[SourceConnection]) -> list[Item]:
    return [item(request, source) for source in found]


RESOURCE = Resource(
    path="/sourceConnections",
    fields={
        "id": Id("uuid", uuid_of),
        "name": Text("name"),
        "state": Choice(STATES),
        "baseConnectionId": Id("account__uuid", uuid_of),
        "inheritedAttributes.baseConnection.id": Id("account__uuid", uuid_of),
        "connectionSpec.id": Constant(ids.MIXPANEL_SPEC),
        "params.projectId": Text("project_id"),
        "createdAt": Moment("created_at"),
        "updatedAt": Moment("updated_at"),
    },
    sorts={"name": "name", "createdAt": "created_at", "updatedAt": "updated_at"},
    items=_items,
)
