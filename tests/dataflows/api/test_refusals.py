"""What every address refuses, over the table of all addresses, so that none is forgotten."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from dataflows import stores
from dataflows.api.application import api
from dataflows.api.batches import batch_id, dataset_id
from dataflows.models import FieldGroup, SourceConnection, TargetConnection
from tests.dataflows.api.program import FLOW_SERVICE, REGISTRY, Program, code_of
from tests.dataflows.factories import make_account, make_day, make_flow, make_run

Operation = tuple[str, str]
DOCUMENT: dict[str, Any] = api.get_openapi_schema(path_prefix="")
PATHS: dict[str, Any] = DOCUMENT["paths"]
PLACE = re.compile(r"[\w@:$-]+(\[\d+])?(\.[\w@:$-]+(\[\d+])?)*")
# The answer to HEAD is that to GET without its body.
ALL: list[Operation] = [
    (method.upper(), path)
    for path, methods in PATHS.items()
    for method in methods
    if path.startswith("/data/") and method != "head"
]
WITH_BODY = [each for each in ALL if "requestBody" in PATHS[each[1]][each[0].lower()]]
WITH_ID = [each for each in ALL if "{" in each[1]]
CHANGING = [each for each in WITH_ID if each[0] in {"PATCH", "PUT", "DELETE"} or each[1].endswith("/action")]
# A mapping set has versions instead of an etag, as in AEP.
SET = "/data/foundation/conversion/mappingSets/{mapping_set_id}"
WITHOUT_ETAG = {SET, f"{SET}/mappings/{{mapping_id}}"}
QUERIES = {"action": "?op=publish", "explore": "?sourceParams=e30="}
LONG_AGO = "2001-01-01"
PATCH = [{"op": "replace", "path": "/name", "value": "Renamed"}]
TITLE = [{"op": "replace", "path": "/title", "value": "Renamed"}]
SPEC = {"id": "fd2c8ff3-1de0-4f6b-8fa8-4264784870eb"}
BODIES: dict[str, Any] = {
    "search": {},
    "connections": {"name": "n", "connectionSpec": SPEC, "auth": {"params": {"username": "u", "password": "p"}}},
    "sourceConnections": {
        "name": "n",
        "baseConnectionId": str(uuid.uuid4()),
        "connectionSpec": SPEC,
        "data": {"format": "json"},
        "params": {"projectId": "1", "timezone": "UTC"},
    },
    "targetConnections": {
        "name": "n",
        "connectionSpec": SPEC,
        "data": {"format": "json"},
        "params": {"dataSetId": "0" * 24},
    },
    "flows": {"name": "n", "flowSpec": {"id": "x"}},
    "runs": {"flowId": str(uuid.uuid4())},
    "mappingSets": {"xdmSchema": "https://ns.adobe.com/x/schemas/none", "mappings": []},
    "mappings": {"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"},
    "validate": {"xdmSchema": "https://ns.adobe.com/x/schemas/none", "expression": "event", "mappings": []},
    "preview": {"data": [], "mappingSet": {"xdmSchema": "https://ns.adobe.com/x/schemas/none"}},
    "schemas": {"title": "t", "type": "object", "allOf": [{"$ref": "https://ns.adobe.com/none"}]},
    "fieldgroups": {"title": "t", "type": "object", "allOf": [{"$ref": "https://ns.adobe.com/none"}]},
    "descriptors": {
        "@type": "xdm:descriptorIdentity",
        "xdm:sourceSchema": "https://ns.adobe.com/x/schemas/none",
        "xdm:sourceProperty": "/a",
        "xdm:namespace": "n",
    },
    "dataSets": {"name": "n", "schemaRef": {"id": "https://ns.adobe.com/x/schemas/none"}},
}


def names(each: Operation) -> str:
    return f"{each[0]} {each[1].removeprefix('/data/foundation')}"


def filled(operation: Operation, ids: dict[str, str]) -> str:
    """The address with ids for its placeholders, and the parameters it cannot do without."""
    path = operation[1]
    kind = "source" if "/sourceConnections" in path else "target" if "/targetConnections" in path else ""
    for name, value in ids.items():
        path = path.replace(f"{{{name}}}", ids.get(kind, value) if name == "connection_id" else value)
    return path + QUERIES.get(path.rpartition("/")[2], "")


def body_of(operation: Operation) -> Any:
    method, path = operation
    if operation not in WITH_BODY:
        return None
    if method == "PATCH":
        return {"name": "Renamed"} if "/v2/" in path else TITLE if "/schemas" in path else PATCH
    kind = next(part for part in reversed(path.split("/")) if not part.startswith("{"))
    return BODIES[kind]


@pytest.fixture
def foreign() -> dict[str, str]:
    """Ids of the right form that nothing has."""
    other = uuid.uuid4()
    every = dict.fromkeys(("connection_id", "flow_id", "run_id", "spec_id", "mapping_id"), str(other))
    every |= {"schema_id": "_none.schemas.none", "group_id": "_none.mixins.none", "descriptor_id": other.hex}
    every |= {"mapping_set_id": other.hex, "batch": batch_id(other), "data_set_id": dataset_id(other)}
    every |= {"day": LONG_AGO, "snapshot_id": "1"}
    return every | {"data_set_file_id": f"{batch_id(other)}-1", "source": str(other), "target": str(other)}


@pytest.fixture
def known(program: Program) -> dict[str, str]:
    """Ids of what there is."""
    flow = make_flow(account=make_account(region="https://refused.example"))
    stores.lake().create(flow.writes_to.table, flow.writes_to.schema.xdm.arrow_schema())
    run = make_run(flow)
    source = SourceConnection.objects.create(name="s", account=flow.reads_from, project_id="1", timezone="UTC")
    target = TargetConnection.objects.create(name="t", dataset=flow.writes_to, data={"format": "json"})
    schema = flow.writes_to.schema.document
    group = FieldGroup.objects.create(title="g", document={"$id": "g", "meta:altId": "_g", "title": "g"})
    descriptor = program.call("GET", f"{REGISTRY}/tenant/descriptors", Accept="application/vnd.adobe.xdm-v2+json")
    return {
        "schema_id": schema["meta:altId"],
        "group_id": group.document["meta:altId"],
        "descriptor_id": descriptor.json()["results"][0]["@id"],
        "source": str(source.uuid),
        "target": str(target.uuid),
        "connection_id": str(flow.reads_from.uuid),
        "flow_id": str(flow.uuid),
        "run_id": str(run.uuid),
        "data_set_id": dataset_id(flow.writes_to.uuid),
        "mapping_set_id": flow.uuid.hex,
        "day": make_day(flow, run.first_day).day.isoformat(),
        "snapshot_id": "1",
    }


def test_the_table_holds_every_service() -> None:
    assert len(ALL) > 60
    assert len(WITH_BODY) > 20
    assert len(CHANGING) > 10


@pytest.mark.parametrize("operation", ALL, ids=names)
def test_nobody_gets_in_without_a_token(operation: Operation, db: None, foreign: dict[str, str]) -> None:
    method, _ = operation
    answer = Client().generic(method, filled(operation, foreign), b"{}", "application/json")
    assert (answer.status_code, answer.json()["error_code"]) == (403, "403010")


@pytest.mark.parametrize("operation", WITH_ID, ids=names)
def test_an_id_of_nothing_is_not_found(operation: Operation, program: Program, foreign: dict[str, str]) -> None:
    method, _ = operation
    answer = program.call(method, filled(operation, foreign), body_of(operation))
    wanted = "1012-404" if "/schemaregistry/" in operation[1] else "1101-404"
    assert (answer.status_code, code_of(answer)) == (404, wanted)


@pytest.mark.parametrize("operation", [each for each in CHANGING if each[1] not in WITHOUT_ETAG], ids=names)
def test_a_stale_etag_changes_nothing(operation: Operation, program: Program, known: dict[str, str]) -> None:
    method, _ = operation
    answer = program.call(method, filled(operation, known), body_of(operation), If_Match='"stale-0000-0200-0000-stale"')
    assert (answer.status_code, code_of(answer)) == (412, "1404-412")


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe", b"NaN", b'"\\u0000"', b'"\\ud800"', b"[" * 100_000, b"1" * 5000])
def test_what_is_no_json_is_refused(raw: bytes, program: Program) -> None:
    answer = program.call("POST", f"{FLOW_SERVICE}/flows", raw=raw)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize("operation", WITH_BODY, ids=names)
def test_malformed_json_is_refused_everywhere(operation: Operation, program: Program, foreign: dict[str, str]) -> None:
    method, _ = operation
    answer = program.call(method, filled(operation, foreign), raw=b'{"name": ')
    assert (answer.status_code, code_of(answer)) == (400, "1405-400")
    empty = program.call(method, filled(operation, foreign), raw=b"")
    assert (empty.status_code, code_of(empty)) == (400, "1405-400")


@pytest.mark.parametrize("operation", ALL, ids=names)
def test_an_unknown_parameter_is_named(operation: Operation, program: Program, foreign: dict[str, str]) -> None:
    method, _ = operation
    address = filled(operation, foreign)
    answer = program.call(method, f"{address}{'&' if '?' in address else '?'}colour=red", body_of(operation))
    assert code_of(answer) == "1451-400"
    assert "colour" in answer.json()["detail"]


@pytest.mark.parametrize("operation", [each for each in WITH_BODY if each[0] == "POST"], ids=names)
def test_an_unknown_key_of_a_body_is_read_over(operation: Operation, program: Program) -> None:
    """Clients of AEP send more than a service needs; what is refused here is refused without the key as well."""
    method, path = operation
    plain = program.call(method, path, body_of(operation))
    more = program.call(method, path, {**body_of(operation), "colour": "red", "timeUnit": "day"})
    assert (more.status_code, more.content[:60]) == (plain.status_code, plain.content[:60])


def keys_of(kind: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    """The paths of all keys that the document gives an object; ``[]`` stands for the elements of a list."""
    for part in (kind, *kind.get("anyOf", [])):
        whole = DOCUMENT["components"]["schemas"][part["$ref"].rpartition("/")[2]] if "$ref" in part else part
        for name, inner in whole.get("properties", {}).items():
            yield (name,)
            yield from ((name, *rest) for rest in keys_of(inner))
        if whole.get("items"):
            yield from (("[]", *rest) for rest in keys_of(whole["items"]))


def described(operation: Operation) -> list[tuple[str, ...]]:
    method, path = operation
    content = PATHS[path][method.lower()]["requestBody"]["content"]["application/json"]
    return list(keys_of(content["schema"]))


def holding(path: tuple[str, ...], value: Any) -> Any:
    for part in reversed(path):
        value = [value] if part == "[]" else {part: value}
    return value


WITH_KEYS = [each for each in WITH_BODY if described(each)]


@pytest.mark.parametrize("operation", WITH_KEYS, ids=names)
def test_a_key_that_is_nearly_a_known_one_is_refused(
    operation: Operation, program: Program, foreign: dict[str, str]
) -> None:
    method, _ = operation
    for *above, key in described(operation):
        for slip in (key.swapcase(), key + key[-1]):
            answer = program.call(method, filled(operation, foreign), holding((*above, slip), 1))
            assert answer.status_code == 400, answer.content
            place = ".".join([*above, slip]).replace(".[]", "[0]")
            found = {each["place"]: each["message"] for each in answer.json()["report"]["sub-errors"]}
            assert found[place].endswith(f"Did you mean {key}?")


@pytest.mark.parametrize("operation", WITH_KEYS, ids=names)
def test_what_is_wrong_with_a_value_is_told_at_the_place_that_was_sent(
    operation: Operation, program: Program, foreign: dict[str, str]
) -> None:
    method, _ = operation
    for path in described(operation):
        for value in ([5], {"five": 5}):
            answer = program.call(method, filled(operation, foreign), holding(path, value))
            told = answer.json() if answer.status_code == 400 else {"report": {}}
            for each in told["report"].get("sub-errors", []):
                assert PLACE.fullmatch(each["place"]), each


@pytest.mark.parametrize("body", [5, "five", [], None], ids=str)
def test_a_body_that_is_no_object_is_refused(body: Any, program: Program) -> None:
    for path in ("flows", "runs", "connections", "flows/search"):
        answer = program.call("POST", f"{FLOW_SERVICE}/{path}", raw=json.dumps(body).encode())
        assert answer.status_code == 400


def test_keys_that_only_look_alike_are_read_over(program: Program) -> None:
    """As aepp sends them when it makes a dataset without a description."""
    body = {**BODIES["dataSets"], "fileDescription": {"format": "parquet"}}
    assert program.call("POST", "/data/foundation/catalog/dataSets", body).status_code == 404


def test_a_refusal_names_what_can_be_listed(program: Program) -> None:
    assert "addresses" in program.get("/nothing").json()["report"]["remedy"]


@pytest.mark.parametrize("operation", ALL, ids=names)
def test_a_huge_body_is_refused_before_it_is_read(
    operation: Operation, program: Program, foreign: dict[str, str]
) -> None:
    method, _ = operation
    huge = b" " * (settings.DATA_UPLOAD_MAX_MEMORY_SIZE + 1)
    answer = program.call(method, filled(operation, foreign), raw=huge)
    assert (answer.status_code, code_of(answer)) == (413, "1405-413")


def test_another_content_type_is_refused(program: Program) -> None:
    answer = program.call("POST", f"{FLOW_SERVICE}/flows", {}, Content_Type="text/plain")
    assert (answer.status_code, answer.json()["detail"]) == (400, "A valid content-type must be specified")


def test_an_unexpected_failure_is_a_problem_document_without_its_insides(
    program: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The one patch here: a defect cannot be ordered otherwise."""
    from dataflows.api.flowservice import flow_shapes

    def broken(*_: object) -> Any:
        raise RuntimeError("secret insides")

    monkeypatch.setattr(flow_shapes, "visible", broken)
    answer = program.get("/flows")
    assert (answer.status_code, code_of(answer)) == (500, "1400-500")
    assert b"secret insides" not in answer.content
