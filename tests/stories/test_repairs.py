"""Stories of others: reading some of it again, and what hangs for ever.

Told elsewhere: backfills (airbytehq/airbyte#8377, #23067, PostHog/posthog#27788) in
``tests/dataflows/runs/test_backfill.py``, previews of a repair (dagster-io/dagster#19100) in
``tests/dataflows/runs/test_reprocessing.py``, workers that are killed (pretix/pretix#1628) in
``tests/dataflows/runs/test_workers.py``.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from dataflows.models import Run, RunStatus, WindowStatus
from dataflows.runs import clockwork, engine, lifecycle, reprocessing
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, MAPPING, SECOND, Bench, event, events

GONE = {"owner": "dead"}


def dies(run: Run, status: WindowStatus) -> None:
    """As if the worker of the run's windows had been killed while it held them, and its lease had run out."""
    run.windows.update(**GONE, status=status, lease_until=timezone.now() - timedelta(seconds=1))


class TestPartOfIt:
    def test_everything_must_be_read_again_for_one_part(self, bench: Bench):
        """airbytehq/airbyte#31761, #27354: refresh one stream only."""
        bench.holds(lambda day: events(day, 5))
        bench.run(FIRST, SECOND)
        asked = len(bench.mixpanel.requests)
        bench.holds(lambda day: events(day, 6))
        bench.run(SECOND)
        assert len(bench.mixpanel.requests) == asked + 1
        assert len(bench.rows()) == 11

    def test_everything_must_be_read_again_after_a_mistake_in_the_mapping(self, bench: Bench):
        """PeerDB-io/peerdb#3853: "am I expected to resync everything?" """
        bench.flow.mapping = [row for row in MAPPING if row["destination"] != "_tributary.city"]
        bench.flow.save()
        bench.holds(lambda day: events(day, 5))
        bench.run(FIRST, SECOND)
        asked = len(bench.mixpanel.requests)
        bench.flow.mapping = MAPPING
        bench.flow.save()
        run = bench.finish(reprocessing.reprocess(bench.flow, [FIRST, SECOND], now=timezone.now()))
        assert run.status == RunStatus.SUCCEEDED
        assert {row["_tributary"]["city"] for row in bench.rows()} == {"Łódź"}
        assert len(bench.mixpanel.requests) == asked

    def test_rejected_rows_can_only_be_fixed_in_the_source(self, bench: Bench):
        """airbytehq/airbyte, rejected records: "fix in source"; PostHog/posthog#35640: bulk retry of failed."""
        required = {"sourceType": "ATTRIBUTE", "source": "properties.key", "destination": "_id"}
        bench.flow.mapping = [required, *(row for row in MAPPING if row["destination"] != "_id")]
        bench.flow.error_threshold = 100
        bench.flow.save()
        bench.export(event(FIRST, 20, key="k") + events(FIRST, 9))
        assert bench.run().rejected == 9
        bench.flow.mapping = MAPPING
        bench.flow.save()
        run = bench.finish(reprocessing.reprocess(bench.flow, [FIRST], now=timezone.now()))
        assert (run.received, run.loaded, run.rejected) == (10, 10, 0)
        assert len(bench.rows()) == 10

    def test_a_read_with_a_failed_part_cannot_be_cancelled(self, bench: Bench):
        """mage-ai/mage-ai#5141: cannot cancel a backfill with a failed run."""
        bench.export(events(SECOND, 2), Answer(b"", 503))
        run = bench.advance(bench.start(FIRST, SECOND))
        assert lifecycle.cancel(run, now=timezone.now())
        run.refresh_from_db()
        assert run.status == RunStatus.CANCELLED
        assert {row["_day"] for row in bench.rows()} == {SECOND}


class TestStuck:
    @pytest.mark.parametrize("status", [WindowStatus.COPYING, WindowStatus.LANDED, WindowStatus.PROMOTING])
    def test_a_restart_leaves_a_sync_syncing_for_ever(self, bench: Bench, status: WindowStatus):
        """RayLabsHQ/gitea-mirror#339, airbytehq/airbyte#7806, #55812, #38345: Running though nothing runs."""
        bench.export(events(FIRST, 10))
        run = bench.start()
        run.move(RunStatus.RUNNING, started_at=timezone.now())
        if status != WindowStatus.COPYING:
            _land(bench, run)
        dies(run, status)
        assert dict(clockwork.waiting(now=timezone.now())) == {run.pk: 1}
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 10

    def test_a_wedged_job_needs_a_command_to_get_unstuck(self, bench: Bench, settings):
        """PostHog/posthog#69038: a command to unstick wedged jobs; DalgoT4D/webapp#1096: users had to ask staff."""
        settings.WINDOW_ATTEMPTS = 3
        run = bench.start()
        run.move(RunStatus.RUNNING, started_at=timezone.now())
        for _ in range(settings.WINDOW_ATTEMPTS):
            dies(run, WindowStatus.COPYING)
            run.windows.update(attempts=settings.WINDOW_ATTEMPTS - 1)
            bench.advance(run)
        assert (run.status, run.error_code) == (RunStatus.FAILED, "worker_lost")
        assert bench.start().status == RunStatus.QUEUED

    def test_a_message_is_delivered_several_times(self, bench: Bench):
        """celery/celery#5935, #5306, pretix/pretix#2058: tasks above an hour run several times."""
        bench.export(events(FIRST, 10))
        run = bench.run()
        for _ in range(5):
            assert engine.advance(run.pk, clock=timezone.now) is engine.Next.LATER
        assert len(bench.mixpanel.requests) == 1
        assert len(bench.rows()) == 10

    def test_a_message_is_lost(self, bench: Bench):
        """pretix/pretix#1628, celery/celery#3430: a message that was acknowledged and then lost."""
        run = bench.start()
        assert [pk for pk, _ in clockwork.waiting(now=timezone.now())] == [run.pk]

    def test_a_source_that_hangs_hangs_the_run(self, bench: Bench, settings):
        """airbytehq/airbyte#14499, #38534: a sync that neither goes on nor ends."""
        settings.IDLE_TIMEOUT_SECONDS = 0.3
        bench.export(gzip_answer(events(FIRST, 300), cut_after=300, stall=2), events(FIRST, 3))
        run = bench.advance(bench.start())
        assert run.windows.get().error_code == "connection_cut"
        assert bench.finish(run).loaded == 3


def _land(bench: Bench, run: Run) -> None:
    """Copy the run's window, so that its answer lies in the landing zone, without promoting it."""
    from dataflows.runs import copying
    from dataflows.runs.leases import Lease

    window = run.windows.get()
    window.renew(now=timezone.now(), lease=timedelta(minutes=1))
    with Lease(window, seconds=60, clock=timezone.now) as lease:
        copying.copy(window, lease)
