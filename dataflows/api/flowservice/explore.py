"""A look at the data behind a base connection: the fields of a project and records to try a mapping with."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from django.http import JsonResponse
from django.utils import timezone
from ninja import Field, Schema

from connectors import projects
from connectors.models import Account
from dataflows.api import errors, spelling
from dataflows.api.answers import Open
from dataflows.api.flowservice import zones
from dataflows.mapper import sampling

SAFE = {"minimum": -9007199254740992, "maximum": 9007199254740991}
MOST_RECORDS = 100
Kind = dict[str, Any]


class ExploreQuery(Schema):
    """``sourceParams`` is base64 of ``{"projectId": "2671127", "timezone": "Pacific Standard Time"}``."""

    objectType: str = Field("rest", max_length=20, description="`rest`")
    object: str | None = Field(None, max_length=20, description="`json`")
    fileType: str | None = Field(None, max_length=20, description="`json`")
    FileType: str | None = Field(None, max_length=20, description="The same, as the published file spells it.")
    preview: bool = True
    sourceParams: str | None = Field(None, max_length=2000, description="base64 of JSON: projectId, timezone.")


class Explored(Open):
    format: Literal["hierarchical"]


def explored(account: Account, query: ExploreQuery) -> JsonResponse:
    """Raises ApiError for parameters that name no project, ConnectorError for what Mixpanel answers."""
    _check_literals(query)
    project_id, zone = project_of(_source_params(query.sourceParams), "sourceParams")
    projects.check(account, project_id, zone)
    seen = sampling.take(account, project_id, zone, now=timezone.now())
    answer: dict[str, Any] = {"format": "hierarchical", "schema": schema_of(seen.records)}
    if query.preview:
        answer["data"] = seen.records[:MOST_RECORDS]
    return JsonResponse(answer)


def _check_literals(query: ExploreQuery) -> None:
    if query.objectType.lower() != "rest":
        raise errors.bad_value("objectType", f"Mixpanel has no {query.objectType}.", "Use rest.")
    for name in ("object", "fileType", "FileType"):
        value = getattr(query, name)
        if value is not None and value.lower() != "json":
            raise errors.bad_value(name, f"Mixpanel gives json, not {value}.", "Use json.")


def _source_params(text: str | None) -> Mapping[str, Any]:
    """The decoded parameters; padding may be missing, and a ``+`` may have become a space on the way."""
    if not text:
        raise errors.bad_value("sourceParams", "This is needed.", 'Send base64 of {"projectId": …, "timezone": …}.')
    plain = text.strip().replace(" ", "+").replace("-", "+").replace("_", "/").rstrip("=")
    try:
        found = json.loads(base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise errors.bad_value("sourceParams", "This is not base64 of a JSON object.") from error
    if not isinstance(found, dict):
        raise errors.bad_value("sourceParams", "This is not base64 of a JSON object.")
    spelling.check(found, ("projectId", "timezone"), "sourceParams")
    return found


def project_of(params: Mapping[str, Any], place: str = "") -> tuple[str, str]:
    """Project id and IANA zone of ``{"projectId", "timezone"}``. Raises ApiError with the place in ``place``."""
    dot = f"{place}." if place else ""
    project_id = params.get("projectId")
    if project_id is None or project_id == "":
        raise errors.bad_value(f"{dot}projectId", "This is needed.", "Write digits, for example 2671127.")
    text = str(project_id) if isinstance(project_id, str | int) and not isinstance(project_id, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) <= 32):
        raise errors.bad_value(f"{dot}projectId", "A project id consists of digits only, for example 2671127.")
    return text, zones.read(params.get("timezone"), f"{dot}timezone")


# --- the shape of records -----------------------------------------------------------------------------------------
def schema_of(records: Iterable[Mapping[str, Any]]) -> Kind:
    """A JSON Schema that the records fulfil; of values that differ in type the first type is told."""
    whole: Kind = {"type": "object", "properties": {}}
    for record in records:
        _add(whole, record)
    return whole


def _add(kind: Kind, value: Mapping[str, Any]) -> None:
    for name, inner in value.items():
        known = kind["properties"].get(name)
        if known is None or known == {"type": "null"}:
            known = kind["properties"][name] = _kind(inner)
        if known["type"] == "object" and isinstance(inner, dict):
            _add(known, inner)


def _kind(value: Any) -> Kind:
    match value:
        case bool():
            return {"type": "boolean"}
        case int():
            return {"type": "integer", **SAFE}
        case float():
            return {"type": "number"}
        case str():
            return {"type": "string"}
        case list():
            return {"type": "array", "items": _kind(value[0]) if value else {}}
        case dict():
            return {"type": "object", "properties": {}}
        case _:
            return {"type": "null"}
