"""Delete a dataset: first what goes with it, then the deed."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors import audit
from connectors.errors import ConnectorError
from connectors.roles import analyst_required
from dataflows.datasets import queries
from dataflows.datasets.forms import DeleteForm
from dataflows.models import Dataset
from dataflows.runs import dataset_deletion


@require_http_methods(["GET", "POST"])
@analyst_required
def dataset_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Show what goes (GET); delete it when its name is written (POST). What writes into it is named and keeps it."""
    dataset = get_object_or_404(Dataset.objects.operable_by(request.user), pk=pk)
    form = DeleteForm(request.POST if request.method == "POST" else None, wanted=dataset.name)
    context: dict[str, Any] = {"dataset": dataset, "form": form}
    if form.is_valid():
        try:
            with audit.deleting(request.user, dataset):
                dataset_deletion.delete(dataset)
        except dataset_deletion.InUse:
            pass  # The page names them.
        except ConnectorError as error:
            context["problem"] = queries.lake_problem(error)
        else:
            messages.success(request, _("“%(name)s” and its data were deleted.") % {"name": dataset.name})
            return redirect("dataflows:datasets")
    context |= {"flows": list(dataset.dataflows.visible_to(request.user).defer("mapping", "sample"))}
    return render(request, "dataflows/datasets/dataset_delete.html", context | _held(dataset))


def _held(dataset: Dataset) -> dict[str, Any]:
    """What the lake holds; a lake that is away is told as the problem."""
    try:
        table = queries.table_of(dataset)
        return {"summary": table.summary()} if table else {}
    except ConnectorError as error:
        return {"problem": queries.lake_problem(error)}
