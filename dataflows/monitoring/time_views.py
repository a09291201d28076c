"""The page on which a person decides what the times of a project mean, after the alarm."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from connectors.form_layout import PageForm
from connectors.roles import analyst_required
from dataflows.models import Dataflow
from dataflows.models.dataflow import TimeSemantic
from dataflows.runs import lifecycle


class TimesForm(PageForm, forms.Form):
    time_semantic = forms.ChoiceField(
        label=gettext_lazy("The times of this project are"), choices=TimeSemantic.choices, widget=forms.RadioSelect
    )

    def __init__(self, data: Any, *, flow: Dataflow) -> None:
        super().__init__(data, initial={"time_semantic": flow.time_semantic})


@require_http_methods(["GET", "POST"])
@analyst_required
def dataflow_times(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the reading against the evidence, or change it; either way the dataflow goes on."""
    flow = get_object_or_404(Dataflow.objects.editable_by(request.user).live(), pk=pk)
    form = TimesForm(request.POST if request.method == "POST" else None, flow=flow)
    if form.is_valid():
        chosen = form.cleaned_data["time_semantic"]
        changed = lifecycle.decide_times(flow, chosen, by=request.user, now=timezone.now())
        messages.success(request, _CHANGED if changed else _KEPT)
        return redirect("dataflows:dataflow_reprocess", flow.pk) if changed else redirect(flow)
    alarm = flow.runs.filter(error_code="time_semantic_changed").first()
    return render(request, "dataflows/monitoring/dataflow_times.html", {"flow": flow, "form": form, "alarm": alarm})


_CHANGED = gettext_lazy(
    "Times are read in the new way from now on. Days loaded before have the old reading: promote them again here."
)
_KEPT = gettext_lazy("The reading of times stays, and the alarm is off for this dataflow.")
