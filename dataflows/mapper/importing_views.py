"""A mapping from another dataflow or from a file, and as a file."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from connectors.roles import analyst_required, viewer_required
from dataflows.mapper import csv_files, importing
from dataflows.mapper.importing import FileForm
from dataflows.mapper.rows import EditedRow, read_stored
from dataflows.models import Dataflow
from dataflows.models.dataflow import DataflowQuerySet
from dataflows.runs import remapping

LONGEST_SEARCH = 200


def _flows(user_flows: DataflowQuerySet) -> DataflowQuerySet:
    return user_flows.select_related("dataset__schema", "new_dataset_schema")


@analyst_required
@never_cache
@require_http_methods(["GET", "POST"])
def mapping_import(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose where from (GET); replace the rows on the desk (POST), which *Undo* brings back."""
    flow = get_object_or_404(_flows(Dataflow.objects.editable_by(request.user)), pk=pk)
    form = FileForm(request.POST, request.FILES) if request.POST.get("from") == "file" else FileForm()
    if request.method == "POST":
        rows = _wanted(request, flow, form)
        if rows is not None and _replace(request, flow, rows):
            return redirect(desk_of(flow))
    text = request.GET.get("q", "").strip()[:LONGEST_SEARCH]
    context = {
        "flow": flow,
        "form": form,
        "text": text,
        "candidates": importing.candidates(flow, request.user, text),
        "back": desk_of(flow),
    }
    return render(request, "dataflows/mapper/import.html", context)


def _wanted(request: HttpRequest, flow: Dataflow, form: FileForm) -> list[EditedRow] | None:
    if form.is_bound:
        return list(form.rows) if form.is_valid() else None
    rows = importing.rows_of(flow, request.user, request.POST.get("flow", ""))
    if rows is None:
        messages.error(request, _("That dataflow does not exist any more. Choose another one."))
    return rows


def _replace(request: HttpRequest, flow: Dataflow, rows: list[EditedRow]) -> bool:
    seen = request.POST.get("revision", "")
    revision = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1
    if not importing.replace(flow, rows, revision, now=timezone.now()):
        messages.error(request, _("Somebody changed this mapping in another window. Nothing is replaced; try again."))
        return False
    text = ngettext(
        "%(count)s row is taken over. Undo brings the rows back that were there.",
        "%(count)s rows are taken over. Undo brings the rows back that were there.",
        len(rows),
    )
    messages.success(request, text % {"count": f"{len(rows):,}"})
    return True


def desk_of(flow: Dataflow) -> str:
    """Where the mapping of a dataflow is edited."""
    if flow.is_draft:
        return reverse("dataflows:wizard", args=[flow.pk, "mapping"])
    return reverse("dataflows:mapping_edit", args=[flow.pk])


@viewer_required
@require_GET
def mapping_csv(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows on the desk, the template for what is uploaded again."""
    flow = get_object_or_404(Dataflow.objects.visible_to(request.user), pk=pk)
    rows = [row for row in read_stored(remapping.edited(flow)) if not row.is_blank]
    answer = HttpResponse(csv_files.written(rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="mapping-{flow.pk}.csv"'
    return answer
