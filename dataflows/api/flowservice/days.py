"""The ledger of a flow, beyond AEP: what of every day is in the dataset, and decisions about days that are held."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from ninja import Field, Query, Router, Schema

from connectors.roles import User
from dataflows import tasks
from dataflows.api import errors, etags, listing
from dataflows.api.access import editor, reader
from dataflows.api.answers import Entities, answers
from dataflows.api.errors import ApiError
from dataflows.api.flowservice import flows
from dataflows.api.flowservice.envelope import action_refused
from dataflows.api.listing import Item
from dataflows.api.moments import millis
from dataflows.models import Day, DayStatus
from dataflows.runs import reprocessing
from dataflows.runs.counting import COUNTS

router = Router(tags=["Flow Service: days (beyond AEP)"], by_alias=True)
MOST = 5000


class DayQuery(Schema):
    limit: int = Field(1000, ge=1, le=MOST)
    before: date | None = Field(None, description="Only days before this one, as `_links.next.href` says.")


@router.get("/flows/{flow_id}/days", response=answers(Entities))
def days(request: HttpRequest, flow_id: str, query: Query[DayQuery]) -> JsonResponse:
    """Newest first; received = loaded + duplicate + rejected + filtered holds for each. A day never read is absent."""
    listing.check_parameters(request, DayQuery.model_fields)
    flow = flows.find(reader(request), flow_id)
    found = flow.days.select_related("window__run").order_by("-day")
    if query.before:
        found = found.filter(day__lt=query.before)
    page = list(found[: query.limit + 1])
    links: dict[str, Any] = {}
    if len(page) > query.limit:
        page = page[: query.limit]
        links["next"] = {"href": f"/flows/{flow.uuid}/days?before={page[-1].day}&limit={query.limit}"}
    return JsonResponse({"items": [item(day) for day in page], "_links": links})


@router.post("/flows/{flow_id}/days/{day}/action", response=answers(dict[str, Any], changes=True))
def day_action(request: HttpRequest, flow_id: str, day: str, op: str) -> JsonResponse:
    """``op`` of a held day: keep (what the dataset has stays) or accept (the new, smaller answer replaces it)."""
    by = editor(request)
    listing.check_parameters(request, ("op",))
    found = _find(by, flow_id, day)
    etags.check(request, item(found), needed=False)
    match op.upper():
        case "KEEP" if reprocessing.keep_old(found):
            pass
        case "KEEP":
            raise ApiError("1422-400", "Not possible in this state", "This day is not held.", ours="not_held")
        case "ACCEPT":
            tasks.ring(reprocessing.accept_new(found, by=by, now=timezone.now()))
        case _:
            raise action_refused(op)
    return JsonResponse(item(_find(by, flow_id, day)))


def item(day: Day) -> Item:
    """``held`` are the counts of the answer that waits for a decision; a held or failed day keeps its earlier data."""
    told: dict[str, Any] = {
        "id": day.day.isoformat(),
        "status": day.status,
        "complete": day.complete,
        **{name: getattr(day, name) for name in COUNTS},
        "publishedAt": millis(day.published_at) if day.published_at else None,
        "runId": str(day.window.run.uuid) if day.window else None,
        "held": {name: day.held.get(name, 0) for name in COUNTS} if day.status == DayStatus.HELD else None,
        "error": {"code": day.error_code, "message": day.error_detail} if day.error_code else None,
    }
    return etags.stamped(told)


def _find(user: User, flow_id: str, text: str) -> Day:
    """Raises ApiError 1101-404."""
    flow = flows.find(user, flow_id)
    try:
        found = flow.days.select_related("window__run").filter(day=date.fromisoformat(text)).first()
    except ValueError:
        found = None
    if found is None:
        raise errors.not_found("day", text)
    return found
