"""What an account can see: projects (App API), event names, property names and daily counts (Query API)."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date, timedelta
from itertools import islice
from typing import Any

from connectors.mixpanel.sample import parameters
from connectors.mixpanel.sample.authentication import query_project, require_service_account
from connectors.mixpanel.sample.credentials import USERNAME
from connectors.mixpanel.sample.details import DETAILS
from connectors.mixpanel.sample.messages import Answer, Refused, Request, as_json, query_error
from connectors.mixpanel.sample.parameters import Refuse
from connectors.mixpanel.sample.projects import PROJECTS, SampleProject
from connectors.mixpanel.sample.state import State, within_limits

ORGANIZATION_ID = 100
COUNT_TYPES = ("general", "unique", "average")
MOST_REPORT_DAYS = 400
LINES_LOOKED_AT = 3000


def me(request: Request, _state: State) -> Answer:
    """``GET /api/app/me``: maps keyed by string ids, as Mixpanel sends them."""
    require_service_account(request)
    results = {
        "user_id": 42,
        "user_email": "reader@harbour.example",
        "user_name": USERNAME,
        "organizations": {str(ORGANIZATION_ID): {"id": ORGANIZATION_ID, "name": "Harbour Shop", "role": "analyst"}},
        "projects": {project.id: _project(project) for project in PROJECTS.values()},
        "workspaces": {project.id + "0": _workspace(project) for project in PROJECTS.values()},
    }
    return as_json(200, {"status": "ok", "results": results})


def event_names(request: Request, state: State) -> Answer:
    """``GET /api/query/events/names``: a list of names, by default at most 255."""
    refuse = _refuser(request)
    project = query_project(request)
    _require_type(request, refuse)
    limit = parameters.number(request, "limit", 255, refuse)
    return within_limits(state.queries, project, request, lambda: as_json(200, sorted(DETAILS)[:limit]))


def top_properties(request: Request, state: State) -> Answer:
    """``GET /api/query/events/properties/top``: property names with how often they occur, by default ten."""
    refuse = _refuser(request)
    project = query_project(request)
    limit = parameters.number(request, "limit", 10, refuse)
    event = request.query.get("event")

    def make() -> Answer:
        counts = _property_counts(state, project, event)
        return as_json(200, {name: {"count": count} for name, count in counts.most_common(limit)})

    return within_limits(state.queries, project, request, make)


def counts(request: Request, state: State) -> Answer:
    """``GET /api/query/events`` with ``type=general&unit=day``: totals per day of the project's zone."""
    refuse = _refuser(request)
    project = query_project(request)
    wanted = parameters.names(request, refuse)
    if wanted is None:
        raise Refused(refuse("Missing required parameter: event"))
    _require_type(request, refuse)
    if (request.query["type"], request.query.get("unit")) != ("general", "day"):
        raise Refused(refuse("the sample Mixpanel counts with type=general and unit=day only"))
    days = _report_days(request, state.archive.now().astimezone(project.zone).date(), refuse)
    return within_limits(state.queries, project, request, lambda: as_json(200, _counted(state, project, wanted, days)))


def _counted(state: State, project: SampleProject, wanted: list[str], days: list[date]) -> dict[str, Any]:
    tallies = {day.isoformat(): state.archive.tally(project, day) for day in days}
    values = {name: {day: tally[name] for day, tally in tallies.items() if tally[name]} for name in wanted}
    return {"data": {"series": list(tallies), "values": values}, "legend_size": len(values)}


def _report_days(request: Request, today: date, refuse: Refuse) -> list[date]:
    interval = parameters.number(request, "interval", None, refuse, largest=MOST_REPORT_DAYS)
    if interval is not None:
        first, last = today - timedelta(days=interval - 1), today
    else:
        first, last = parameters.days(request, refuse)
    if (last - first).days >= MOST_REPORT_DAYS:
        raise Refused(refuse(f"at most {MOST_REPORT_DAYS} days can be counted at once"))
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _property_counts(state: State, project: SampleProject, event: str | None) -> Counter[str]:
    """Counted in the latest lines of yesterday: enough to know every name the shop sends."""
    yesterday = state.archive.today(project) - timedelta(days=1)
    texts = islice(state.archive.lines(project, yesterday, in_ms=False), LINES_LOOKED_AT)
    records = (json.loads(line) for text in texts for line in text.splitlines())
    return Counter(
        name
        for record in records
        if event in (None, record["event"])
        for name in record["properties"]
        if name != "time"
    )


def _require_type(request: Request, refuse: Refuse) -> None:
    if request.query.get("type") not in COUNT_TYPES:
        raise Refused(refuse(f"type must be one of {', '.join(COUNT_TYPES)}"))


def _refuser(request: Request) -> Refuse:
    return lambda message: query_error(request, 400, message)


def _project(project: SampleProject) -> dict[str, Any]:
    return {
        "name": project.name,
        "organization_id": ORGANIZATION_ID,
        "timezone": project.timezone,
        "has_workspaces": True,
        "domain": "mixpanel.com",
        "type": "PROJECT",
        "role": "analyst",
    }


def _workspace(project: SampleProject) -> dict[str, Any]:
    return {
        "id": int(project.id) * 10,
        "name": "All Project Data",
        "project_id": int(project.id),
        "is_default": True,
        "is_global": True,
        "is_restricted": False,
        "is_visible": True,
        "description": None,
        "creator_name": None,
    }
