"""Properties that came after the mapping: look at them, take them in, or dismiss them."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from connectors.roles import analyst_required
from dataflows.models import Dataflow, PropertyState
from dataflows.runs import evolving, properties, proposing
from dataflows.runs.evolving import Choice, Evolution
from dataflows.schema_workspace.forms import KINDS
from dataflows.schema_workspace.proposal_rows import ProposalRow, checked, offered
from dataflows.schema_workspace.refusals import Refusal, refused


@require_http_methods(["GET", "POST"])
@analyst_required
def new_properties(request: HttpRequest, pk: int) -> HttpResponse:
    """Choose (GET), see the three changes (POST ``plan``), make them (POST ``apply``)."""
    flow = _flow(request, pk)
    found = properties.new_properties(flow)
    rows: Sequence[ProposalRow] = offered(
        proposing.proposals_for(found), request.POST if request.method == "POST" else None
    )
    refusal, evolution = None, None
    if request.method == "POST":
        rows, refusal, evolution = _planned(flow, rows)
        if evolution and request.POST.get("action") == "apply":
            shown = (request.POST.get("version"), request.POST.get("revision"))
            if shown != (str(evolution.schema_version), str(evolution.revision)):
                words = _("The schema or the dataflow was changed meanwhile; the changes below are made anew.")
                refusal = Refusal(words, _("Look at them again, then confirm."))
            elif (refusal := _apply(flow, evolution, request)) is None:
                return redirect(flow)
    context = {
        "flow": flow,
        "found": found,
        "rows": rows,
        "kinds": KINDS,
        "tenant": settings.TENANT,
        "refusal": refusal,
        "evolution": evolution,
    }
    page = "new_properties_confirm.html" if evolution else "new_properties.html"
    return render(request, f"dataflows/schemas/{page}", context)


@require_POST
@analyst_required
def new_properties_dismiss(request: HttpRequest, pk: int) -> HttpResponse:
    """They are not told again."""
    flow = _flow(request, pk)
    count = properties.settle(flow, [row.path for row in properties.new_properties(flow)], PropertyState.DISMISSED)
    text = ngettext("%(count)d property is not shown any more.", "%(count)d properties are not shown any more.", count)
    messages.success(request, text % {"count": count})
    return redirect(flow)


def _flow(request: HttpRequest, pk: int) -> Dataflow:
    live = Dataflow.objects.editable_by(request.user).live().select_related("dataset__schema")
    return get_object_or_404(live, pk=pk)


def _planned(
    flow: Dataflow, rows: Sequence[ProposalRow]
) -> tuple[Sequence[ProposalRow], Refusal | None, Evolution | None]:
    if not any(row.chosen for row in rows):
        return rows, Refusal(_("Nothing is chosen."), _("Tick the properties to take in.")), None
    rows, _document = checked(rows, flow.writes_to.schema.document)
    if any(row.error for row in rows):
        words = _("Some fields are not right yet; they are marked.")
        return rows, Refusal(words, _("Correct them, then go on.")), None
    choices = [Choice(row.proposal.seen.source, row.target, row.node) for row in rows if row.chosen]
    planned: list[Evolution] = []
    refusal = refused(lambda: planned.append(evolving.plan(flow, choices)))
    return rows, refusal, planned[0] if planned else None


def _apply(flow: Dataflow, evolution: Evolution, request: HttpRequest) -> Refusal | None:
    refusal = refused(lambda: evolving.apply(flow, evolution, by=request.user, now=timezone.now()))
    if refusal is None:
        count = len(evolution.added)
        text = ngettext(
            "%(count)d property is taken in: later runs load it.",
            "%(count)d properties are taken in: later runs load them.",
            count,
        )
        messages.success(request, text % {"count": count})
    return refusal
