"""Everything one running sample knows, handed to each answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from connectors.mixpanel.sample.accounting import ServedLedger
from connectors.mixpanel.sample.archive import Archive
from connectors.mixpanel.sample.limits import RateLimiter, Refusal
from connectors.mixpanel.sample.messages import JSON, Answer, Request
from connectors.mixpanel.sample.projects import SampleProject


@dataclass(frozen=True)
class State:
    archive: Archive
    exports: RateLimiter
    queries: RateLimiter
    served: ServedLedger


def within_limits(
    limiter: RateLimiter, project: SampleProject, request: Request, make: Callable[[], Answer], busy: str = ""
) -> Answer:
    """What ``make`` answers, counted against the project's limits, or 429.

    ``busy`` replaces the message when too many requests run at once.
    """
    refusal = limiter.enter(project.id)
    if refusal is not None:
        return _too_many(limiter, project, request, refusal, busy)
    try:
        answer = make()
    except BaseException:
        limiter.leave(project.id)
        raise
    return replace(
        answer,
        headers={**answer.headers, **limiter.headers(project.id)},
        done=_leaving(limiter, project.id, answer.done),
    )


def _leaving(limiter: RateLimiter, project_id: str, done: Callable[[bool], None]) -> Callable[[bool], None]:
    def leave(complete: bool) -> None:
        limiter.leave(project_id)
        done(complete)

    return leave


def _too_many(limiter: RateLimiter, project: SampleProject, request: Request, refusal: Refusal, busy: str) -> Answer:
    """Wording and headers as the Query API sends them; ``busy`` is what export says (keolo/mixpanel_client#60)."""
    message = (
        f"Query rate limit exceeded for project_id: {project.id}. This request exceeded {refusal.rule}. "
        "For more information, please consult our documentation at https://help.mixpanel.com/"
    )
    plain = bool(busy) and refusal.concurrency
    body = {"error": busy} if plain else {"request": f"{request.path}?project_id={project.id}", "error": message}
    headers = {**limiter.headers(project.id), "Retry-After": str(refusal.retry_after)}
    return Answer(429, json.dumps(body).encode(), JSON, headers)
