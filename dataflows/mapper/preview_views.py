"""What is recomputed while somebody types; nothing is saved."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from connectors.roles import analyst_required
from dataflows.mapper import rows
from dataflows.mapper.desk import Desk
from dataflows.mapper.table import TableRow
from dataflows.mapper.view import View
from dataflows.models import Dataflow


@require_POST
@analyst_required
def mapping_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The grid, the counters, and what is wrong where, for rows as they are typed."""
    editable = Dataflow.objects.editable_by(request.user)
    flow = get_object_or_404(editable.select_related("dataset__schema", "new_dataset_schema"), pk=pk)
    desk = Desk(flow, rows.read_sent(request.POST), View.read(request.POST))
    context = {"desk": desk, "lines": _changed(desk, request.POST.get("marked", "")), "fresh": True}
    return render(request, "dataflows/mapper/_live.html", context)


def _changed(desk: Desk, marked: str) -> list[TableRow]:
    """The rows whose problems the page does not show yet, or shows no longer rightly."""
    numbers = {*marked.split(), *desk.marked_rows.split()}
    return [line for line in desk.table if str(line.number) in numbers]
