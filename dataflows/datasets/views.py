"""Pages of datasets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from connectors.errors import ConnectorError
from connectors.roles import viewer_required
from dataflows.datasets import queries
from dataflows.datasets.chart import chart
from dataflows.datasets.opening import programs
from dataflows.datasets.preview import flatten
from dataflows.datasets.snapshots import snapshot_page
from dataflows.models import Dataset

if TYPE_CHECKING:
    from connectors.lake import LakeTable

PER_PAGE = 25
PREVIEW_ROWS = 100


@require_GET
@viewer_required
def datasets(request: HttpRequest) -> HttpResponse:
    text = _text(request)
    page = Paginator(queries.datasets(request.user, text), PER_PAGE).get_page(request.GET.get("page"))
    rows, problem = queries.dataset_rows(page.object_list)
    any_at_all = bool(rows) or Dataset.objects.visible_to(request.user).exists()
    context = {"q": text, "page": page, "rows": rows, "problem": problem, "any_at_all": any_at_all}
    return render(request, "dataflows/datasets/datasets.html", context)


@require_GET
@viewer_required
def dataset(request: HttpRequest, pk: int) -> HttpResponse:
    visible = Dataset.objects.visible_to(request.user).select_related("schema", "created_by")
    found = get_object_or_404(visible, pk=pk)
    context: dict[str, Any] = {
        "dataset": found,
        "flows": found.dataflows.visible_to(request.user).select_related("account").defer("mapping", "sample"),
        "remnants": found.remnants.all(),
        "published_at": queries.last_published(found),
    }
    try:
        if table := queries.table_of(found):
            chosen = request.GET.get("dataflow", "")
            context |= _held(table) | {"snapshots_of": chosen}
            # Of dataflows that are gone nobody but the lake knows.
            context["published_at"] = context["published_at"] or context["summary"].changed_at
            context["snapshots"] = snapshot_page(table, dataflow=chosen, number=request.GET.get("page"))
    except ConnectorError as error:
        context["problem"] = queries.lake_problem(error)
    return render(request, "dataflows/datasets/dataset.html", context)


def _held(table: LakeTable) -> dict[str, Any]:
    """What the lake holds now. Raises LakeUnavailable."""
    summary = table.summary()
    rows_by_day = table.days()
    return {
        "summary": summary,
        "chart": chart(rows_by_day),
        "rows_by_day": sorted(rows_by_day.items(), reverse=True),
        "folder": table.folder,
        "programs": programs(table.folder) if summary.rows else [],
        "preview": flatten(*table.preview(PREVIEW_ROWS)) if summary.rows else None,
    }


def _text(request: HttpRequest) -> str:
    # A null character cannot be part of any name, and PostgreSQL refuses to look for it.
    return request.GET.get("q", "").replace("\x00", "").strip()[:255]
