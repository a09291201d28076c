"""Runs over the API: their days, their records, what can be done to them."""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from dataflows.api.batches import batch_id
from dataflows.models import Run, RunStatus, WindowStatus
from dataflows.models.dataflow import TimeSemantic
from tests.dataflows.api.conftest import Shop
from tests.dataflows.api.program import CATALOG, Program, code_of
from tests.dataflows.factories import counts, day_account, make_day, make_flow, make_run, make_window

DAY = date(2026, 3, 1)
DAILY = {"startTime": 4_000_000_000, "frequency": "day", "interval": 1}
WEEK = {"backfill": True, "historyFrom": (datetime.now(UTC).date() - timedelta(days=3)).isoformat()}


def reason(code: str, field: str, count: int, kind: str = "rejected") -> dict[str, Any]:
    """An entry of ``Window.errors``."""
    return {"kind": kind, "code": code, "field": field, "message": "It is wrong.", "count": count}


def summary(program: Program, run: Run) -> dict[str, Any]:
    """The records of a run, which the list and the run itself tell alike."""
    one = program.one(f"/runs/{run.uuid}")["metrics"]["recordSummary"]
    (listed,) = program.get(f"/runs?property=id=={run.uuid}").json()["items"]
    assert listed["metrics"]["recordSummary"] == one
    return dict(one)


class TestRecords:
    def test_of_a_loaded_day_are_loaded_failed_or_skipped(self, program: Program) -> None:
        run = make_run()
        shares = {"loaded": 7, "duplicate": 1, "rejected": 3, "filtered": 2}
        errors = [reason("INGEST-1555-400", "plan", 2), reason("MAPPER-3700-400", "amount", 1)]
        make_window(run, DAY, days=[day_account(DAY, **shares)], errors=errors, **counts(**shares))
        told = summary(program, run)
        assert (told["inputRecordCount"], told["outputRecordCount"]) == (13, 7)
        assert (told["failedRecordCount"], told["skippedRecordCount"]) == (3, 3)
        assert [(each["code"], each["recordCount"]) for each in told["failedInfo"]] == [
            ("INGEST-1555-400", 2),
            ("MAPPER-3700-400", 1),
        ]

    def test_of_a_day_above_the_threshold_failed_all_of_them(self, program: Program) -> None:
        """Its good records were not loaded either: a monitor that adds up failures must see them."""
        run = make_run(status="failed", error_code="too_many_rejected")
        days = [day_account(DAY, failed=True, loaded=60, rejected=40, duplicate=5)]
        errors = [reason("INGEST-1555-400", "plan", 40)]
        make_window(run, DAY, status=WindowStatus.FAILED, days=days, errors=errors)
        told = summary(program, run)
        assert (told["inputRecordCount"], told["outputRecordCount"], told["failedRecordCount"]) == (105, 0, 100)
        assert [(each["code"], each["recordCount"]) for each in told["failedInfo"]] == [
            ("INGEST-1555-400", 40),
            ("too_many_rejected", 60),
        ]
        batch = batch_id(run.uuid)
        metrics = program.call("GET", f"{CATALOG}/batches/{batch}").json()[batch]["metrics"]
        assert (metrics["inputRecordCount"], metrics["failedRecordCount"]) == (105, 100)

    def test_of_a_held_day_were_skipped_until_somebody_decides(self, program: Program) -> None:
        run = make_run(status="partial")
        held = {**day_account(DAY, loaded=9), "status": "held"}
        make_window(run, DAY, status=WindowStatus.HELD, days=[held])
        told = summary(program, run)
        assert (told["inputRecordCount"], told["outputRecordCount"], told["skippedRecordCount"]) == (9, 0, 9)
        assert [(each["code"], each["recordCount"]) for each in told["skippedInfo"]] == [("day_shrunk", 9)]

    def test_of_several_windows_are_added_up(self, program: Program) -> None:
        run = make_run()
        for day in (DAY, DAY + timedelta(days=1)):
            errors = [reason("MAPPER-3700-400", "amount", 2), reason("W", "amount", 5, kind="warning")]
            make_window(run, day, days=[day_account(day, loaded=1, rejected=2)], errors=errors)
        (failure,) = summary(program, run)["failedInfo"]
        assert (failure["code"], failure["recordCount"]) == ("MAPPER-3700-400", 4)


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


