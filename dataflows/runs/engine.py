"""One step of a run: claim a window, copy it, promote it, publish it.

Ordinary code without Celery. It writes rows and never enqueues; whoever called it rings again.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum

from django.conf import settings
from django.db import Error as DatabaseFailure

from connectors.errors import ConnectorError
from connectors.lake import LeaseLost
from dataflows import stores
from dataflows.mapping import MappingInvalid, Plan, bind, compile_plan
from dataflows.models import Dataflow, Run, RunStatus, Trigger, Window, WindowStatus
from dataflows.models.dataflow import mapping_rows
from dataflows.runs import copying, failures, lifecycle, properties, publishing
from dataflows.runs.facts import facts_of
from dataflows.runs.glance import Glance
from dataflows.runs.leases import Lease
from dataflows.runs.promotion import Days, Unbalanced, Undated, promote
from dataflows.runs.rejects import RejectedFiles
from dataflows.runs.time_alarm import watched
from dataflows.runs.verdict import judge_of
from dataflows.scheduling import days_between

logger = logging.getLogger(__name__)

Clock = Callable[[], datetime]


class Next(Enum):
    NOW = "now"
    """There may be more to do at once: ring again."""
    LATER = "later"
    """Nothing to do now; a later tick rings."""


def advance(run_id: int, *, clock: Clock) -> Next:
    """Work on one window of the run, or settle the run when none is left. Safe to call twice, by anybody."""
    run = Run.objects.select_related("dataflow").get(pk=run_id)
    if run.status == RunStatus.QUEUED:
        run.move(RunStatus.RUNNING, started_at=run.started_at or clock())
    window = _claim(run, clock()) if run.status == RunStatus.RUNNING else None
    if window is None:
        lifecycle.settle(run, now=clock())
        return Next.LATER
    _work(window, clock)
    return Next.NOW


def _claim(run: Run, now: datetime) -> Window | None:
    if _others_work(run, now):
        return None
    lease = timedelta(seconds=settings.LEASE_SECONDS)
    window = Window.objects.claim_next(run, owner=uuid.uuid4().hex, now=now, lease=lease)
    if window is not None and failures.abandoned(window, now=now):
        return _claim(run, now)
    return window


def _others_work(run: Run, now: datetime) -> bool:
    """Whether a worker still ends a window of another run of the dataflow, which may be over the same days."""
    others = Window.objects.leased(now).filter(run__dataflow=run.dataflow_id).exclude(run=run)
    return others.exists()


def _work(window: Window, clock: Clock) -> None:
    try:
        with Lease(window, seconds=settings.LEASE_SECONDS, clock=clock) as lease:
            _step(window, lease)
        failures.release(window)
    except LeaseLost:
        logger.info("window %s: no longer ours", window.pk)
        failures.release_lost(window, now=clock())
    except ConnectorError as error:
        failures.record(window, error, now=clock())
    except Undated:
        failures.ask_by_day(window)
    except MappingInvalid as error:
        failures.record_mapping(window, error, now=clock())
    except DatabaseFailure:
        # The database went away: nothing can be written down. The lease runs out and another worker goes on.
        logger.exception("window %s: database away", window.pk)
        raise
    except Unbalanced:
        logger.exception("window %s: its accounts do not balance", window.pk)
        failures.record_bug(window, traceback.format_exc(), code="unbalanced", now=clock())
    except Exception:
        logger.exception("window %s: unexpected failure", window.pk)
        failures.record_bug(window, traceback.format_exc(), code="internal", now=clock())


def _step(window: Window, lease: Lease) -> None:
    if window.status in {WindowStatus.WAITING, WindowStatus.COPYING}:
        copying.copy(window, lease)
    if window.status in {WindowStatus.LANDED, WindowStatus.PROMOTING}:
        _promote(window, lease)


def _promote(window: Window, lease: Lease) -> None:
    window.move(WindowStatus.PROMOTING, events_done=0)
    flow, landing = window.run.dataflow, stores.landing()
    table = stores.lake().open(flow.writes_to.table)
    blocks = flow.reads_from.open().blocks(landing, window.landed_key)
    if flow.time_alarm:
        blocks = watched(blocks, flow.reading)
    glance = Glance()
    token = f"{window.pk}-{window.owner}"
    promoted = promote(
        glance.over(blocks),
        plan_of(window.run),
        days=_days(window),
        table=None if window.run.dry_run else table,
        dataflow=str(flow.pk),
        token=token,
        judge=judge_of(window),
        rejected_files=RejectedFiles(landing, f"rejected/{flow.pk}/{token}", keeps=flow.keeps_rejected),
        scratch=settings.SCRATCH_DIR,
        lease=lease,
    )
    publishing.publish(window, promoted, table, lease)
    _note_properties(flow, glance, lease.clock())


def _days(window: Window) -> Days:
    landed, wanted = days_between(*window.landed_days), days_between(window.first_day, window.last_day)
    return Days(landed, wanted, can_ask=window.run.trigger != Trigger.REPROCESS)


def _note_properties(flow: Dataflow, glance: Glance, now: datetime) -> None:
    try:
        properties.note(flow, glance.records, now=now)
    except Exception:
        # The window is published. What is only told to people later must not undo that.
        logger.exception("dataflow %s: its properties could not be noted", flow.pk)


def plan_of(run: Run) -> Plan:
    """The run's own mapping compiled against the dataset's schema. Raises MappingInvalid."""
    flow = run.dataflow
    bound = bind(mapping_rows(run.mapping), flow.writes_to.schema.xdm)
    return compile_plan(bound, flow.reading, facts_of(bound, run.created_at))
