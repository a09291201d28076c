"""Who is asking, and for which project: Mixpanel's answers to right and wrong credentials.

A wrong service account is refused with 400 and "Unable to authenticate request" by export and Query
(airbyte#25954), with 401 by the App API; a wrong project secret with 401; a project without access with 403.
A project that does not exist cannot be told from a wrong credential (airbyte#6075).
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Callable

from connectors.mixpanel.sample.credentials import (
    FORBIDDEN_PROJECT_ID,
    LEGACY_PROJECT_ID,
    PROJECT_SECRET,
    SECRET,
    USERNAME,
)
from connectors.mixpanel.sample.messages import Answer, Refused, Request, app_error, query_error, text
from connectors.mixpanel.sample.projects import PROJECTS, SampleProject

UNABLE = "Unable to authenticate request"

Refuse = Callable[[int, str], Answer]


def export_project(request: Request) -> SampleProject:
    """The project of an export request. Raises Refused, with errors as plain text."""
    return _project(request, text)


def query_project(request: Request) -> SampleProject:
    """The project of a Query API request. Raises Refused, with errors in the Query envelope."""
    return _project(request, lambda status, message: query_error(request, status, message))


def require_service_account(request: Request) -> None:
    """The App API takes service accounts only. Raises Refused with 401."""
    if not _is_service_account(*_basic(request.authorization)):
        raise Refused(app_error(401, "Invalid service account credentials"))


def _project(request: Request, refuse: Refuse) -> SampleProject:
    user, password = _basic(request.authorization)
    if not user:
        raise Refused(refuse(401, "Unauthorized, credentials are required"))
    if not password:
        return _project_of_secret(request, user, refuse)
    if not _is_service_account(user, password):
        raise Refused(refuse(400, f"{UNABLE}: invalid service account credentials"))
    return _project_of_account(request.query.get("project_id", ""), refuse)


def _project_of_secret(request: Request, secret: str, refuse: Refuse) -> SampleProject:
    if not _same(secret, PROJECT_SECRET):
        raise Refused(refuse(401, "Unauthorized, invalid project secret"))
    if "project_id" in request.query:
        raise Refused(refuse(400, "project_id cannot be combined with a project secret"))
    return PROJECTS[LEGACY_PROJECT_ID]


def _project_of_account(project_id: str, refuse: Refuse) -> SampleProject:
    if project_id == FORBIDDEN_PROJECT_ID:
        raise Refused(refuse(403, f"Service account does not have access to project {project_id}"))
    if project_id not in PROJECTS:
        raise Refused(refuse(400, UNABLE))
    return PROJECTS[project_id]


def _is_service_account(user: str, password: str) -> bool:
    return _same(user, USERNAME) and _same(password, SECRET)


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())


def _basic(header: str) -> tuple[str, str]:
    """User and password of a Basic header, both empty when there is no readable one."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "", ""
    return user, password
