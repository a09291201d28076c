"""Runs: listed, started on demand, tried again, cancelled."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Body, Query, Router

from connectors.roles import User
from dataflows import tasks
from dataflows.api import errors, etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Reference, answers
from dataflows.api.errors import ApiError
from dataflows.api.filters import uuid_of
from dataflows.api.flowservice import flows, run_making, run_shapes
from dataflows.api.flowservice.envelope import action_refused, made
from dataflows.api.flowservice.run_making import RunBody, RunParams
from dataflows.api.flowservice.run_shapes import RESOURCE
from dataflows.api.listing import ListQuery, SearchBody
from dataflows.models import Run, Trigger
from dataflows.runs import lifecycle, pausing, reprocessing

router = Router(tags=["Flow Service: runs"], by_alias=True)
KIND = "run"
NO_PARAMS = RunParams()


@router.get("/runs", response=answers(Entities))
def runs(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    return listing.page(request, RESOURCE, run_shapes.visible(reader(request)), query)


@router.post("/runs/search", response=answers(Entities))
def runs_search(request: HttpRequest, body: SearchBody, continuationToken: str | None = None) -> JsonResponse:
    return listing.search(request, RESOURCE, run_shapes.visible(reader(request)), body, continuationToken)


@router.post("/runs", response=answers(Reference, status=201, changes=True))
def run_create(request: HttpRequest, body: RunBody) -> JsonResponse:
    """Start a run of a flow now."""
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ())
    flow = flows.find(by, body.flowId)
    run = run_making.start(flow, body.params or NO_PARAMS, by=by, now=now)
    tasks.ring(run)
    return made(run_shapes.whole(request, find(by, str(run.uuid))), "/runs")


@router.get("/runs/{run_id}", response=answers(Entities))
def run(request: HttpRequest, run_id: str) -> JsonResponse:
    listing.check_parameters(request, ())
    return listing.listed([run_shapes.whole(request, find(request.user, run_id))])


@router.put("/runs/{run_id}", response=answers(Reference, changes=True))
def run_put(request: HttpRequest, run_id: str, body: Body[dict[str, Any]]) -> JsonResponse:
    """For providers of sources only: it is always refused."""
    by = editor(request)
    listing.check_parameters(request, ())
    etags.check(request, run_shapes.whole(request, find(by, run_id)))
    raise ApiError("1427-400", "For providers only", "Only providers of sources write runs.", ours="provider")


@router.post("/runs/{run_id}/action", response=answers(dict[str, Any], changes=True))
def run_action(request: HttpRequest, run_id: str, op: str, subOp: str | None = None) -> JsonResponse:
    """``op``, in any case: re_trigger (a new run over the same days, which is answered) or cancel.

    Beyond AEP: pause and resume of a backfill, and publish, which does for real what a dry run has tried.
    """
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ("op", "subOp"))
    found = find(by, run_id)
    etags.check(request, run_shapes.whole(request, found), needed=False)
    found = _acted(found, op, by=by, now=now)
    tasks.ring(found)
    return JsonResponse(run_shapes.whole(request, find(by, str(found.uuid))))


def _acted(run: Run, op: str, *, by: User, now: datetime) -> Run:
    """The run that is to be answered: this one, or one that follows it. Raises ApiError, CannotStart."""
    match op.upper():
        case "RE_TRIGGER":
            return lifecycle.retry(run, by=by, now=now)
        case "CANCEL":
            _possible(lifecycle.cancel(run, now=now), "The run has ended.", "ended")
        case "PAUSE":
            is_backfill = run.trigger == Trigger.BACKFILL
            _possible(is_backfill and pausing.pause(run), "Only a backfill that goes on can pause.", "not_pausable")
        case "RESUME":
            _possible(pausing.resume(run), "The run is not paused.", "not_paused")
        case "PUBLISH":
            _possible(run.dry_run, "Only a dry run can be done for real.", "not_a_dry_run")
            return reprocessing.reprocess(run.dataflow, lifecycle.days_of(run), by=by, now=now)
        case _:
            raise action_refused(op)
    return run


def _possible(done: bool, words: str, ours: str) -> None:
    if not done:
        raise ApiError("1422-400", "Not possible in this state", words, ours=ours)


def find(user: User, run_id: str) -> Run:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(run_id)
    found = run_shapes.visible(user).filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, run_id)
    return found
