"""Roll a dataset back: first what it would change, then the deed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors.errors import ConnectorError, LakeConflict
from connectors.messages import message_for
from connectors.roles import analyst_required
from dataflows.datasets import queries
from dataflows.models import Dataset, Run

if TYPE_CHECKING:
    from connectors.lake import LakeTable

DAYS_SHOWN = 31


@require_http_methods(["GET", "POST"])
@analyst_required
def dataset_roll_back(request: HttpRequest, pk: int, snapshot: int) -> HttpResponse:
    """Show what changes (GET); change it if the dataset is still what was shown (POST)."""
    dataset = get_object_or_404(Dataset.objects.operable_by(request.user), pk=pk)
    try:
        if (table := queries.table_of(dataset)) is None:
            raise Http404
        if request.method == "GET":
            context = _prospect(dataset, table, snapshot)
            return render(request, "dataflows/datasets/dataset_roll_back.html", context)
        _roll_back(request, dataset, table, snapshot)
    except LookupError as error:
        raise Http404 from error
    except LakeConflict:
        messages.error(request, _("The dataset was changed in the meantime. Look at its snapshots again."))
    except ConnectorError as error:
        messages.error(request, message_for(error.code).what)
    return redirect(dataset)


def _prospect(dataset: Dataset, table: LakeTable, snapshot: int) -> dict[str, Any]:
    """Raises UnknownSnapshot, LakeUnavailable."""
    # The lake's libraries take seconds to import; other pages of the web process do without.
    from dataflows.runs import rolling_back

    current = table.current_snapshot()
    seen = current.id if current else 0
    effect = rolling_back.effect(table, snapshot, seen)
    return {
        "dataset": dataset,
        "target": next(each for each in table.snapshots() if each.id == snapshot),
        "effect": effect,
        "seen": seen,
        "days_shown": DAYS_SHOWN,
        "hidden": max(0, len(effect.changes) - DAYS_SHOWN),
        "going_on": Run.objects.unfinished().filter(dataflow__dataset=dataset).select_related("dataflow").first(),
    }


def _roll_back(request: HttpRequest, dataset: Dataset, table: LakeTable, snapshot: int) -> None:
    """Raises UnknownSnapshot, LakeConflict, LakeUnavailable."""
    from dataflows.runs import rolling_back

    # Nothing that long is the number of a snapshot, nor does Python read it.
    seen = request.POST.get("seen", "")[:20]
    try:
        rolling_back.roll_back(dataset, table, snapshot, seen=int(seen) if seen.isdecimal() else 0, by=request.user)
    except rolling_back.CannotRollBack as reason:
        messages.error(request, str(reason))
    else:
        messages.success(request, _("The dataset holds again what it held then. Nothing was deleted."))
