"""Runs: listed, started on demand, tried again, cancelled."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Body, Field, Query, Router, Schema

from connectors.roles import User
from dataflows import scheduling, tasks
from dataflows.api import errors, etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, Open, Reference, answers
from dataflows.api.errors import ApiError
from dataflows.api.filters import uuid_of
from dataflows.api.flowservice import flows, run_shapes
from dataflows.api.flowservice.envelope import action_refused, made
from dataflows.api.flowservice.run_shapes import RESOURCE
from dataflows.api.listing import ListQuery, SearchBody
from dataflows.models import Dataflow, Run, Trigger
from dataflows.runs import lifecycle

router = Router(tags=["Flow Service: runs"], by_alias=True)
KIND = "run"
MOST_DAYS = 3660
INSTANT = timedelta(microseconds=1)
LATEST = 32_503_680_000  # the year 3000


class RunParams(Open):
    """Epoch seconds. The days that the window touches are read; without a window, those that are due.

    Days begin at midnight UTC, in legacy projects at midnight of the project's zone.
    """

    windowStartTime: int | str | None = None
    windowEndTime: int | str | None = None


class RunBody(Schema):
    flowId: str = Field(max_length=100)
    params: RunParams | None = None


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
    days = _days(flow, body.params.model_dump() if body.params else {}, now)
    run = lifecycle.start(flow, trigger=Trigger.USER, days=days, by=by, now=now)
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
    """``op`` is re_trigger (a new run over the same days, which is answered) or cancel, in any case."""
    by, now = editor(request), timezone.now()
    listing.check_parameters(request, ("op", "subOp"))
    found = find(by, run_id)
    etags.check(request, run_shapes.whole(request, found), needed=False)
    match op.upper():
        case "RE_TRIGGER":
            found = lifecycle.retry(found, by=by, now=now)
        case "CANCEL":
            if not lifecycle.cancel(found, now=now):
                raise ApiError("1422-400", "Not possible in this state", "The run has ended.", ours="ended")
        case _:
            raise action_refused(op)
    tasks.ring(found)
    return JsonResponse(run_shapes.whole(request, find(by, str(found.uuid))))


def find(user: User, run_id: str) -> Run:
    """Raises ApiError 1101-404."""
    wanted = uuid_of(run_id)
    found = run_shapes.visible(user).filter(uuid=wanted).first() if wanted else None
    if found is None:
        raise errors.not_found(KIND, run_id)
    return found


def _days(flow: Dataflow, params: Mapping[str, Any], now: datetime) -> list[date] | None:
    """The days from the one in which the window starts to the one in which it ends; ``None`` without a window."""
    start, end = _moment(params, "windowStartTime"), _moment(params, "windowEndTime")
    if start is None and end is None:
        return None
    if start and end and start > end:
        raise errors.bad_value("params.windowEndTime", "The window ends before it starts.")
    zone, newest = ZoneInfo(flow.day_zone), scheduling.last_day(now, flow.timezone or "UTC", include_today=True)
    # The end is no part of the window: one that ends at midnight ends with the day before.
    until = end - INSTANT if end and end != start else end or now
    first, last = (start or until).astimezone(zone).date(), min(newest, until.astimezone(zone).date())
    if first > last:
        words = f"The window begins on {first}; Mixpanel has no later day than {newest} yet."
        raise errors.bad_value("params.windowStartTime", words)
    if (last - first).days >= MOST_DAYS:
        raise errors.bad_value("params.windowStartTime", f"The window has more than {MOST_DAYS} days.")
    return scheduling.days_between(first, last)


def _moment(params: Mapping[str, Any], name: str) -> datetime | None:
    value = params.get(name)
    if value is None or value == "":
        return None
    text = str(value)
    if not text.isascii() or not text.isdigit():
        raise errors.bad_value(f"params.{name}", f"“{text[:40]}” is no time.", "Write epoch seconds.")
    if len(text) > 12 or int(text) > LATEST:
        raise errors.bad_value(f"params.{name}", f"“{text[:40]}” is no time.", "Write epoch seconds, not milliseconds.")
    return datetime.fromtimestamp(int(text), UTC)
