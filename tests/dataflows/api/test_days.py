"""The ledger of a flow by program: the account of every day, and decisions about held days."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from dataflows.models import DayStatus
from tests.dataflows.api.program import Program, code_of
from tests.dataflows.factories import counts, make_day, make_flow, make_run, make_window

FIRST = date(2026, 3, 1)


def test_days_are_listed_newest_first_page_by_page(program: Program) -> None:
    flow = make_flow()
    for number in range(5):
        make_day(flow, FIRST + timedelta(days=number), **counts(loaded=number, rejected=1))
    seen, place = [], f"/flows/{flow.uuid}/days?limit=2"
    while place:
        page = program.get(place).json()
        seen += page["items"]
        place = page["_links"].get("next", {}).get("href")
    assert [each["id"] for each in seen] == [str(FIRST + timedelta(days=number)) for number in (4, 3, 2, 1, 0)]
    assert all(day["received"] == day["loaded"] + day["rejected"] for day in seen)


def test_a_day_names_the_run_whose_answer_is_published(program: Program) -> None:
    run = make_run()
    make_day(run.dataflow, FIRST, window=make_window(run, FIRST))
    (day,) = program.get(f"/flows/{run.dataflow.uuid}/days").json()["items"]
    assert (day["runId"], day["status"], day["held"]) == (str(run.uuid), "loaded", None)


@pytest.fixture
def held(program: Program) -> str:
    flow = make_flow()
    make_day(flow, FIRST, status=DayStatus.HELD, held=counts(loaded=3), **counts(loaded=9))
    return f"/flows/{flow.uuid}/days"


def test_a_held_day_tells_what_waits_and_may_be_kept(program: Program, held: str) -> None:
    (day,) = program.get(held).json()["items"]
    assert (day["loaded"], day["held"]["loaded"]) == (9, 3)
    kept = program.post(f"{held}/{FIRST}/action?op=keep", If_Match=day["etag"])
    assert (kept.json()["status"], kept.json()["held"]) == ("loaded", None)
    assert code_of(program.post(f"{held}/{FIRST}/action?op=keep")) == "1422-400"


def test_accepting_needs_the_answer_to_be_kept_still(program: Program, held: str) -> None:
    answer = program.post(f"{held}/{FIRST}/action?op=accept")
    assert answer.json()["report"]["code"] == "landing_expired"


def test_an_onlooker_decides_nothing(onlooker: Program, held: str) -> None:
    assert onlooker.post(f"{held}/{FIRST}/action?op=keep").status_code == 403


def test_days_that_are_none_are_not_found(program: Program, held: str) -> None:
    for text in ("2026-02-30", "tomorrow", "2020-01-01"):
        assert program.post(f"{held}/{text}/action?op=keep").status_code == 404