class TestDaysOfAWindow:
    @pytest.mark.parametrize(
        ("semantic", "start", "end", "days"),
        [
            (TimeSemantic.UTC, "2026-03-01 23:15", "2026-03-01 23:45", ("2026-03-01", "2026-03-01")),
            (TimeSemantic.UTC, "2026-03-01 00:00", "2026-03-02 00:00", ("2026-03-01", "2026-03-01")),
            (TimeSemantic.UTC, "2026-03-01 00:00", "2026-03-02 00:01", ("2026-03-01", "2026-03-02")),
            (TimeSemantic.UTC, "2026-03-01 00:00", "2026-03-01 00:00", ("2026-03-01", "2026-03-01")),
            # Berlin's second of March begins an hour before UTC's.
            (TimeSemantic.LEGACY, "2026-03-01 23:15", "2026-03-01 23:45", ("2026-03-02", "2026-03-02")),
            (TimeSemantic.LEGACY, "2026-02-28 23:00", "2026-03-01 23:00", ("2026-03-01", "2026-03-01")),
        ],
    )
    def test_are_those_it_touches_as_the_project_counts_days(
        self, program: Program, semantic: str, start: str, end: str, days: tuple[str, str]
    ) -> None:
        flow = make_flow(timezone="Europe/Berlin", time_semantic=semantic)
        params = {"windowStartTime": seconds(start), "windowEndTime": seconds(end)}
        answer = program.post("/runs", {"flowId": str(flow.uuid), "params": params})
        assert answer.status_code == 201, answer.content
        run = flow.runs.get()
        assert (str(run.first_day), str(run.last_day)) == days
        self.asked_again_as_told_it_reads_the_same(program, run)

    def asked_again_as_told_it_reads_the_same(self, program: Program, run: Run) -> None:
        told = program.one(f"/runs/{run.uuid}")["params"]
        run.dataflow.runs.update(status="succeeded")
        answer = program.post("/runs", {"flowId": str(run.dataflow.uuid), "params": told})
        again = Run.objects.get(uuid=answer.json()["id"])
        assert (again.first_day, again.last_day) == (run.first_day, run.last_day)

    @pytest.mark.parametrize(
        ("params", "words"),
        [
            ({"windowStartTime": 1_772_400_000, "windowEndTime": 1_772_300_000}, "ends before it starts"),
            ({"windowStartTime": 4_000_000_000}, "no later day"),
            ({"windowStartTime": "abc"}, "Write epoch seconds."),
            ({"windowStartTime": 1_772_400_000_000}, "not milliseconds"),
        ],
    )
    def test_are_refused_with_the_reason(self, program: Program, params: dict[str, Any], words: str) -> None:
        answer = program.post("/runs", {"flowId": str(make_flow().uuid), "params": params})
        assert answer.status_code == 400
        assert words in str(answer.json())


