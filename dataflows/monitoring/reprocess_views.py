"""The page that promotes days again from the landing zone, with a dry run first."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from connectors.roles import analyst_required
from dataflows import tasks
from dataflows.models import Dataflow, Run
from dataflows.monitoring.reprocess_form import ReprocessForm
from dataflows.runs import lifecycle, reprocessing
from dataflows.runs.cannot_start import CannotStart


@require_http_methods(["GET", "POST"])
@analyst_required
def dataflow_reprocess(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose days; the button says whether to try only (``dry``) or to publish."""
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    now = timezone.now()
    form = ReprocessForm(request.POST if request.method == "POST" else None, flow=flow, now=now)
    if form.is_valid():
        try:
            dry = "publish" not in request.POST
            run = reprocessing.reprocess(flow, form.chosen, dry_run=dry, by=request.user, now=now)
        except CannotStart as reason:
            form.add_error(None, str(reason))
        else:
            tasks.ring(run)
            return redirect(run)
    context = {"flow": flow, "form": form, "kept": _count(flow)}
    return render(request, "dataflows/monitoring/dataflow_reprocess.html", context)


def _count(flow: Dataflow) -> dict[str, int]:
    rows = reprocessing.kept(flow)
    return {"days": rows.count(), "troubled": reprocessing.troubled(rows).count()}


@require_POST
@analyst_required
def run_publish(request: HttpRequest, pk: int) -> HttpResponse:
    """Do for real what a dry run has tried."""
    tried = get_object_or_404(
        Run.objects.operable_by(request.user).filter(dry_run=True).select_related("dataflow"), pk=pk
    )
    try:
        days = lifecycle.days_of(tried)
        run = reprocessing.reprocess(tried.dataflow, days, by=request.user, now=timezone.now())
    except CannotStart as reason:
        messages.error(request, str(reason))
        return redirect(tried)
    tasks.ring(run)
    messages.success(request, _("The days are promoted again, this time into the dataset."))
    return redirect(run)
