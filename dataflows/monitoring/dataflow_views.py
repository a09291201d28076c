"""Pages of dataflows: the list, one dataflow, and what can be done to it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from connectors import audit
from connectors.roles import analyst_required, viewer_required
from dataflows import tasks
from dataflows.diagnostics.errors import words
from dataflows.models import Dataflow, Trigger
from dataflows.monitoring import queries
from dataflows.monitoring.coverage import coverage
from dataflows.monitoring.forms import DataflowFilter, HistoryFilter, RunNowForm
from dataflows.monitoring.held_days import held_days
from dataflows.monitoring.paging import page_of
from dataflows.monitoring.schedule_words import schedule_words, upcoming
from dataflows.runs import lifecycle, properties, reading_plan
from dataflows.runs.cannot_start import CannotStart


@require_GET
@viewer_required
def dataflows(request: HttpRequest) -> HttpResponse:
    form = DataflowFilter(request.GET, request.user)
    page = page_of(request, queries.dataflows(request.user, form.chosen))
    rows = queries.dataflow_rows(page.object_list)
    any_at_all = bool(rows) or Dataflow.objects.visible_to(request.user).exists()
    context = {"form": form, "page": page, "rows": rows, "any_at_all": any_at_all}
    return render(request, "dataflows/monitoring/dataflows.html", context)


@require_GET
@viewer_required
def dataflow(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Dataflow.objects.visible_to(request.user).select_related("account", "dataset__schema", "created_by")
    flow = get_object_or_404(visible, pk=pk)
    if flow.is_draft:
        return redirect(flow)
    now, form = timezone.now(), HistoryFilter(request.GET)
    history = queries.runs(request.user, {**form.chosen, "dataflow": flow})
    context = {
        "flow": flow,
        "reason": words(flow.status_reason) if flow.status_reason else None,
        "schedule": schedule_words(flow),
        "next_runs": upcoming(flow, now) if flow.status == "enabled" else [],
        "coverage": coverage(flow, now, every_month="months" in request.GET),
        "held_days": held_days(flow),
        "form": form,
        "page": page_of(request, history),
        "ever_ran": flow.runs.exists(),
        "active": flow.runs.unfinished().first(),
        "new_properties": properties.new_properties(flow),
    }
    return render(request, "dataflows/monitoring/dataflow.html", context)


@require_http_methods(["GET", "POST"])
@analyst_required
def dataflow_run(request: HttpRequest, pk: int) -> HttpResponse:
    """Show the plan of the chosen days, or of those that are due (GET); start the run (POST)."""
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    now = timezone.now()
    form = RunNowForm(request.POST if request.method == "POST" else request.GET, flow=flow, now=now)
    if form.is_valid() and request.method == "POST":
        try:
            run = lifecycle.start(flow, trigger=Trigger.USER, days=form.days, by=request.user, now=now)
        except CannotStart as reason:
            form.add_error(None, str(reason))
        else:
            tasks.ring(run)
            return redirect(run)
    days = (form.days or lifecycle.due(flow, now)) if form.is_valid() else []
    plan = reading_plan.plan(flow, days, now=now) if days else None
    context = {"flow": flow, "form": form, "due": lifecycle.due_days(flow, now), "plan": plan}
    return render(request, "dataflows/monitoring/dataflow_run.html", context)


@require_POST
@analyst_required
def dataflow_enable(request: HttpRequest, pk: int) -> HttpResponse:
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    lifecycle.enable(flow, by=request.user, now=timezone.now())
    messages.success(request, _("“%(name)s” is enabled: its schedule starts runs again.") % {"name": flow})
    return redirect(flow)


@require_POST
@analyst_required
def dataflow_disable(request: HttpRequest, pk: int) -> HttpResponse:
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    lifecycle.disable(flow, by=request.user, now=timezone.now())
    text = _("“%(name)s” is disabled: its schedule starts no more runs. A run that is going on goes on.")
    messages.success(request, text % {"name": flow})
    return redirect(flow)


@require_http_methods(["GET", "POST"])
@analyst_required
def dataflow_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first; the dataset and its data stay."""
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    refusal = ""
    if request.method == "POST":
        name = str(flow)
        try:
            with audit.deleting(request.user, flow):
                lifecycle.delete(flow)
        except CannotStart as reason:
            refusal = str(reason)
        else:
            messages.success(
                request, _("“%(name)s” was deleted. Its dataset and the data in it stay.") % {"name": name}
            )
            return redirect("dataflows:dataflows")
    context = {"flow": flow, "refusal": refusal, "runs": flow.runs.count()}
    return render(request, "dataflows/monitoring/dataflow_delete.html", context)
