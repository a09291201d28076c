"""Stories of others: rate limits, days that are too large, "hours for nothing".

Told elsewhere: memory on large days (airbytehq/airbyte#8427, #62845, mixpanel/mixpanel-utils#28,
keolo/mixpanel_client#41) in ``tests/connectors/mixpanel/test_export.py`` and ``bench/``; one request for too much
(airbytehq/airbyte#31994, #36303) in ``tests/dataflows/runs/test_smaller_windows.py``; the shared budget
(PostHog/posthog#87957) in ``tests/connectors/test_budget.py``. Profiles and cohorts (airbytehq/airbyte#29035,
estuary/connectors#2244) are not read.
"""

from __future__ import annotations

import time
from datetime import UTC, date, datetime, timedelta

from dataflows.models import RunStatus, Trigger
from dataflows.runs import lifecycle
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events, make_flow

TOO_MANY = Answer(b'{"error":"too many export requests in progress for this project"}', 429)


def test_a_429_kills_the_sync(bench: Bench):
    """airbytehq/airbyte#9410, #7126; mixpanel/mixpanel-utils#13."""
    refusals = {str(SECOND): 1, str(FIRST): 2}

    def answer(query: dict[str, str]) -> Answer:
        day = query["from_date"]
        refusals[day] -= 1
        return TOO_MANY if refusals[day] >= 0 else gzip_answer(events(date.fromisoformat(day), 3))

    bench.mixpanel.answer_with("/api/2.0/export", answer)
    run = bench.run(FIRST, SECOND)
    assert (run.status, run.loaded) == (RunStatus.SUCCEEDED, 6)
    assert set(run.windows.values_list("attempts", flat=True)) == {0}


def test_a_run_fails_for_the_limit_with_nothing_written(bench: Bench):
    """PostHog/posthog#87957: 33 of 54 runs failed for a budget of their own, 0 rows written."""
    bench.export(events(SECOND, 4), *[TOO_MANY] * 8, events(FIRST, 3))
    run = bench.start(FIRST, SECOND)
    bench.advance(run)
    assert len(bench.rows()) == 4
    assert bench.finish(run).status == RunStatus.SUCCEEDED
    assert len(bench.rows()) == 7


def test_every_request_is_followed_by_a_minute_of_sleep(bench: Bench):
    """airbytehq/airbyte#57513: a pause of 60 s after every page."""
    bench.holds(lambda day: events(day, 3))
    begun = time.monotonic()
    run = bench.run(FIRST, FIRST + timedelta(days=4))
    assert (run.status, run.windows.count()) == (RunStatus.SUCCEEDED, 5)
    assert time.monotonic() - begun < 20


def test_every_sync_reads_everything_again(bench: Bench):
    """airbytehq/airbyte#40583: not incremental, "278 hours each sync"."""
    bench.holds(lambda day: events(day, 3))
    first = datetime(2026, 10, 1, 6, tzinfo=UTC)
    bench.finish(lifecycle.start(bench.flow, trigger=Trigger.SCHEDULE, now=first))
    run = lifecycle.start(bench.flow, trigger=Trigger.SCHEDULE, now=first + timedelta(days=1))
    assert run.day_count == bench.flow.lookback_days == 5


def test_one_dataflow_that_is_down_slows_down_everything(bench: Bench):
    """rudderlabs/rudder-server#4953: one destination was down, all others waited."""
    other = make_flow(bench.flow.reads_from, name="Other", dataset_name="Other events", project_id="43")
    bench.mixpanel.answer_with("/api/2.0/export", _down_for_project_42)
    stuck = bench.advance(bench.start())
    bench.flow = other
    assert bench.run().status == RunStatus.SUCCEEDED
    assert stuck.status == RunStatus.RUNNING


def _down_for_project_42(query: dict[str, str]) -> Answer:
    return Answer(b"", 503) if query["project_id"] == "42" else gzip_answer(events(FIRST, 3))


def test_a_dropped_stream_crashes_the_whole_sync(bench: Bench):
    """PostHog/posthog#65049: a stream that drops ends the sync of all days."""
    bench.export(gzip_answer(events(SECOND, 300), cut_after=400, reset=True), events(FIRST, 3), events(SECOND, 300))
    run = bench.run(FIRST, SECOND)
    assert (run.status, run.loaded) == (RunStatus.SUCCEEDED, 303)


def test_a_failed_read_cannot_be_resumed(bench: Bench):
    """dagster-io/dagster#11631: "resume failed backfill" was removed; what had been read was read again."""
    days = [FIRST + timedelta(days=number) for number in range(5)]
    refused = Answer(b'{"error":"no access"}', 403)
    bench.export(events(days[4], 2), events(days[3], 2), refused)
    run = bench.run(days[0], days[-1])
    assert (run.status, len(bench.rows())) == (RunStatus.PARTIAL, 4)
    asked = len(bench.mixpanel.requests)
    bench.holds(lambda day: events(day, 2))
    bench.run(days[0], days[2])
    assert len(bench.mixpanel.requests) <= asked + 3
    assert len(bench.rows()) == 10


def test_a_day_takes_longer_than_a_timeout_for_the_whole_request(bench: Bench, settings):
    """airbytehq/airbyte#24177, #25543: long exports were cut by a total timeout."""
    settings.IDLE_TIMEOUT_SECONDS = 0.4
    bench.export(gzip_answer(events(FIRST, 60), chunked=True, chunk_size=100, drip=0.06))
    begun = time.monotonic()
    assert bench.run().status == RunStatus.SUCCEEDED
    assert time.monotonic() - begun > settings.IDLE_TIMEOUT_SECONDS
    assert len(bench.mixpanel.requests) == 1
