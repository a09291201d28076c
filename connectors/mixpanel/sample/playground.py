"""What only the sample offers: a front page, what it has served, a late event on demand. No credentials needed."""

from __future__ import annotations

import json
from datetime import timedelta

from connectors.mixpanel.sample import parameters
from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID
from connectors.mixpanel.sample.messages import Answer, Refused, Request, app_error, as_json, text
from connectors.mixpanel.sample.projects import PROJECTS
from connectors.mixpanel.sample.state import State

FRONT_PAGE = """Sample Mixpanel

This is not Mixpanel. It speaks Mixpanel's API over invented shop data, so that everything can be tried offline.

GET  /api/app/me  /api/2.0/export  /api/query/events  /api/query/events/names  /api/query/events/properties/top
GET  /sample/served       what has been served, per project and day
POST /sample/late-event   one more event for a past day; JSON {"project_id": "...", "day": "YYYY-MM-DD"}, both optional
POST /sample/reset        forget what was served and the rate limits
"""


def front_page(_request: Request, _state: State) -> Answer:
    return text(200, FRONT_PAGE)


def served(_request: Request, state: State) -> Answer:
    return as_json(200, state.served.snapshot())


def reset(_request: Request, state: State) -> Answer:
    state.served.reset()
    state.exports.reset()
    state.queries.reset()
    return as_json(200, {"status": "ok"})


def late_event(request: Request, state: State) -> Answer:
    """One more purchase arrives now for a past day; without a body, for the day before yesterday."""
    asked = _body(request)
    project = PROJECTS.get(str(asked.get("project_id", LEGACY_PROJECT_ID)))
    if project is None:
        raise Refused(app_error(404, "no such project"))
    day = (state.archive.today(project) - timedelta(days=2)).isoformat()
    wanted = Request(request.path, {"day": str(asked.get("day", day))})
    chosen = parameters.day(wanted, "day", lambda message: app_error(400, message))
    try:
        insert_id = state.archive.add_late_event(project, chosen)
    except ValueError as error:
        raise Refused(app_error(400, str(error))) from None
    added = {"project_id": project.id, "day": chosen.isoformat(), "event": "Purchase", "$insert_id": insert_id}
    return as_json(200, {"status": "ok", "results": added})


def _body(request: Request) -> dict[str, object]:
    try:
        asked = json.loads(request.body or b"{}")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise Refused(app_error(400, "the body must be a JSON object"))
    return asked
