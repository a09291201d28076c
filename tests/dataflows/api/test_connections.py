"""Base connections: the accounts of the pages, and the other way round."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from connectors.mixpanel.sample.credentials import SECRET, USERNAME
from connectors.mixpanel.sample.projects import PROJECTS
from connectors.models import Account
from dataflows.models import Dataflow, MappingSet, RunStatus
from tests.dataflows.api.program import CONVERSION, FLOW_SERVICE, Program, code_of
from tests.dataflows.api.tutorial import MIXPANEL_SPEC
from tests.dataflows.factories import make_flow, make_run


def body(sample: Any, **changed: Any) -> dict[str, Any]:
    return {
        "name": "Mixpanel base connection",
        "connectionSpec": {"id": MIXPANEL_SPEC, "version": "1.0"},
        "auth": {
            "specName": "Basic Authentication",
            "params": {"username": USERNAME, "password": SECRET, "host": sample.url},
        },
        **changed,
    }


class TestConnecting:
    def test_makes_the_account_that_the_pages_show(self, program: Program, sample: Any) -> None:
        answer = program.post("/connections", body(sample))
        assert answer.status_code == 201
        made = answer.json()
        assert made.keys() == {"id", "etag"}
        assert made["etag"].startswith('"')
        item = program.one(f"/connections/{made['id']}")
        account = Account.objects.get()
        assert (account.name, account.username, account.region) == (item["name"], USERNAME, sample.url)
        assert account.created_by == program.made.client.account
        assert item["etag"] == made["etag"]
        assert item["createdClient"] == "robot"

    def test_never_shows_the_secret(self, program: Program, sample: Any) -> None:
        made = program.post("/connections", body(sample)).json()
        text = program.get(f"/connections/{made['id']}").content + program.get("/connections").content
        assert SECRET not in text.decode()
        assert "password" not in text.decode()

    def test_refuses_credentials_that_do_not_work(self, program: Program, sample: Any) -> None:
        wrong = body(sample)
        wrong["auth"]["params"]["password"] = "wrong"
        answer = program.post("/connections", wrong)
        assert (answer.status_code, answer.json()["report"]["code"]) == (400, "bad_credentials")
        assert not Account.objects.exists()

    def test_refuses_another_specification(self, program: Program, sample: Any) -> None:
        answer = program.post("/connections", body(sample, connectionSpec={"id": "else", "version": "1.0"}))
        assert code_of(answer) == "1413-400"

    def test_refuses_another_authentication(self, program: Program, sample: Any) -> None:
        answer = program.post("/connections", body(sample, auth={"specName": "OAuth", "params": {}}))
        assert code_of(answer) == "1415-400"

    def test_refuses_a_host_that_is_not_allowed(self, program: Program, sample: Any) -> None:
        wrong = body(sample)
        wrong["auth"]["params"]["host"] = "https://evil.example"
        assert program.post("/connections", wrong).json()["report"]["code"] == "host_refused"

    def test_a_name_is_taken_once(self, program: Program, sample: Any, account: Account) -> None:
        answer = program.post("/connections", body(sample, name=account.name))
        assert answer.status_code == 409


class TestChanging:
    def test_wants_the_current_etag(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}"
        rename = [{"op": "replace", "path": "/name", "value": "Renamed"}]
        assert code_of(program.patch(path, rename)) == "1403-400"
        answer = program.patch(path, rename, '"stale"')
        assert (answer.status_code, code_of(answer)) == (412, "1404-412")
        etag = program.one(path)["etag"]
        answer = program.patch(path, rename, etag)
        assert answer.status_code == 200
        assert answer.json()["etag"] != etag
        account.refresh_from_db()
        assert account.name == "Renamed"

    def test_takes_an_etag_without_its_quotes(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}"
        etag = program.one(path)["etag"].strip('"')
        assert program.patch(path, [{"op": "REPLACE", "path": "/description", "value": "d"}], etag).status_code == 200

    def test_takes_one_operation_without_its_list(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}"
        answer = program.patch(path, {"op": "add", "path": "/description", "value": "d"}, program.one(path)["etag"])
        assert answer.status_code == 200

    def test_new_credentials_are_tried_first(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}"
        wrong = [{"op": "replace", "path": "/auth/params", "value": {"username": USERNAME, "password": "wrong"}}]
        answer = program.patch(path, wrong, program.one(path)["etag"])
        assert answer.json()["report"]["code"] == "bad_credentials"
        right = [{"op": "replace", "path": "/auth/params", "value": {"username": USERNAME, "password": SECRET}}]
        assert program.patch(path, right, program.one(path)["etag"]).status_code == 200

    def test_refuses_what_cannot_change(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}"
        etag = program.one(path)["etag"]
        tried = {
            "1414-400": [{"op": "replace", "path": "/connectionSpec/id", "value": "x"}],
            "1455-400": [{"op": "replace", "path": "/createdAt", "value": 1}],
            "1434-400": [{"op": "move", "from": "/name", "path": "/description"}],
            "1405-400": [],
        }
        assert {code: code_of(program.patch(path, change, etag)) for code, change in tried.items()} == {
            code: code for code in tried
        }

    def test_cannot_be_deleted_while_a_flow_uses_it(self, program: Program, account: Account) -> None:
        flow = make_flow(account=account)
        assert code_of(program.delete(f"/connections/{account.uuid}")) == "1418-400"
        flow.delete()
        assert program.delete(f"/connections/{account.uuid}").status_code == 204
        assert program.get(f"/connections/{account.uuid}").status_code == 404


class TestActing:
    @pytest.mark.parametrize(("op", "code"), [("publish", "1422-400"), ("FINALIZE", "1402-400"), ("dance", "1434-400")])
    def test_there_is_nothing_to_publish_or_finalize(
        self, program: Program, account: Account, op: str, code: str
    ) -> None:
        answer = program.post(f"/connections/{account.uuid}/action?op={op}&subOp=APPLY")
        assert (answer.status_code, code_of(answer)) == (400, code)

    @pytest.mark.parametrize("kind", ["connections", "connectionSpecs"])
    def test_no_field_has_choices_to_look_up(self, program: Program, account: Account, kind: str) -> None:
        key = account.uuid if kind == "connections" else MIXPANEL_SPEC
        answer = program.get(f"/{kind}/{key}/configs?outputType=list&outputField=params.projectId&limit=20&start=0")
        assert answer.json()["items"] == []

    def test_a_refused_deletion_leaves_no_trail_of_one(self, program: Program, account: Account) -> None:
        """Of a connection, a flow and a mapping set that are in use."""
        flow = make_flow(account=account)
        make_run(flow, status=RunStatus.RUNNING)
        mapping = MappingSet.objects.create(name="Shop", schema=flow.writes_to.schema)
        Dataflow.objects.update(mapping_set=mapping)
        before = LogEntry.objects.count()
        for path in (
            f"{FLOW_SERVICE}/connections/{account.uuid}",
            f"{FLOW_SERVICE}/flows/{flow.uuid}",
            f"{CONVERSION}/mappingSets/{mapping.uuid.hex}",
        ):
            assert program.call("DELETE", path).status_code == 400
        assert LogEntry.objects.count() == before


class TestLooking:
    def test_tests_the_credentials(self, program: Program, account: Account) -> None:
        assert program.get(f"/connections/{account.uuid}/test").json() == {"result": True}

    def test_explores_a_project(self, program: Program, account: Account) -> None:
        params = {"projectId": next(iter(PROJECTS.values())).id, "timezone": "Pacific Standard Time"}
        encoded = base64.b64encode(json.dumps(params).encode()).decode()
        query = f"objectType=rest&object=json&fileType=json&preview=true&sourceParams={encoded}"
        answer = program.get(f"/connections/{account.uuid}/explore?{query}")
        assert answer.status_code == 200, answer.content
        found = answer.json()
        assert found["format"] == "hierarchical"
        assert found["schema"]["properties"]["event"] == {"type": "string"}
        assert found["schema"]["properties"]["properties"]["properties"]["distinct_id"] == {"type": "string"}
        assert 0 < len(found["data"]) <= 100

    def test_reads_the_parameters_as_adobe_documents_them(self, program: Program, account: Account) -> None:
        """The project of the document does not exist here, which is what the source then says."""
        documented = "eyJwcm9qZWN0SWQiOiIyNjcxMTI3IiwidGltZXpvbmUiOiJQYWNpZmljIFN0YW5kYXJkIFRpbWUifQ=="
        for spelled in (documented, documented.replace("=", "%3D"), documented.rstrip("=")):
            query = f"objectType=rest&object=json&fileType=json&preview=true&sourceParams={spelled}"
            answer = program.get(f"/connections/{account.uuid}/explore?{query}")
            assert (answer.status_code, code_of(answer)) == (400, "1100-400")

    def test_names_what_is_wrong_with_the_parameters(self, program: Program, account: Account) -> None:
        path = f"/connections/{account.uuid}/explore?objectType=rest&sourceParams="
        assert "not base64" in program.get(path + "%25%25").json()["detail"]

        def told(params: bytes) -> str:
            return str(program.get(path + base64.b64encode(params).decode()).json()["detail"])

        assert "sourceParams.projectId: This is needed" in told(b'{"listId":"10c097ca71"}')
        assert "Did you mean projectId?" in told(b'{"projectID":"2671127","timezone":"UTC"}')
        assert "digits only" in told(b'{"projectId":true,"timezone":"UTC"}')
        assert "sourceParams.timezone: There is no time zone" in told(b'{"projectId":"1","timezone":"Europe/Berln"}')

    def test_lists_by_pages(self, program: Program, account: Account) -> None:
        for number in range(4):
            Account.objects.create(
                name=f"Account {number}",
                username="u",
                region="eu",
                secret=account.secret,
                secret_changed_at=account.secret_changed_at,
            )
        answer = program.get("/connections?limit=2&orderby=name").json()
        names = [item["name"] for item in answer["items"]]
        while "next" in answer["_links"]:
            href = answer["_links"]["next"]["href"]
            token = href.split("=")[1]
            assert href == f"/connections?continuationToken={token}"
            answer = program.get(href + "&limit=2").json()
            names += [item["name"] for item in answer["items"]]
        assert names == sorted(Account.objects.values_list("name", flat=True))

    def test_filters(self, program: Program, account: Account) -> None:
        listed = program.get(f"/connections?property=name=={account.name.replace(' ', '%20')}").json()["items"]
        assert [item["id"] for item in listed] == [str(account.uuid)]
        assert program.get("/connections?property=name!=x&count=true").json() == {"count": 1}
        assert program.get(f"/connections?property=id=={account.uuid},other").json()["items"]
        assert program.get("/connections?property=name,id").json()["items"][0].keys() == {"name", "id"}
        assert program.get(f"/connections?property=connectionSpec.id=={MIXPANEL_SPEC}").json()["items"]
        assert program.get("/connections?property=connectionSpec.id==x").json()["items"] == []

    def test_searches(self, program: Program, account: Account) -> None:
        body = {"queryString": f"id=={account.uuid}", "limit": 10, "projectionFields": "id"}
        assert program.post("/connections/search", body).json()["items"] == [{"id": str(account.uuid)}]

    def test_a_field_that_there_is_not_is_no_answer(self, program: Program, account: Account) -> None:
        answer = program.get("/connections?property=aaa,name")
        assert code_of(answer) == "1423-400"
        assert "aaa" in answer.json()["detail"]
        assert "auth, connectionSpec" in answer.json()["report"]["remedy"]
        assert code_of(program.get("/connectionSpecs?property=aaa")) == "1423-400"
        assert program.get("/connectionSpecs?property=name").json()["items"] == [
            {"name": "Mixpanel"},
            {"name": "datalake"},
        ]

    def test_refuses_questions_it_does_not_understand(self, program: Program) -> None:
        tried = {
            "property=wrong==1": "1423-400",
            "property=name~x": "1440-400",
            "property=id>x": "1448-400",
            "property=createdAt>1,2": "1443-400",
            "property=createdAt>x": "1453-400",
            "orderby=wrong": "1432-400",
            "limit=5&count=true": "1401-400",
            "limit=0": "1452-400",
            "colour=red": "1451-400",
            "continuationToken=nonsense": "1452-400",
        }
        assert {query: code_of(program.get(f"/connections?{query}")) for query in tried} == tried

    def test_takes_limit_with_count_false_as_aepp_sends_it(self, program: Program) -> None:
        assert program.get("/connections?limit=5&count=False").status_code == 200
