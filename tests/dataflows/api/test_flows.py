"""Flows and runs over the API, and how they meet those of the pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from dataflows.models import Dataflow, Run, RunStatus, SourceConnection, TargetConnection
from dataflows.runs import lifecycle, remapping
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import CONVERSION, Program, code_of
from tests.dataflows.api.tutorial import MAPPINGS
from tests.dataflows.factories import make_draft, make_flow, make_run

START = 4_000_000_000  # far ahead
DAILY = {"startTime": START, "frequency": "day", "interval": 1}


class TestMaking:
    def test_makes_a_dataflow_that_runs(self, shop: Shop) -> None:
        flow_id = shop.flow()
        flow = Dataflow.objects.get()
        assert str(flow.uuid) == flow_id
        assert (flow.status, flow.frequency, flow.interval) == ("enabled", "minute", 15)
        assert flow.time_semantic == "utc"
        assert flow.mapping[0] == MAPPINGS[0]
        assert flow.runs.get().status == RunStatus.QUEUED
        item = shop.program.one(f"/flows/{flow_id}")
        assert item["state"] == "enabled"
        assert item["options"] == {"errorDiagnosticsEnabled": True, "partialIngestionPercent": 5}
        assert item["transformations"][0]["params"] == {"mappingId": shop.ids["mappingSets"], "mappingVersion": 0}
        assert item["inheritedAttributes"]["properties"]["isSourceFlow"] is True
        assert item["inheritedAttributes"]["sourceConnections"][0]["baseConnection"]["id"] == str(shop.account.uuid)
        assert item["lastRunDetails"]["state"] == "scheduled"

    def test_a_start_that_has_passed_is_the_day_a_backfill_begins_with(self, shop: Shop) -> None:
        start = int((timezone.now() - timedelta(days=3)).timestamp())
        shop.flow(scheduleParams={"startTime": start, "frequency": "day", "interval": 1, "backfill": True})
        flow = Dataflow.objects.get()
        assert shop.program.one(f"/flows/{flow.uuid}")["scheduleParams"]["startTime"] == start
        assert flow.history_from is not None
        assert abs((timezone.now().date() - flow.history_from).days - 3) <= 1

    @pytest.mark.parametrize(
        ("changed", "code"),
        [
            ({"state": "enabled"}, "1410-400"),
            ({"flowSpec": {"id": "x"}}, "1413-400"),
            ({"sourceConnectionIds": []}, "1452-400"),
            ({"sourceConnectionIds": ["a", "b"]}, "1452-400"),
            ({"targetConnectionIds": ["x"]}, "1101-404"),
            ({"transformations": []}, "1452-400"),
            ({"transformations": [{"name": "Mapping", "params": {"mappingId": "x"}}]}, "1419-400"),
            ({"transformations": [{"name": "Copy", "params": {"mappingId": "x"}}]}, "1452-400"),
            ({"options": {"partialIngestionPercent": 0}}, "1452-400"),
            ({"scheduleParams": None}, "1452-400"),
            ({"scheduleParams": {"frequency": "minute", "interval": 5}}, "1452-400"),
            ({"scheduleParams": {"frequency": "fortnight"}}, "1452-400"),
            ({"scheduleParams": {"frequency": "once", "interval": 15}}, "1452-400"),
            ({"scheduleParams": {"frequency": "day", "interval": 1, "startTime": 1625040887000}}, "1452-400"),
            ({"scheduleParams": {"frequency": "cron", "cron": "* * * * *"}}, "1452-400"),
            ({"scheduleParams": {"frequency": "day", "interval": 1}}, "1452-400"),
            ({"name": ""}, "1452-400"),
        ],
    )
    def test_refuses_what_makes_no_flow_and_makes_nothing(self, shop: Shop, changed: dict[str, Any], code: str) -> None:
        answer = shop.program.post("/flows", shop.body(**changed))
        assert code_of(answer) == code, answer.content
        assert not Dataflow.objects.exists()

    def test_a_version_that_the_mapping_does_not_have_is_refused(self, shop: Shop) -> None:
        params = {"mappingId": shop.ids["mappingSets"], "mappingVersion": "7"}
        answer = shop.program.post("/flows", shop.body(transformations=[{"name": "Mapping", "params": params}]))
        assert code_of(answer) == "1412-400"

    def test_a_wrong_mapping_is_refused_with_each_row(self, shop: Shop) -> None:
        wrong = shop.program.call(
            "POST",
            f"{CONVERSION}/mappingSets?validate=False",
            {"xdmSchema": shop.dataset.schema.document["$id"], "mappings": MAPPINGS[:1]},
        ).json()["id"]
        params = {"mappingId": wrong, "mappingVersion": 0}
        answer = shop.program.post("/flows", shop.body(transformations=[{"name": "Mapping", "params": params}]))
        assert code_of(answer) == "1419-400"
        assert "timestamp is required" in str(answer.json()["report"]["sub-errors"])
        assert not Dataflow.objects.exists()

    def test_a_request_that_is_sent_twice_makes_one_flow(self, shop: Shop) -> None:
        shop.flow()
        again = shop.program.post("/flows", shop.body())
        assert (again.status_code, again.json()["report"]["code"]) == (409, "duplicate")
        assert Dataflow.objects.count() == 1

    def test_a_project_goes_into_a_dataset_once(self, shop: Shop) -> None:
        shop.flow()
        answer = shop.program.post("/flows", shop.body(name="Another one"))
        assert (answer.status_code, answer.json()["report"]["code"]) == (409, "project_twice")
        assert "“Mixpanel dataflow” already loads project" in answer.json()["detail"]

    @pytest.mark.parametrize(
        ("changed", "message"),
        [
            ({"interval": -1}, "interval: -1 is not a whole number from 1 to 1000."),
            ({"interval": 0}, "interval: 0 is not a whole number from 1 to 1000."),
            ({"interval": True}, "interval: true is not a whole number from 1 to 1000."),
            ({"interval": None}, "interval: This is needed, a whole number from 1 to 1000."),
            ({"frequency": "once", "interval": True}, "interval: The frequency once takes no interval."),
            ({"startTime": -5}, "startTime: -5 is not a whole number from 0 to 4102444800."),
            ({"startTime": None}, "startTime: This is needed."),
            ({"lookbackDays": -1}, "lookbackDays: -1 is not a whole number from 1 to 90."),
            ({"frequency": None}, "frequency: This is needed."),
            ({"timezone": "Europe/Berln"}, "timezone: There is no time zone “Europe/Berln”. Did you mean"),
            ({"backfil": False}, "backfil: This key is not known. Did you mean backfill?"),
            ({"lookBackDays": 3}, "lookBackDays: This key is not known. Did you mean lookbackDays?"),
        ],
    )
    def test_says_what_is_wrong_with_a_schedule(self, shop: Shop, changed: dict[str, Any], message: str) -> None:
        answer = shop.program.post("/flows", shop.body(scheduleParams=DAILY | changed))
        assert answer.status_code == 400
        assert answer.json()["detail"].startswith(f"scheduleParams.{message}")

    def test_a_threshold_is_no_truth_value(self, shop: Shop) -> None:
        answer = shop.program.post("/flows", shop.body(options={"partialIngestionPercent": True}))
        assert answer.json()["detail"] == "options.partialIngestionPercent: This cannot be true or false."

    def test_a_backfill_is_wanted_unless_it_is_declined_as_the_specification_says(self, shop: Shop) -> None:
        shop.flow(scheduleParams=DAILY)
        assert Dataflow.objects.get().backfill
        (spec,) = shop.program.get("/flowSpecs").json()["items"]
        assert spec["scheduleSpec"]["spec"]["properties"]["backfill"]["default"] is True

    def test_takes_unknown_keys_as_aepp_sends_them(self, shop: Shop) -> None:
        schedule = {"startTime": 1625040887, "frequency": "once", "interval": 0, "exportMode": "X", "backfill": False}
        shop.flow(scheduleParams=schedule, foldernameTemplate="x")
        assert Dataflow.objects.get().frequency == "once"


class TestDrafts:
    def test_a_draft_grows_and_is_published_once(self, shop: Shop) -> None:
        body = shop.body()
        del body["transformations"], body["scheduleParams"]
        made = shop.program.post("/flows?mode=draft", body).json()
        path = f"/flows/{made['id']}"
        assert shop.program.one(path)["state"] == "draft"
        assert "scheduleParams" not in shop.program.one(path)
        refused = shop.program.post(f"{path}/action?op=publish")
        assert "transformations, scheduleParams" in refused.json()["detail"]
        changes = [
            {"op": "add", "path": "/transformations", "value": shop.body()["transformations"]},
            {"op": "add", "path": "/scheduleParams", "value": shop.body()["scheduleParams"]},
        ]
        assert shop.program.patch(path, changes, made["etag"]).status_code == 200
        assert shop.program.post(f"{path}/action?op=PUBLISH").status_code == 200
        assert shop.program.one(path)["state"] == "enabled"
        assert code_of(shop.program.post(f"{path}/action?op=publish")) == "1422-400"

    def test_a_draft_can_lose_its_schedule_again(self, shop: Shop) -> None:
        made = shop.program.post("/flows?mode=draft", shop.body()).json()
        path = f"/flows/{made['id']}"
        gone = [{"op": "remove", "path": "/scheduleParams"}]
        assert shop.program.patch(path, gone, made["etag"]).status_code == 200
        assert "scheduleParams" in shop.program.post(f"{path}/action?op=publish").json()["detail"]

    def test_a_draft_that_was_completed_on_the_pages_starts_when_it_is_published(self, shop: Shop) -> None:
        source = SourceConnection.objects.get()
        read = {"account": shop.account, "project_id": source.project_id, "timezone": source.timezone}
        written = {"dataset": shop.dataset, "mapping": MAPPINGS, "frequency": "day", "time_semantic": "utc"}
        draft = make_draft(reached="schedule", **read, **written)
        path = f"/flows/{draft.uuid}"
        assert shop.program.post(f"{path}/action?op=publish").json()["detail"] == "The flow has no scheduleParams."
        Dataflow.objects.update(reached="review")
        assert shop.program.post(f"{path}/action?op=publish").status_code == 200
        assert Dataflow.objects.get().start_at is not None

    def test_a_draft_of_the_pages_is_there_too(self, program: Program) -> None:
        draft = make_draft()
        assert program.one(f"/flows/{draft.uuid}")["state"] == "draft"
        assert program.get("/flows?property=state==draft").json()["items"][0]["name"] == draft.name
        assert code_of(program.post(f"/flows/{draft.uuid}/action?op=enable")) == "1422-400"


class TestChanging:
    def test_name_options_and_schedule(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        item = shop.program.one(path)
        changes = [
            {"op": "replace", "path": "/name", "value": "Renamed"},
            {"op": "replace", "path": "/scheduleParams/frequency", "value": "day"},
            {"op": "replace", "path": "/scheduleParams/interval", "value": "2"},
            {"op": "remove", "path": "/options/partialIngestionPercent"},
        ]
        answer = shop.program.patch(path, changes, item["etag"])
        assert answer.status_code == 200, answer.content
        flow = Dataflow.objects.get()
        assert (flow.name, flow.frequency, flow.interval) == ("Renamed", "day", 2)
        assert not flow.partial_ingestion
        assert flow.next_run_at == flow.schedule.next_after(timezone.now())
        assert shop.program.patch(path, changes, item["etag"]).status_code == 412

    def test_the_mapping_by_a_new_version_of_its_set(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        set_path = f"{CONVERSION}/mappingSets/{shop.ids['mappingSets']}"
        more = [*MAPPINGS, {"sourceType": "EXPRESSION", "source": "upper(event)", "destination": "eventType"}]
        changed = shop.program.call("PUT", set_path, {"mappings": more})
        assert (changed.status_code, changed.json()["version"]) == (200, 1)
        assert len(Dataflow.objects.get().mapping) == len(MAPPINGS)
        params = {"name": "Mapping", "params": {"mappingId": shop.ids["mappingSets"], "mappingVersion": 1}}
        change = [{"op": "replace", "path": "/transformations/0", "value": params}]
        assert shop.program.patch(path, change, shop.program.one(path)["etag"]).status_code == 200
        assert len(Dataflow.objects.get().mapping) == len(more)
        assert shop.program.one(path)["transformations"] == [params]

    def test_a_mapping_edited_on_the_pages_shows(self, shop: Shop, analyst: Any) -> None:
        path = f"/flows/{shop.flow()}"
        flow = Dataflow.objects.get()
        rows = [*MAPPINGS, {"sourceType": "STATIC", "source": "x", "destination": "eventType"}]
        remapping.save(flow, rows, by=analyst, now=timezone.now(), revision=flow.revision)
        params = shop.program.one(path)["transformations"][0]["params"]
        assert params == {"mappingId": flow.uuid.hex, "mappingVersion": 2}
        shown = shop.program.call("GET", f"{CONVERSION}/mappingSets/{params['mappingId']}").json()
        assert [each["destination"] for each in shown["mappings"]] == [row["destination"] for row in rows]

    def test_a_start_that_has_passed_cannot_change(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        Dataflow.objects.update(start_at=datetime(2026, 1, 1, tzinfo=UTC))
        change = [{"op": "replace", "path": "/scheduleParams/startTime", "value": 1}]
        assert code_of(shop.program.patch(path, change, shop.program.one(path)["etag"])) == "1455-400"

    @pytest.mark.parametrize("gone", ["/scheduleParams", "/scheduleParams/startTime", "/transformations"])
    def test_what_a_flow_needs_cannot_be_removed(self, shop: Shop, gone: str) -> None:
        path = f"/flows/{shop.flow()}"
        answer = shop.program.patch(path, [{"op": "remove", "path": gone}], shop.program.one(path)["etag"])
        assert code_of(answer) == "1452-400"
        assert answer.json()["detail"].startswith(gone[1:].replace("/", "."))

    def test_a_slip_in_a_change_is_named(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        change = [{"op": "add", "path": "/scheduleParams/intervall", "value": 20}]
        answer = shop.program.patch(path, change, shop.program.one(path)["etag"])
        assert code_of(answer) == "1455-400"
        assert answer.json()["detail"] == "/scheduleParams/intervall: This key is not known. Did you mean interval?"

    def test_enabling_and_disabling_tell_who_did_it_when(self, shop: Shop, analyst: Any) -> None:
        path = f"/flows/{shop.flow()}"
        made = shop.program.one(path)
        for op in ("disable", "enable"):
            before = shop.program.one(path)
            assert shop.program.post(f"{path}/action?op={op}").json()["etag"] != before["etag"]
            assert shop.program.one(path)["updatedAt"] > before["updatedAt"]
        assert shop.program.one(path)["etag"] != made["etag"]
        lifecycle.disable(Dataflow.objects.get(), by=analyst, now=timezone.now())
        changed = shop.program.one(path)
        assert (changed["createdBy"], changed["updatedBy"]) == ("api:robot@AdobeID", f"{analyst}@AdobeID")
        assert (changed["createdClient"], changed["updatedClient"]) == ("robot", "exc_app")

    def test_a_change_tells_who_made_it(self, shop: Shop, analyst: Any) -> None:
        path = f"/flows/{shop.flow()}"
        lifecycle.disable(Dataflow.objects.get(), by=analyst, now=timezone.now())
        renamed = [{"op": "replace", "path": "/name", "value": "Renamed"}]
        assert shop.program.patch(path, renamed, shop.program.one(path)["etag"]).status_code == 200
        assert shop.program.one(path)["updatedBy"] == "api:robot@AdobeID"

    def test_enabling_and_disabling(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        assert shop.program.post(f"{path}/action?op=disable").status_code == 200
        assert shop.program.one(path)["state"] == "disabled"
        assert shop.program.post(f"{path}/action?op=ENABLE&subOp=APPLY").status_code == 200
        assert shop.program.one(path)["state"] == "enabled"
        assert code_of(shop.program.post(f"{path}/action?op=finalize")) == "1402-400"
        assert code_of(shop.program.post(f"{path}/action?op=sing")) == "1434-400"

    def test_deleting_leaves_what_the_program_made(self, shop: Shop) -> None:
        path = f"/flows/{shop.flow()}"
        assert code_of(shop.program.delete(path)) == "1422-400"  # its first run is queued
        lifecycle.cancel(Run.objects.get(), now=timezone.now())
        assert code_of(shop.program.delete(f"/sourceConnections/{shop.ids['sourceConnections']}")) == "1447-400"
        assert shop.program.delete(path).status_code == 204
        assert shop.program.get(path).status_code == 404
        for kind in ("sourceConnections", "targetConnections"):
            assert shop.program.delete(f"/{kind}/{shop.ids[kind]}").status_code == 204
        assert not SourceConnection.objects.exists()

    def test_a_flow_of_the_pages_takes_its_connections_with_it(self, shop: Shop) -> None:
        draft = make_draft(
            account=shop.account,
            project_id="1",
            timezone="UTC",
            time_semantic="utc",
            dataset=shop.dataset,
            mapping=MAPPINGS,
            frequency="once",
        )
        flow = lifecycle.activate(draft, by=None, now=timezone.now())
        item = shop.program.one(f"/flows/{flow.uuid}")
        (source,), (target,) = item["sourceConnectionIds"], item["targetConnectionIds"]
        assert shop.program.one(f"/sourceConnections/{source}")["params"]["projectId"] == "1"
        assert shop.program.one(f"/targetConnections/{target}")["params"]["dataSetId"]
        lifecycle.delete(flow)
        assert (SourceConnection.objects.count(), TargetConnection.objects.count()) == (1, 1)


class TestLists:
    def test_pages_as_aepp_reads_them(self, program: Program) -> None:
        flows = [make_flow() for _ in range(5)]
        first = program.get("/flows?limit=2&count=False").json()
        token = first["_links"]["next"]["href"].split("=")[1]
        second = program.get(f"/flows?limit=2&count=False&continuationToken={token}").json()
        found = [item["id"] for item in first["items"] + second["items"]]
        assert found == [str(flow.uuid) for flow in reversed(flows)][:4]

    def test_a_token_is_for_its_own_list(self, program: Program) -> None:
        make_run(make_flow())
        make_run(make_flow())
        token = program.get("/runs?limit=1").json()["_links"]["next"]["href"].split("=")[1]
        assert program.get(f"/runs?continuationToken={token}").status_code == 200
        refused = program.get(f"/flows?continuationToken={token}")
        assert code_of(refused) == "1452-400"
        assert "no token of this list" in refused.json()["detail"]

    def test_a_field_that_only_some_have_can_be_asked_for(self, program: Program) -> None:
        make_run(make_flow(status="draft"))
        assert program.get("/runs?property=id,params").status_code == 200
        assert program.get("/flows?property=id,scheduleParams,lastRunDetails").status_code == 200

    def test_filters(self, program: Program) -> None:
        one, _ = make_flow(), make_flow(status="disabled")
        make_run(one, status="failed")
        asked = {
            f"id=={one.uuid}": 1,
            "state==disabled": 1,
            f"transformations[].params.mappingId=={one.uuid.hex}": 1,
            "inheritedAttributes.properties.isSourceFlow==true": 2,
            "inheritedAttributes.properties.isDestinationFlow==true": 0,
            "lastRunDetails.startedAtUTC>=1593134665781": 1,
            f"inheritedAttributes.sourceConnections[].baseConnection.id=={one.account.uuid}": 1,
        }
        assert {each: len(program.get(f"/flows?property={each}").json()["items"]) for each in asked} == asked
