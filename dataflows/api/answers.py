"""What addresses answer, for the OpenAPI document: the good answer and the refusals every address knows."""

from __future__ import annotations

from typing import Any

from ninja import Field, Schema
from pydantic import ConfigDict

from dataflows.api.sent import Sent


class Open(Sent):
    """An object of which only some fields are described here."""

    model_config = ConfigDict(extra="allow")


class Link(Schema):
    href: str


class Links(Schema):
    next: Link | None = None


class Entities(Schema):
    """``{"items": […], "_links": {…}}``, or ``{"count": n}``."""

    items: list[dict[str, Any]] = []
    links: Links | None = Field(None, alias="_links")
    count: int | None = None


class Reference(Schema):
    id: str
    etag: str


class Report(Open):
    error_code: str = Field(alias="error-code")
    timestamp: str


class Problem(Open):
    type: str
    title: str
    status: int
    detail: str
    report: Report


class GatewayProblem(Open):
    """Of the gateway, when a header is missing or wrong; a service answers 403 and 400 with a ``Problem``."""

    error_code: str
    message: str


Refusal = Problem | GatewayProblem


def answers(good: Any, *, status: int = 200, changes: bool = False) -> dict[int, Any]:
    """``changes``: the address may answer that the entity is another by now, or that a name is taken."""
    refusals: dict[int, Any] = dict.fromkeys((400, 401, 403, 404, 413, 429), Refusal)
    if changes:
        refusals |= {409: Problem, 412: Problem}
    return {status: good, **refusals, 500: Problem, 503: Problem}
