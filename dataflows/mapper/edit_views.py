"""The mapper for a live dataflow: what is saved here applies to later runs only."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from connectors.base import Record
from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.roles import analyst_required
from dataflows.mapper import sampling
from dataflows.mapper.edit_form import SAVE, EditForm
from dataflows.mapper.view import View
from dataflows.models import Dataflow
from dataflows.models.dataflow import DataflowQuerySet
from dataflows.runs import remapping

SAMPLE = "sample"
Unread = dict[str, object]
"""What the notice on the page says when records could not be read."""


def _editable(request: HttpRequest) -> DataflowQuerySet:
    return Dataflow.objects.editable_by(request.user).live().select_related("account", "dataset__schema")


@analyst_required
@never_cache  # "Back" must fetch the current revision, not show the one it left
@require_http_methods(["GET", "POST"])
def mapping_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what is being edited (GET); keep it, or save it as a version (POST)."""
    flow = get_object_or_404(_editable(request), pk=pk)
    unread = _read_sample(flow)
    sent = request.POST if request.method == "POST" else None
    form = EditForm(sent, flow=flow, view=View.read(sent if sent is not None else request.GET))
    if request.method == "POST":
        there = _save(request, form) if form.action == SAVE else _press(form)
        if there and form.action == SAMPLE:
            unread = _ask_for_sample(flow)
        if there and not unread:
            return redirect(there)
    context = {"flow": flow, "form": form, "desk": form.desk, "unread": unread}
    return render(request, "dataflows/mapper/edit.html", context)


def _read_sample(flow: Dataflow) -> Unread | None:
    """Give a dataflow that nobody edits records to try its mapping on; what is to be said if that fails."""
    return None if flow.sample else _remember(flow, lambda: sampling.landed(flow))


def _ask_for_sample(flow: Dataflow) -> Unread | None:
    """New records from Mixpanel, which costs an export request or a few."""
    account, project, zone = flow.reads_from, flow.project_id, flow.timezone
    return _remember(flow, lambda: sampling.take(account, project, zone, now=timezone.now()).records)


def _remember(flow: Dataflow, read: Callable[[], list[Record]]) -> Unread | None:
    try:
        flow.sample = read()
    except ConnectorError as error:
        return {"message": message_for(error.code), "detail": error.detail, "code": error.code}
    Dataflow.objects.filter(pk=flow.pk).update(sample=flow.sample)
    return None


def _save(request: HttpRequest, form: EditForm) -> str:
    version = form.save(by=request.user, now=timezone.now())
    if version is None:
        return ""
    text = _("Version %(number)s of the mapping is saved. Runs that start from now on use it.")
    messages.success(request, text % {"number": version.number})
    return reverse("dataflows:mapping_history", args=[form.flow.pk])


def _press(form: EditForm) -> str:
    change = form.press(now=timezone.now())
    if change is None:
        return ""
    if change.leaves_for:
        return reverse(f"dataflows:{change.leaves_for}", args=[form.flow.pk])
    return reverse("dataflows:mapping_edit", args=[form.flow.pk]) + f"{change.view.query}#{change.anchor}"


@require_POST
@analyst_required
def mapping_discard(request: HttpRequest, pk: int) -> HttpResponse:
    flow = get_object_or_404(_editable(request), pk=pk)
    remapping.discard(flow)
    messages.success(request, _("The changes are discarded. The mapping in force stays as it is."))
    return redirect("dataflows:mapping_history", flow.pk)
