"""The main job, on the sample: account, dataset, dataflow, seven days, accounting. The same calls as the pages make."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from connectors import accounts
from connectors.base import DayRange
from connectors.budget import spending
from connectors.mixpanel.sample import credentials as sample
from connectors.models import Account, AuthKind, ExportRequest
from dataflows import scheduling, stores, tasks
from dataflows.mapping import automap, source_fields
from dataflows.models import Dataflow, Run, RunStatus, Schema, Trigger
from dataflows.models.dataflow import Frequency, TimeSemantic
from dataflows.runs import lifecycle

NAME = "Sample shop events"
DAYS = 7
COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")


@dataclass(frozen=True)
class Outcome:
    """What the job ended with; ``accounting`` is what the last line of output says."""

    run: Run
    accounting: dict[str, Any]

    @property
    def good(self) -> bool:
        return self.run.status == RunStatus.SUCCEEDED


def run(say: Callable[[str], None], check: Callable[[], None]) -> Outcome:
    """Do the job and report it line by line. Raises ConnectorError, MappingInvalid, CannotStart."""
    flow = Dataflow.objects.live().filter(name=NAME).first() or _new_dataflow(_account())
    _account()
    unfinished = flow.runs.unfinished().first()
    started = unfinished or _start(flow)
    tasks.ring(started)
    finished = _watch(started, say, check)
    counts = {name: getattr(finished, name) for name in COUNTS}
    table = stores.lake().open(flow.writes_to.table)
    return Outcome(finished, {**counts, "dataset": table.folder})


def metadata(run: Run) -> str:
    """Where readers without a catalog find the dataset's current state."""
    return str(stores.lake().open(run.dataflow.writes_to.table).metadata_location)


def _account() -> Account:
    """The sample account, at the address where the sample is served this time."""
    address = settings.MIXPANEL_EXTRA_HOSTS[0]
    known = Account.objects.filter(name=sample.ACCOUNT_NAME).first()
    if known is None:
        return accounts.connect(
            name=sample.ACCOUNT_NAME,
            description="Generated shop events from the sample Mixpanel on this machine.",
            auth_kind=AuthKind.SERVICE_ACCOUNT,
            username=sample.USERNAME,
            secret=sample.SECRET,
            region=address,
            by=None,
        )
    if known.region != address:
        Account.objects.filter(pk=known.pk).update(region=address)
        known.refresh_from_db()
    return known


def _new_dataflow(account: Account) -> Dataflow:
    project = next(project for project in account.open().projects() if project.id == sample.UTC_PROJECT_ID)
    schema = Schema.objects.get(title="Mixpanel Events (ExperienceEvent)")
    now = timezone.now()
    last = scheduling.last_day(now, project.timezone, include_today=False)
    draft = Dataflow(
        name=NAME,
        account=account,
        project_id=project.id,
        project_name=project.name,
        timezone=project.timezone,
        time_semantic=TimeSemantic.UTC,
        time_evidence="The sample project stores UTC.",
        new_dataset_name=NAME,
        new_dataset_schema=schema,
        mapping=_mapping(account, project.id, DayRange(last, last), schema),
        frequency=Frequency.DAY,
        start_at=now + timedelta(days=1),
        history_from=last - timedelta(days=DAYS - 1),
    )
    draft.save()
    return lifecycle.activate(draft, by=None, now=now)


def _mapping(account: Account, project_id: str, days: DayRange, schema: Schema) -> list[dict[str, str]]:
    with spending(account, project_id, ExportRequest.Purpose.PREVIEW, days=(days.first, days.last)):
        records = account.open().sample(project_id, days, 100)
    proposals = automap.propose(source_fields.infer(records), schema.xdm)
    return [
        {"sourceType": found.row.source_type, "source": found.row.source, "destination": found.row.destination}
        for found in proposals
    ]


def _start(flow: Dataflow) -> Run:
    last = scheduling.last_day(timezone.now(), flow.timezone, include_today=False)
    days = scheduling.days_between(last - timedelta(days=DAYS - 1), last)
    return lifecycle.start(flow, trigger=Trigger.USER, days=days, now=timezone.now())


def _watch(run: Run, say: Callable[[str], None], check: Callable[[], None]) -> Run:
    said = ""
    while True:
        check()
        run = Run.objects.get(pk=run.pk)
        line = _progress(run)
        if line != said:
            say(line)
            said = line
        if run.is_finished:
            return run
        time.sleep(0.3)


def _progress(run: Run) -> str:
    done = sum((window.last_day - window.first_day).days + 1 for window in run.windows.exclude(finished_at=None))
    events = sum(run.windows.values_list("events_done", flat=True))
    return f"  {run.get_status_display():<10} {done} of {run.day_count} days, {events:,} events"
