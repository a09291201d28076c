"""Roll a dataset back: first what it would change, then the deed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors.errors import ConnectorError, LakeConflict
from connectors.messages import message_for
from connectors.roles import analyst_required
from dataflows.datasets import queries
from dataflows.models import Dataset

DAYS_SHOWN = 31


@require_http_methods(["GET", "POST"])
@analyst_required
def dataset_roll_back(request: HttpRequest, pk: int, snapshot: int) -> HttpResponse:
    """Show what changes (GET); change it if the dataset is still what was shown (POST)."""
    # The lake's libraries take seconds to import; other pages of the web process do without.
    from connectors.lake import UnknownSnapshot
    from dataflows.runs import rolling_back

    dataset = get_object_or_404(Dataset.objects.visible_to(request.user), pk=pk)
    table = queries.table_of(dataset)
    if table is None:
        raise Http404
    try:
        if request.method == "POST":
            seen = int(request.POST.get("seen", "0"))
            rolling_back.roll_back(dataset, table, snapshot, seen=seen, by=request.user)
            messages.success(request, _("The dataset holds again what it held then. Nothing was deleted."))
            return redirect(dataset)
        current = table.snapshots()[0].id
        effect = rolling_back.effect(table, snapshot, current)
    except (UnknownSnapshot, ValueError, IndexError) as error:
        raise Http404 from error
    except rolling_back.CannotRollBack as reason:
        messages.error(request, str(reason))
        return redirect(dataset)
    except ConnectorError as error:
        changed = _("The dataset was changed in the meantime. Look at its snapshots again.")
        messages.error(request, changed if isinstance(error, LakeConflict) else message_for(error.code).what)
        return redirect(dataset)
    context = {"dataset": dataset, "effect": effect, "seen": current, "snapshot": snapshot, "days_shown": DAYS_SHOWN}
    return render(request, "dataflows/datasets/dataset_roll_back.html", context)
