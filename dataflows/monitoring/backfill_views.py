"""Pages of a backfill: plan it, start it, pause it, let it go on."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from connectors.roles import analyst_required
from dataflows import tasks
from dataflows.models import Dataflow, Run, RunStatus, Trigger
from dataflows.monitoring.backfill_form import BackfillForm
from dataflows.runs import backfilling, pausing, reading_plan
from dataflows.runs.cannot_start import CannotStart

WINDOWS_SHOWN = 30


@require_http_methods(["GET", "POST"])
@analyst_required
def dataflow_backfill(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the plan of the chosen days (GET); start it (POST)."""
    flows = Dataflow.objects.editable_by(request.user).live().select_related("account", "dataset")
    flow, now = get_object_or_404(flows, pk=pk), timezone.now()
    form = BackfillForm(request.POST if request.method == "POST" else request.GET, flow=flow, now=now)
    days = form.chosen if form.is_valid() else []
    if request.method == "POST" and form.is_valid():
        try:
            run = backfilling.start_backfill(flow, days, by=request.user, now=now)
        except CannotStart as reason:
            form.add_error(None, str(reason))
        else:
            tasks.ring(run)
            return redirect(run)
    plan = reading_plan.plan(flow, days, reserved=settings.EXPORTS_RESERVED, now=now) if days else None
    context = {"flow": flow, "form": form, "plan": plan, "windows_shown": WINDOWS_SHOWN}
    context["unfinished"] = flow.runs.unfinished().filter(trigger=Trigger.BACKFILL).first()
    return render(request, "dataflows/monitoring/dataflow_backfill.html", context)


@require_POST
@analyst_required
def run_pause(request: HttpRequest, pk: int) -> HttpResponse:
    backfills = Run.objects.operable_by(request.user).filter(trigger=Trigger.BACKFILL)
    found = get_object_or_404(backfills, pk=pk)
    if pausing.pause(found):
        messages.success(request, _("The backfill is paused. Days that are being read now are finished first."))
    else:
        messages.info(request, _("The backfill had ended before it could be paused."))
    return redirect(found)


@require_POST
@analyst_required
def run_resume(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Run.objects.operable_by(request.user), pk=pk)
    if not pausing.resume(found):
        messages.info(request, _("The backfill is not paused any more."))
        return redirect(found)
    found.refresh_from_db()
    if found.status == RunStatus.PAUSED:
        messages.info(request, _("Another run of this dataflow goes on; the backfill follows by itself."))
    else:
        tasks.ring(found)
        messages.success(request, _("The backfill goes on."))
    return redirect(found)
