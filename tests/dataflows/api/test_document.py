"""The OpenAPI document is true: whatever is sent, the answers are those it promises, and never a 5xx."""

from __future__ import annotations

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from config.wsgi import application
from dataflows.api.application import api
from dataflows.api.batches import batch_id, dataset_id
from dataflows.models import ApiClient, SourceConnection, TargetConnection
from tests.dataflows.api.program import Program
from tests.dataflows.factories import make_account, make_flow, make_run

EXAMPLES = 4
CHECKS = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
# Nothing is sent anywhere: this host is not allowed.
REFUSED = "https://refused.example"


document = schemathesis.openapi.from_wsgi("/api/openapi.json", application)


@pytest.fixture
def real(program: Program) -> dict[str, str]:
    """Ids of what there is, by the names of path parameters. The account's host is not allowed, so nobody is called."""
    ApiClient.objects.update(calls_per_minute=1_000_000)
    flow = make_flow(account=make_account(region=REFUSED))
    run = make_run(flow)
    shared = {"name": "Shop", "is_draft": True}
    source = SourceConnection.objects.create(account=flow.reads_from, project_id="1", timezone="UTC", **shared)
    target = TargetConnection.objects.create(dataset=flow.writes_to, **shared)
    return {
        "source": str(source.uuid),
        "target": str(target.uuid),
        "connection_id": str(flow.reads_from.uuid),
        "flow_id": str(flow.uuid),
        "run_id": str(run.uuid),
        "batch": batch_id(run.uuid),
        "data_set_id": dataset_id(flow.writes_to.uuid),
        "data_set_file_id": f"{batch_id(run.uuid)}-1",
        "mapping_set_id": flow.uuid.hex,
    }


@document.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
def test_answers_as_the_document_says(case: schemathesis.Case, program: Program, real: dict[str, str]) -> None:
    case.headers = {**(case.headers or {}), **program.headers}
    _lead_nowhere(case)
    _check(case)
    if case.path_parameters:
        case.path_parameters = {
            name: _real(case.path, name, real) or each for name, each in case.path_parameters.items()
        }
        _check(case)


def test_names_the_headers_that_belong_together() -> None:
    schema = api.get_openapi_schema(path_prefix="")
    for path, methods in schema["paths"].items():
        for operation in methods.values() if path.startswith("/data/") else ():
            assert operation["security"] == [{"bearer": [], "apiKey": [], "organization": []}]
            (sandbox,) = [each for each in operation["parameters"] if each["in"] == "header"]
            assert (sandbox["name"], sandbox["required"]) == ("x-sandbox-name", False)
    named = {each.get("name") for each in schema["components"]["securitySchemes"].values()}
    assert named == {None, "x-api-key", "x-gw-ims-org-id"}
    assert "security" not in schema["paths"]["/ims/token/v3"]["post"]


def _check(case: schemathesis.Case) -> None:
    """The request shares the connection of the test, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    try:
        case.validate_response(case.call(), checks=CHECKS)
    finally:
        for signal in (request_started, request_finished):
            signal.connect(close_old_connections)


def _real(path: str, name: str, real: dict[str, str]) -> str | None:
    kind = "source" if "/sourceConnections" in path else "target" if "/targetConnections" in path else name
    return real.get(kind)


def _lead_nowhere(case: schemathesis.Case) -> None:
    """Credentials made up by a machine are not shown to Mixpanel."""
    body = case.body
    if case.path.endswith("/connections") and isinstance(body, dict) and isinstance(body.get("auth"), dict):
        params = body["auth"].get("params")
        if isinstance(params, dict):
            params["host"] = REFUSED
