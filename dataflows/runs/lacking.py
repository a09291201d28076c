"""Which days a dataflow lacks: wanted, but missing or failed, up to the newest day that was ever read.

Asking the ledgers of thousands of dataflows takes too long for a list, so each dataflow keeps the answer; whoever
changes its days, or which ones it wants, calls ``note``. The days after the newest are the schedule's to read.
"""

from __future__ import annotations

from datetime import date

from dataflows import scheduling
from dataflows.models import Dataflow, DayStatus

# Of these there is something in the dataset, or a person decides about them.
THERE = (DayStatus.LOADED, DayStatus.STALE, DayStatus.HELD)


def wanted_from(flow: Dataflow) -> date:
    """The first day the dataflow wants: of its history, or the day it began."""
    began = scheduling.last_day(flow.start_at or flow.created_at, flow.timezone, include_today=True)
    wants_history = flow.history_from and (flow.backfill or flow.frequency == "once")
    return flow.history_from if wants_history and flow.history_from else began


def lacking(flow: Dataflow) -> list[date]:
    """Oldest first."""
    known = dict(flow.days.values_list("day", "status"))
    first, last = wanted_from(flow), max(known, default=None)
    if last is None or last < first:
        return []
    return [day for day in scheduling.days_between(first, last) if known.get(day) not in THERE]


def note(flow: Dataflow) -> None:
    """Keep the answer with the dataflow."""
    days = lacking(flow)
    first, last = (days[0], days[-1]) if days else (None, None)
    Dataflow.objects.filter(pk=flow.pk).update(lacking_days=len(days), lacking_first=first, lacking_last=last)


def note_all() -> None:
    """For what an earlier release, or a worker that died, has not noted."""
    for flow in Dataflow.objects.live():
        note(flow)
