"""Reprocess: promote chosen days again from the landing zone, with the mapping as it is now, without asking Mixpanel.

A dry run does everything but publish, so that a person sees what would change before it does.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from itertools import groupby

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from connectors.roles import User, person
from dataflows import stores
from dataflows.models import Dataflow, Day, DayStatus, Run, Trigger, Window, WindowStatus
from dataflows.runs import lifecycle, pausing
from dataflows.runs.cannot_start import CannotStart


def reprocess(
    flow: Dataflow,
    days: Iterable[date],
    *,
    dry_run: bool = False,
    accepts_shrinking: bool = False,
    by: User | None = None,
    now: datetime,
) -> Run:
    """Queue a run over days that lie in the landing zone. Raises CannotStart when one does not, or a run goes on."""
    rows = list(flow.days.filter(day__in=set(days)).exclude(landed_key="").order_by("day"))
    missing = sorted(set(days) - {row.day for row in rows if stores.landing().exists(row.landed_key)})
    if missing or not rows:
        raise CannotStart("landing_expired", _not_there(missing))
    try:
        with transaction.atomic():
            pausing.make_way(flow)
            run = lifecycle.queue(
                flow,
                [row.day for row in rows],
                trigger=Trigger.REPROCESS,
                requested_by=person(by),
                dry_run=dry_run,
                accepts_shrinking=accepts_shrinking,
            )
            Window.objects.bulk_create(_windows(run, rows))
    except IntegrityError as error:
        raise CannotStart("already_running", "A run of this dataflow is still going on. Wait for it.") from error
    return run


def kept(flow: Dataflow) -> QuerySet[Day]:
    """The days whose raw answers were kept; retention may have deleted some since."""
    return flow.days.exclude(landed_key="")


def troubled(days: QuerySet[Day]) -> QuerySet[Day]:
    """Those of ``days`` that another mapping may serve better."""
    return days.filter(Q(status=DayStatus.FAILED) | Q(rejected__gt=0))


def _not_there(missing: Sequence[date]) -> str:
    if not missing:
        return "None of these days lies in the landing zone. Run them on demand; that asks Mixpanel again."
    shown = ", ".join(day.isoformat() for day in missing[:5]) + (" …" if len(missing) > 5 else "")
    return f"No raw answer is kept for {shown}. Run these days on demand; that asks Mixpanel again."


def _windows(run: Run, rows: Sequence[Day]) -> Iterator[Window]:
    for group in _neighbours(rows):
        landed = (
            Window.objects.filter(landed_key=group[0].landed_key, run__dataflow=run.dataflow).order_by("pk").first()
        )
        first, last = landed.landed_days if landed else (group[0].day, group[-1].day)
        yield Window(
            run=run,
            first_day=group[0].day,
            last_day=group[-1].day,
            status=WindowStatus.LANDED,
            landed_key=group[0].landed_key,
            landed_size=landed.landed_size if landed else 0,
            landed_first_day=first,
            landed_last_day=last,
        )


def _neighbours(rows: Sequence[Day]) -> Iterator[list[Day]]:
    """Days next to each other that came in one answer."""
    numbered = enumerate(rows)
    for _, group in groupby(numbered, key=lambda item: (item[1].landed_key, item[1].day - timedelta(days=item[0]))):
        yield [row for _, row in group]


def keep_old(day: Day) -> bool:
    """Drop the held answer; the published data stays. False when somebody else decided first."""
    held = Day.objects.filter(pk=day.pk, status=DayStatus.HELD)
    return bool(held.update(status=DayStatus.LOADED, held={}, held_window=None, error_code="", error_detail=""))


def accept_new(day: Day, *, by: User | None, now: datetime) -> Run:
    """Publish the held answer in place of the old data. Raises CannotStart."""
    if day.status != DayStatus.HELD:
        raise CannotStart("not_held", "Somebody has decided about this day already.")
    return reprocess(day.dataflow, [day.day], accepts_shrinking=True, by=by, now=now)
