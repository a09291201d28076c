"""Held days: what is in the dataset, what came instead, and a person's decision between the two."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from connectors.roles import analyst_required
from dataflows import tasks
from dataflows.models import Dataflow, Day, DayStatus
from dataflows.runs import reprocessing
from dataflows.runs.cannot_start import CannotStart


@dataclass(frozen=True)
class HeldDay:
    """``now`` rows are in the dataset, ``new`` would be."""

    day: Day
    now: int
    new: int

    @property
    def difference(self) -> int:
        return self.new - self.now


def held_days(flow: Dataflow) -> list[HeldDay]:
    rows = flow.days.filter(status=DayStatus.HELD).select_related("held_window__run")
    return [HeldDay(row, row.loaded, int(row.held.get("loaded", 0))) for row in rows]


@require_POST
@analyst_required
def day_keep(request: HttpRequest, pk: int, day: date) -> HttpResponse:
    """The published data stays."""
    flow, found = _held(request, pk, day)
    if reprocessing.keep_old(found):
        messages.success(request, _("%(day)s stays as it is in the dataset.") % {"day": day.isoformat()})
    else:
        messages.info(request, _("Somebody has decided about %(day)s already.") % {"day": day.isoformat()})
    return redirect(flow)


@require_POST
@analyst_required
def day_accept(request: HttpRequest, pk: int, day: date) -> HttpResponse:
    """The new, smaller answer replaces the published data."""
    flow, found = _held(request, pk, day)
    try:
        run = reprocessing.accept_new(found, by=request.user, now=timezone.now())
    except CannotStart as reason:
        messages.error(request, str(reason))
        return redirect(flow)
    tasks.ring(run)
    messages.success(request, _("%(day)s is being replaced by the new answer.") % {"day": day.isoformat()})
    return redirect(run)


def _held(request: HttpRequest, pk: int, day: date) -> tuple[Dataflow, Day]:
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    return flow, get_object_or_404(flow.days, day=day)
