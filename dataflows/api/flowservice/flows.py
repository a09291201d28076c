"""Flows: made as drafts or at once, published, enabled, disabled, changed and deleted."""

from __future__ import annotations

from typing import Any, Literal

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from ninja import Body, Query, Router

from connectors import audit
from connectors.roles import User, person
from dataflows.api import errors, etags, listing, patches
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Reference, answers
from dataflows.api.errors import ApiError
from dataflows.api.filters import uuid_of
from dataflows.api.flowservice import flow_making, flow_shapes
from dataflows.api.flowservice.envelope import action_refused, changed, made
from dataflows.api.flowservice.flow_shapes import RESOURCE, FlowBody
from dataflows.api.listing import Item, ListQuery, SearchBody
from dataflows.models import Dataflow
from dataflows.runs import launching, lifecycle

router = Router(tags=["Flow Service: flows"], by_alias=True)
KIND = "flow"
PATCHABLE = ("/name", "/description", "/scheduleParams", "/transformations", "/options")
DRAFT_ONLY = ("/sourceConnectionIds", "/targetConnectionIds")


@router.get("/flows", response=answers(Entities))
def flows(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    return listing.page(request, RESOURCE, flow_shapes.visible(reader(request)), query)


@router.post("/flows/search", response=answers(Entities))
def flows_search(request: HttpRequest, body: SearchBody, continuationToken: str | None = None) -> JsonResponse:
    return listing.search(request, RESOURCE, flow_shapes.visible(reader(request)), body, continuationToken)


@router.post("/flows", response=answers(Reference, status=201, changes=True))
def flow_create(request: HttpRequest, body: FlowBody, mode: Literal["draft"] | None = None) -> JsonResponse:
    """Makes a flow that runs by its schedule, or with ``mode=draft`` one that waits for its publication."""
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ("mode",))
    flow = flow_making.draft_from(body, by=by, now=now)
    flow_making.refuse_twin(flow, now=now)
    if mode == "draft":
        flow.save()
    else:
        if body.scheduleParams is None:
            raise errors.bad_value("scheduleParams", "This is needed.", "Say at least startTime and frequency.")
        flow_making.launch(flow, by=by, now=now)
    audit.record(by, flow, audit.ADDED)
    return made(_fresh(request, flow), "/flows")


@router.get("/flows/{flow_id}", response=answers(Entities))
def flow(request: HttpRequest, flow_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return listing.listed(flow_shapes.items(request, [find(request.user, flow_id)]))


@router.patch("/flows/{flow_id}", response=answers(Reference, changes=True))
def flow_patch(request: HttpRequest, flow_id: str, body: Body[list[Any] | dict[str, Any]]) -> JsonResponse:
    """A change is for later runs; one that is going on goes on as it was."""
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ())
    found = find(by, flow_id)
    current = flow_shapes.item(request, found)
    etags.check(request, current)
    places = (*PATCHABLE, *DRAFT_ONLY) if found.is_draft else PATCHABLE
    wanted = patches.applied(current, body, places)
    asked = patches.read(FlowBody, {**wanted, "state": None})
    if found.is_draft:
        _change_draft(found, asked, current, wanted, by)
    else:
        flow_making.change(found, current, wanted, asked, by=by, now=now)
    audit.record(by, found, audit.CHANGED)
    return changed(_fresh(request, found))


@router.delete("/flows/{flow_id}", response=answers(None, status=204, changes=True))
def flow_delete(request: HttpRequest, flow_id: str) -> HttpResponse:
    """The dataset and the data in it stay; so do connections and mapping sets that a program made."""
    by = editor(request)
    listing.check_parameters(request, ())
    found = find(by, flow_id)
    etags.check(request, flow_shapes.item(request, found), needed=False)
    with audit.deleting(by, found):
        lifecycle.delete(found)
    return HttpResponse(status=204)


@router.post("/flows/{flow_id}/action", response=answers(Reference, changes=True))
def flow_action(request: HttpRequest, flow_id: str, op: str, subOp: str | None = None) -> JsonResponse:
    """``op`` is enable, disable or publish, in any case."""
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ("op", "subOp"))
    found = find(by, flow_id)
    etags.check(request, flow_shapes.item(request, found), needed=False)
    match op.upper():
        case "PUBLISH":
            _publish(found, by)
        case "ENABLE" | "DISABLE" if found.is_draft:
            raise ApiError("1422-400", "Not possible in this state", "A draft must be published first.", ours="draft")
        case "ENABLE":
            lifecycle.enable(found, by=by, now=now)
        case "DISABLE":
            lifecycle.disable(found, by=by, now=now)
        case _:
            raise action_refused(op)
    audit.record(by, found, audit.CHANGED, op.lower())
    return changed(_fresh(request, found))


def find(user: User, flow_id: str) -> Dataflow:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(flow_id)
    found = flow_shapes.visible(user).filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, flow_id)
    return found


def _fresh(request: HttpRequest, flow: Dataflow) -> Item:
    (item,) = flow_shapes.items(request, [flow_shapes.visible(request.user).get(pk=flow.pk)])
    return item


def _publish(flow: Dataflow, by: User) -> None:
    if not flow.is_draft:
        raise ApiError("1422-400", "Not possible in this state", "This flow is no draft.", ours="not_a_draft")
    try:
        flow_making.launch(flow, by=by, now=timezone.now())
    except launching.Outdated as error:
        raise flow_making.overtaken() from error


def _change_draft(flow: Dataflow, asked: FlowBody, current: Item, wanted: dict[str, Any], by: User) -> None:
    differs = flow_making.differing(current, wanted)
    flow.name, flow.description = asked.name, asked.description
    flow_making.connect(flow, asked, by)
    if "options" in differs:
        for name, value in flow_making.options(asked.options).items():
            setattr(flow, name, value)
    if "transformations" in differs:
        flow.mapping, flow.mapping_set, flow.mapping_set_version = [], None, 0
        flow_making.map_draft(flow, asked, by)
    if "scheduleParams" in differs:
        flow_making.plan(flow, asked, now=timezone.now())
    flow.revision, flow.updated_by = flow.revision + 1, person(by)
    flow.save()
