"""The specifications that clients look up before they connect: what Mixpanel and the data lake ask for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.http import HttpRequest, JsonResponse
from ninja import Field, Query, Router, Schema

from dataflows.api import errors, etags, filters
from dataflows.api.answers import Entities, answers
from dataflows.api.errors import ApiError
from dataflows.api.flowservice import ids
from dataflows.api.listing import MOST, ListQuery, SearchBody, check_parameters, listed

router = Router(tags=["Flow Service: specifications"], by_alias=True)
Spec = dict[str, Any]
DRAFT_7 = "http://json-schema.org/draft-07/schema#"
MADE = 1_577_836_800_000  # the first moment of 2020: specifications are older than any entity


def _object(properties: dict[str, Any], required: list[str]) -> dict[str, Any]:
    return {"$schema": DRAFT_7, "type": "object", "properties": properties, "required": required}


HOST = {
    "type": "string",
    "description": "The base URL of Mixpanel's export (https://data.mixpanel.com, https://data-eu.mixpanel.com, …); "
    "without it the region is found out.",
}
SECRET = {"type": "string", "format": "password"}
MIXPANEL: Spec = {
    "id": ids.MIXPANEL_SPEC,
    "name": "Mixpanel",
    "providerId": ids.PROVIDER,
    "version": ids.VERSION,
    "authSpec": [
        {
            "name": ids.BASIC,
            "type": "BasicAuthentication",
            "spec": _object(
                {"username": {"type": "string"}, "password": SECRET, "host": HOST}, ["username", "password"]
            ),
        },
        {
            "name": ids.PROJECT_SECRET,
            "type": "BasicAuthentication",
            "spec": _object({"password": SECRET, "host": HOST}, ["password"]),
        },
    ],
    "sourceSpec": {
        "attributes": {
            "uiAttributes": {
                "isSource": True,
                "isPreview": True,
                "isBeta": False,
                "category": {"key": "analytics"},
                "icon": {"key": "mixpanelIcon"},
                "label": {"key": "mixpanelLabel"},
                "description": {"key": "mixpanelDescription"},
                "frequency": {"key": "batch"},
            }
        },
        "spec": _object(
            {
                "projectId": {"type": "string"},
                "timezone": {"type": "string"},
                "timeSemantic": {
                    "type": "string",
                    "enum": ["utc", "legacy"],
                    "description": "What the times of the export mean; without it the data is asked.",
                },
            },
            ["projectId", "timezone"],
        ),
    },
    "exploreSpec": {
        "name": "Resource",
        "type": "Resource",
        "requestSpec": {"$schema": DRAFT_7, "type": "object"},
        "responseSpec": {
            "$schema": DRAFT_7,
            "type": "object",
            "properties": {
                "format": {"type": "string"},
                "schema": {"type": "object"},
                "data": {"type": "array", "items": {"type": "object"}},
            },
        },
    },
    "attributes": {
        "category": "Analytics",
        "isSource": True,
        "uiAttributes": {"apiFeatures": {"explorePaginationSupported": False}},
    },
    "permissionsInfo": {
        "view": [{"@type": "lowLevel", "name": "EnterpriseSource", "permissions": ["read"]}],
        "manage": [{"@type": "lowLevel", "name": "EnterpriseSource", "permissions": ["write"]}],
    },
}
DATA_LAKE: Spec = {
    "id": ids.DATA_LAKE_SPEC,
    "name": "datalake",
    "providerId": ids.PROVIDER,
    "version": ids.VERSION,
    "targetSpec": {
        "name": "Data lake",
        "spec": _object({"dataSetId": {"type": "string", "pattern": "^[0-9a-f]{24}$"}}, ["dataSetId"]),
    },
    "attributes": {"isSource": False, "isTarget": True},
}
FLOW: Spec = {
    "id": ids.FLOW_SPEC,
    "name": "RestStorageToAEP",
    "providerId": ids.PROVIDER,
    "version": ids.VERSION,
    "sourceConnectionSpecIds": [ids.MIXPANEL_SPEC],
    "targetConnectionSpecIds": [ids.DATA_LAKE_SPEC],
    "optionSpec": {
        "name": "OptionSpec",
        "spec": _object(
            {
                "errorDiagnosticsEnabled": {"type": "boolean", "default": True},
                "partialIngestionPercent": {"type": "number", "exclusiveMinimum": 0, "maximum": 100, "default": 5},
            },
            [],
        ),
    },
    "transformationSpecs": [
        {
            "name": "Mapping",
            "spec": _object(
                {"mappingId": {"type": "string"}, "mappingVersion": {"type": ["string", "integer"]}}, ["mappingId"]
            ),
        }
    ],
    "scheduleSpec": {
        "name": "PeriodicSchedule",
        "type": "Periodic",
        "spec": _object(
            {
                "startTime": {"type": "integer", "description": "Epoch seconds."},
                "frequency": {"type": "string", "enum": ["once", "minute", "hour", "day", "week", "cron"]},
                "interval": {"type": "integer"},
                "backfill": {"type": "boolean", "default": True},
                "historyFrom": {"type": "string", "format": "date", "description": "The first day a backfill reads."},
                "lookbackDays": {"type": "integer", "minimum": 1, "maximum": 90},
                "timezone": {"type": "string", "description": "In which days and weeks are counted."},
                "cron": {"type": "string", "description": "Five fields, for the frequency cron."},
            },
            ["startTime", "frequency"],
        ),
    },
    "attributes": {"isSourceFlow": True, "flacValidationSupported": True, "frequency": "batch"},
}
AUDIT: Spec = {
    "createdAt": MADE,
    "updatedAt": MADE,
    "createdBy": "system@AdobeID",
    "updatedBy": "system@AdobeID",
    "createdClient": "system",
    "updatedClient": "system",
    "sandboxName": "prod",
}
CONNECTION_SPECS = tuple(etags.stamped(spec | AUDIT) | {"version": ids.VERSION} for spec in (MIXPANEL, DATA_LAKE))
FLOW_SPECS = (etags.stamped(FLOW | AUDIT) | {"version": ids.VERSION},)


class ConfigQuery(Schema):
    """As the published file has it; there is nothing to choose from yet."""

    outputType: str | None = Field(None, max_length=100)
    outputField: str | None = Field(None, max_length=255)
    limit: int | None = Field(None, ge=1, le=MOST)
    start: int | None = Field(None, ge=0)


@router.get("/connectionSpecs", response=answers(Entities))
def connection_specs(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    """The sources and targets there are, all in one page."""
    return _list(request, CONNECTION_SPECS, query.property, count=bool(query.count))


@router.get("/connectionSpecs/{spec_id}", response=answers(Entities))
def connection_spec(request: HttpRequest, spec_id: str) -> JsonResponse:
    check_parameters(request, ())
    return _one("connection specification", CONNECTION_SPECS, spec_id)


@router.get("/connectionSpecs/{spec_id}/configs", response=answers(Entities))
def connection_spec_configs(request: HttpRequest, spec_id: str, query: Query[ConfigQuery]) -> JsonResponse:
    """Fields whose choices a provider would have to look up. Neither Mixpanel nor the data lake has any."""
    check_parameters(request, ConfigQuery.model_fields)
    _one("connection specification", CONNECTION_SPECS, spec_id)
    return listed([])


@router.get("/flowSpecs", response=answers(Entities))
def flow_specs(request: HttpRequest, query: Query[ListQuery]) -> JsonResponse:
    """How a flow is described: options, schedule, transformations."""
    return _list(request, FLOW_SPECS, query.property, count=bool(query.count))


@router.post("/flowSpecs/search", response=answers(Entities))
def flow_specs_search(request: HttpRequest, body: SearchBody) -> JsonResponse:
    check_parameters(request, ())
    return _list(request, FLOW_SPECS, [body.queryString] if body.queryString else [], count=bool(body.count), query=())


@router.get("/flowSpecs/{spec_id}", response=answers(Entities))
def flow_spec(request: HttpRequest, spec_id: str) -> JsonResponse:
    check_parameters(request, ())
    return _one("flow specification", FLOW_SPECS, spec_id)


def _list(
    request: HttpRequest, specs: tuple[Spec, ...], expressions: list[str], *, count: bool, query: Any = None
) -> JsonResponse:
    check_parameters(request, ListQuery.model_fields if query is None else query)
    wanted = filters.parse(expressions)
    found = [spec for spec in specs if all(_holds(spec, condition) for condition in wanted.conditions)]
    if count:
        return JsonResponse({"count": len(found)})
    if wanted.projection and found:
        found = filters.projected(found, wanted.projection, set[str]().union(*specs))
    return listed(found)


def _one(kind: str, specs: tuple[Spec, ...], spec_id: str) -> JsonResponse:
    found = [spec for spec in specs if spec["id"] == spec_id.lower()]
    if not found:
        raise errors.not_found(kind, spec_id)
    return listed(found)


VALUES: Mapping[str, Callable[[Spec], list[str]]] = {
    "id": lambda spec: [spec["id"]],
    "name": lambda spec: [spec["name"]],
    "providerId": lambda spec: [spec["providerId"]],
    "version": lambda spec: [spec["version"]],
    "sourceConnectionSpecIds": lambda spec: spec.get("sourceConnectionSpecIds", []),
    "targetConnectionSpecIds": lambda spec: spec.get("targetConnectionSpecIds", []),
    "attributes.isSource": lambda spec: [str(spec["attributes"].get("isSource", False)).lower()],
}


def _holds(spec: Spec, condition: filters.Condition) -> bool:
    path = condition.path.replace("[]", "")
    if path not in VALUES:
        raise ApiError(
            "1423-400",
            "Filter field not known",
            f"Specifications cannot be filtered by {condition.path[:200]}.",
            remedy=f"These can be used: {', '.join(sorted(VALUES))}.",
            ours="filter_field",
        )
    if condition.operator not in ("==", "!="):
        raise ApiError("1449-400", "Operator not valid for field", "Use == or !=.", ours="filter_operator")
    among = bool(set(VALUES[path](spec)) & set(condition.values))
    return among == (condition.operator == "==")
