"""The history of a mapping: every version with what changed, and the way back."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from connectors.roles import analyst_required, viewer_required
from dataflows.mapper import history, setbacks
from dataflows.mapping import MappingInvalid
from dataflows.models import Dataflow, MappingVersion
from dataflows.runs import remapping
from dataflows.runs.remapping import MappingConflict

PER_PAGE = 20
LONGEST_SEARCH = 200


@require_GET
@viewer_required
def mapping_history(request: HttpRequest, pk: int) -> HttpResponse:
    flow = get_object_or_404(Dataflow.objects.visible_to(request.user).live().select_related("dataset__schema"), pk=pk)
    text = request.GET.get("q", "")[:LONGEST_SEARCH].strip()
    page = Paginator(history.matching(flow, text), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "flow": flow,
        "text": text,
        "page": page,
        "rows": history.version_rows(flow, list(page.object_list)),
        "outdated": history.outdated(flow),
    }
    return render(request, "dataflows/mapper/history.html", context)


@require_POST
@analyst_required
def mapping_restore(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    versions = MappingVersion.objects.filter(dataflow__in=Dataflow.objects.editable_by(request.user))
    version = get_object_or_404(versions.select_related("dataflow__dataset__schema"), dataflow=pk, number=number)
    seen = request.POST.get("revision", "")
    revision = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else -1
    found = setbacks.of_version(version)
    if revision == version.dataflow.revision and not setbacks.are_confirmed(found, request.POST):
        context = {"flow": version.dataflow, "number": number, "revision": revision, "setbacks": found}
        return render(request, "dataflows/mapper/restore.html", {**context, "confirmed": setbacks.token(found)})
    try:
        made = remapping.restore(version, by=request.user, now=timezone.now(), revision=revision)
    except MappingInvalid as invalid:
        text = _("Version %(number)s does not fit the schema any more: %(problems)s")
        messages.error(request, text % {"number": number, "problems": invalid})
    except MappingConflict as conflict:
        messages.error(request, str(conflict))
    else:
        text = _("Version %(old)s is in force again, as version %(new)s. Runs that start from now on use it.")
        messages.success(request, text % {"old": number, "new": made.number})
    return redirect("dataflows:mapping_history", pk)
