"""The life of dataflows and runs: activate, start, cancel, settle. Writes rows; whoever calls it rings the bell."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Max

from connectors import budget
from connectors.roles import User, person
from dataflows import scheduling, stores
from dataflows.mapping import bind
from dataflows.models import (
    Dataflow,
    DataflowStatus,
    Dataset,
    Day,
    DayStatus,
    MappingVersion,
    Run,
    RunStatus,
    Schema,
    Trigger,
    Window,
    WindowStatus,
)
from dataflows.runs import joining, lacking, pausing, planner, properties, sharing
from dataflows.runs.cannot_start import CannotStart
from dataflows.runs.counting import COUNTS, counted
from dataflows.runs.planner import PlannedWindow

logger = logging.getLogger(__name__)

WINDOWS_LOOKED_AT = 62
# After one of these only a person can make the next run succeed: the dataflow pauses instead of failing on.
PAUSING = {
    "bad_credentials",
    "wrong_region",
    "no_project_access",
    "unknown_project",
    "secret_unreadable",
    "host_refused",
    "mapping_invalid",
    "time_semantic_changed",
}


def activate(draft: Dataflow, *, by: User | None, now: datetime) -> Dataflow:
    """Turn a complete draft into an enabled dataflow: dataset, table and due time, all or nothing.

    Raises CannotStart, MappingInvalid, LakeUnavailable; then the draft is as it was.
    """
    with transaction.atomic():
        draft.dataset = draft.dataset or _new_dataset(draft, by)
        # Whoever changes the schema meanwhile waits, and then finds the new table as well.
        xdm = Schema.objects.select_for_update().get(pk=draft.dataset.schema_id).xdm
        sharing.check(draft)
        bind(draft.mapping_rows(), xdm)
        stores.lake().create(draft.dataset.table, xdm.arrow_schema())
        joining.join(draft, by=by)
        draft.start_at = draft.start_at or now
        # A cron expression need not be due at its start time.
        due = next(draft.schedule.occurrences(), None)
        draft.status, draft.activated_at, draft.next_run_at = DataflowStatus.ENABLED, now, due
        draft.mapping_version = 1
        properties.remember(draft, draft.sample, now=now)
        draft.sample, draft.mapping_before = [], None
        draft.save()
        MappingVersion.objects.record(draft, by=by, now=now)
    return draft


def _new_dataset(draft: Dataflow, by: User | None) -> Dataset:
    if draft.new_dataset_schema is None:
        raise CannotStart("draft", "A dataflow needs a dataset, or a schema to make one from.")
    return Dataset.objects.create(
        name=draft.new_dataset_name,
        description=draft.new_dataset_description,
        schema=draft.new_dataset_schema,
        created_by=person(by),
    )


def start(
    flow: Dataflow,
    *,
    trigger: Trigger,
    days: Iterable[date] | None = None,
    slot: datetime | None = None,
    by: User | None = None,
    now: datetime,
) -> Run:
    """Queue a run over ``days``, or over what its schedule wants read now. Raises CannotStart.

    A backfill that is going on makes way for it.
    """
    if flow.is_draft:
        raise CannotStart("draft", "A draft does not run. Finish it first.")
    wanted = sorted(set(days)) if days is not None else due(flow, now)
    if not wanted:
        raise CannotStart("nothing_to_read", "There is no day to read yet: the first one is still going on.")
    try:
        with transaction.atomic():
            pausing.make_way(flow)
            run = queue(flow, wanted, trigger=trigger, slot=slot, requested_by=person(by))
            cut(run, wanted)
    except IntegrityError as error:
        # Asked of the database, not before: two people may press the button at once.
        raise CannotStart(
            "already_running", "A run of this dataflow is still going on. Wait for it or cancel it."
        ) from error
    return run


def due(flow: Dataflow, now: datetime) -> list[date]:
    """The days a scheduled run reads now, oldest first."""
    interval = due_days(flow, now)
    return scheduling.days_between(*interval) if interval else []


def queue(flow: Dataflow, days: Sequence[date], **fields: Any) -> Run:
    """A run over ``days`` (increasing) with the mapping as it is now, without its windows. Raises IntegrityError."""
    return Run.objects.create(
        dataflow=flow,
        first_day=days[0],
        last_day=days[-1],
        day_total=len(days),
        mapping=flow.mapping,
        mapping_version=flow.mapping_version,
        **fields,
    )


def due_days(flow: Dataflow, now: datetime) -> tuple[date, date] | None:
    """The days a scheduled run reads now; ``None`` when none is complete yet."""
    several_a_day = flow.frequency in {"minute", "hour"}
    last = scheduling.last_day(now, flow.timezone, include_today=several_a_day)
    began = scheduling.last_day(flow.start_at or now, flow.timezone, include_today=True)
    wants_history = flow.backfill or flow.frequency == "once"
    newest = flow.days.exclude(published_at=None).aggregate(newest=Max("day"))["newest"]
    return planner.interval(
        last=last,
        newest_loaded=newest,
        history_from=(flow.history_from or began) if wants_history else began,
        lookback_days=flow.lookback_days,
    )


def planned(flow: Dataflow, days: Sequence[date]) -> list[PlannedWindow]:
    """How ``days`` (increasing) are cut into requests, by what earlier runs received."""
    seen = dict(flow.days.exclude(published_at=None).values_list("day", "received"))
    return planner.windows_for(days, seen, apart=_has_undated(flow))


def _has_undated(flow: Dataflow) -> bool:
    """Whether one of its latest answers had records that tell no day."""
    latest = Window.objects.filter(run__dataflow=flow).exclude(days=[]).order_by("-pk").values_list("days", flat=True)
    return any(day.get("undated") for days in latest[:WINDOWS_LOOKED_AT] for day in days)


def cut(run: Run, days: Sequence[date]) -> None:
    """Give a new run its windows."""
    windows = planned(run.dataflow, days)
    Window.objects.bulk_create(Window(run=run, first_day=each.first, last_day=each.last) for each in windows)


def days_of(run: Run) -> list[date]:
    """The days the run reads, oldest first."""
    edges = run.windows.order_by("first_day").values_list("first_day", "last_day")
    return [day for first, last in edges for day in scheduling.days_between(first, last)]


def start_due(flow: Dataflow, *, now: datetime) -> Run | None:
    """Start the run of a due slot, once, whoever else tries; missed slots are made up for by this one run."""
    slot = flow.next_run_at
    following = flow.schedule.next_after(now)
    won = Dataflow.objects.filter(pk=flow.pk, next_run_at=slot).update(next_run_at=following)
    if not won:
        return None
    try:
        return start(flow, trigger=Trigger.SCHEDULE, slot=slot, now=now)
    except CannotStart as reason:
        logger.info("dataflow %s: slot %s skipped: %s", flow.pk, slot, reason)
        return None


def retry(run: Run, *, by: User, now: datetime) -> Run:
    """A new run over the days of a finished one. Raises CannotStart."""
    if not run.is_finished:
        raise CannotStart("already_running", "This run is still going on.")
    return start(run.dataflow, trigger=Trigger.RETRY, days=days_of(run), by=by, now=now)


def cancel(run: Run, *, now: datetime) -> bool:
    """Ask the run to stop; what is published stays published. False when it had ended before."""
    if run.status == RunStatus.QUEUED:
        won = run.move(RunStatus.CANCELLED, finished_at=now)
        if won:
            run.windows.open().update(status=WindowStatus.CANCELLED, finished_at=now)
            return True
    if run.status in Run.WORKING:
        won = run.move(RunStatus.CANCELLING)
        settle(run, now=now)
        return won
    return run.status in {RunStatus.CANCELLING, RunStatus.CANCELLED}


def settle(run: Run, *, now: datetime) -> None:
    """End the run when no window wants work any more; windows of dead workers count as free."""
    if run.status == RunStatus.CANCELLING:
        unheld = run.windows.unleased(now)
        for window in unheld.filter(status=WindowStatus.COPYING):
            budget.abandon(window.reference)
        unheld.update(status=WindowStatus.CANCELLED, lease_until=None, finished_at=now)
    if run.status not in {RunStatus.RUNNING, RunStatus.CANCELLING} or run.windows.open().exists():
        return
    totals = counted(run.windows.values("days", *COUNTS))
    outcome = RunStatus.CANCELLED if run.status == RunStatus.CANCELLING else _outcome(run)
    ended_badly = run.windows.exclude(error_code="").filter(status__in=(WindowStatus.FAILED, WindowStatus.HELD))
    reason = ended_badly.order_by("status").first()
    error = {"error_code": reason.error_code, "error_detail": reason.error_detail} if reason else {}
    if not run.move(outcome, finished_at=now, **totals, **error):
        return
    if reason:
        _after_failure(run, reason.error_code)
    lacking.note(run.dataflow)


def _outcome(run: Run) -> RunStatus:
    statuses = set(run.windows.values_list("status", flat=True))
    accounts = [day for days in run.windows.values_list("days", flat=True) for day in days]
    left_out = any(day["status"] != DayStatus.LOADED for day in accounts)
    if not statuses & {WindowStatus.PUBLISHED, WindowStatus.HELD}:
        return RunStatus.FAILED
    whole = statuses == {WindowStatus.PUBLISHED} and not left_out
    return RunStatus.SUCCEEDED if whole else RunStatus.PARTIAL


def _after_failure(run: Run, code: str) -> None:
    """Mark the days that were not read as failed, and pause the dataflow when only a person can help."""
    # Windows with accounts have written their days themselves; a dry run writes none.
    unread = run.windows.none() if run.dry_run else run.windows.filter(status=WindowStatus.FAILED, days=[])
    for window in unread:
        for day in scheduling.days_between(window.first_day, window.last_day):
            values = {"status": DayStatus.FAILED, "error_code": window.error_code, "error_detail": window.error_detail}
            # What landed is kept: once a person has repaired the cause, it is promoted without another request.
            values |= {"landed_key": window.landed_key} if window.landed_key else {}
            Day.objects.update_or_create(dataflow=run.dataflow, day=day, defaults=values)
    if code in PAUSING:
        Dataflow.objects.filter(pk=run.dataflow_id, status=DataflowStatus.ENABLED).update(
            status=DataflowStatus.DISABLED, status_reason=code
        )


def decide_times(flow: Dataflow, semantic: str, *, by: User | None, now: datetime) -> bool:
    """Read times as ``semantic`` from now on, and let a paused dataflow go on. True when that is a change.

    Whoever keeps the reading against the evidence turns the alarm off.
    """
    changed = semantic != flow.time_semantic
    evidence = f"Chosen by {by} on {now:%Y-%m-%d %H:%M} UTC."
    Dataflow.objects.filter(pk=flow.pk).update(
        time_semantic=semantic,
        time_alarm=changed,
        time_evidence=evidence,
        revision=F("revision") + 1,
        updated_at=now,
        updated_by=person(by),
    )
    if flow.status_reason == "time_semantic_changed":
        enable(flow, by=by, now=now)
    return changed


def enable(flow: Dataflow, *, by: User | None, now: datetime) -> None:
    """Let the schedule start runs again, from its next due time on."""
    due = flow.schedule.next_after(now)
    _switch(flow, DataflowStatus.ENABLED, by=by, now=now, next_run_at=due)


def disable(flow: Dataflow, *, by: User | None, now: datetime) -> None:
    """Stop the schedule; a run that is going on goes on."""
    _switch(flow, DataflowStatus.DISABLED, by=by, now=now)


def _switch(flow: Dataflow, status: DataflowStatus, *, by: User | None, now: datetime, **more: Any) -> None:
    live = Dataflow.objects.live().filter(pk=flow.pk)
    live.update(status=status, status_reason="", updated_at=now, updated_by=person(by), **more)


def delete(flow: Dataflow) -> None:
    """Remove the dataflow and its history; the dataset and its data stay. Raises CannotStart while it runs."""
    if flow.runs.unfinished().exists():
        raise CannotStart("already_running", "A run of this dataflow is still going on. Cancel it first.")
    with transaction.atomic():
        sharing.leave(flow)
        joining.part(flow)
        flow.delete()