class TestRuns:
    def test_a_slip_starts_none(self, shop: Shop) -> None:
        flow_id = shop.flow(scheduleParams=DAILY)
        for params in ({"windowStart": 1651584991}, 5):
            answer = shop.program.post("/runs", {"flowId": flow_id, "params": params})
            assert answer.status_code == 400
            assert answer.json()["detail"].startswith("params")
        assert not Run.objects.exists()

    def test_a_run_on_demand_reads_the_days_of_its_window(self, shop: Shop) -> None:
        flow_id = shop.flow(scheduleParams={"startTime": 4_000_000_000, "frequency": "once"})
        noon = datetime(2026, 3, 1, 20, tzinfo=UTC)
        params = {
            "windowStartTime": int(noon.timestamp()),
            "windowEndTime": str(int((noon + timedelta(days=2)).timestamp())),
        }
        answer = shop.program.post("/runs", {"flowId": flow_id, "status": "active", "params": params})
        assert answer.status_code == 201
        run = Run.objects.get()
        assert (str(run.first_day), str(run.last_day)) == ("2026-03-01", "2026-03-03")
        again = shop.program.post("/runs", {"flowId": flow_id, "params": params})
        assert again.json()["report"]["code"] == "already_running"

    def test_tells_what_a_real_run_did(self, shop: Shop) -> None:
        flow_id = shop.flow(scheduleParams=DAILY | {"startTime": int(time.time()) - 60})
        shop.work()
        (item,) = shop.program.get(f"/runs?property=flowId=={flow_id}").json()["items"]
        run = Run.objects.get()
        assert item["metrics"]["statusSummary"]["status"] == "success"
        records = item["metrics"]["recordSummary"]
        assert records["outputRecordCount"] == run.loaded > 0
        assert records["inputRecordCount"] == run.received
        assert records["skippedRecordCount"] == run.duplicate + run.filtered
        assert item["metrics"]["sizeSummary"]["inputBytes"] > 0
        assert [activity["id"] for activity in item["activities"]] == ["copyActivity", "promotionActivity"]
        assert shop.program.one(f"/runs/{item['id']}")["etag"].startswith('"')

    def test_filters_by_status_in_any_case(self, program: Program) -> None:
        make_run(status="failed", error_code="bad_credentials")
        make_run()
        (failed,) = program.get("/runs?property=metrics.statusSummary.status==Failed").json()["items"]
        assert failed["metrics"]["statusSummary"]["errors"][0]["code"] == "CONNECTOR-1001-500"
        assert program.get("/runs?property=metrics.durationSummary.startedAtUTC>1593134665781&count=true").json() == {
            "count": 2
        }

    def test_can_be_tried_again_and_cancelled(self, program: Program) -> None:
        run = make_run(status="failed")
        run.windows.create(first_day=run.first_day, last_day=run.last_day, status="failed")
        again = program.post(f"/runs/{run.uuid}/action?op=RE_TRIGGER")
        assert again.status_code == 200, again.content
        assert again.json()["metrics"]["statusSummary"]["status"] == "scheduled"
        cancelled = program.post(f"/runs/{again.json()['id']}/action?op=cancel").json()
        assert cancelled["metrics"]["statusSummary"]["errors"][0]["details"] == "cancelled"

    def test_of_a_backfill_are_paused_and_resumed(self, program: Program) -> None:
        flow = make_flow(history_from=DAY)
        make_day(flow, DAY)
        params = {"kind": "backfill", "windowStartTime": seconds("2026-03-01"), "windowEndTime": seconds("2026-03-04")}
        run = f"/runs/{program.post('/runs', {'flowId': str(flow.uuid), 'params': params}).json()['id']}"
        started = flow.runs.get()
        assert (started.trigger, started.first_day, started.day_total) == ("backfill", date(2026, 3, 2), 2)
        assert program.post(f"{run}/action?op=pause").status_code == 200
        assert flow.runs.get().status == RunStatus.PAUSED
        assert program.post(f"{run}/action?op=resume").status_code == 200
        assert flow.runs.get().status == RunStatus.QUEUED
        assert code_of(program.post(f"{run}/action?op=resume")) == "1422-400"

    def test_that_are_no_backfill_do_not_pause(self, program: Program) -> None:
        run = make_run(status="running")
        assert "Only a backfill" in program.post(f"/runs/{run.uuid}/action?op=pause").json()["detail"]

    def test_promote_kept_answers_again_first_to_try_then_for_real(self, shop: Shop) -> None:
        flow_id = shop.flow(scheduleParams={"startTime": 1625040887, "frequency": "day", "interval": 1, **WEEK})
        shop.work()
        before = Run.objects.get()
        ask = {"flowId": flow_id, "params": {"kind": "reprocess", "dryRun": True}}
        tried = shop.program.post("/runs", ask)
        assert tried.status_code == 201, tried.content
        shop.work()
        dry = Run.objects.get(uuid=tried.json()["id"])
        assert (dry.dry_run, dry.status) == (True, RunStatus.SUCCEEDED)
        real = shop.program.post(f"/runs/{dry.uuid}/action?op=publish").json()
        shop.work()
        again = Run.objects.get(uuid=real["id"])
        assert (again.dry_run, again.trigger, again.loaded) == (False, "reprocess", before.loaded)
        assert code_of(shop.program.post(f"/runs/{again.uuid}/action?op=publish")) == "1422-400"

    def test_that_ask_mixpanel_cannot_be_tried(self, program: Program) -> None:
        answer = program.post("/runs", {"flowId": str(make_flow().uuid), "params": {"dryRun": True}})
        assert "Only a reprocess can be tried" in answer.json()["detail"]

    def test_are_not_written_by_clients(self, program: Program) -> None:
        run = make_run()
        etag = program.one(f"/runs/{run.uuid}")["etag"]
        path = f"/data/foundation/flowservice/runs/{run.uuid}"
        assert code_of(program.call("PUT", path, {"status": "x"}, If_Match=etag)) == "1427-400"
