"""A schema from what Mixpanel's records have in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors.roles import analyst_required
from dataflows.models import Dataflow, Schema
from dataflows.runs import proposing, schema_changes
from dataflows.schema_workspace import queries
from dataflows.schema_workspace.edit_views import new_key
from dataflows.schema_workspace.forms import KINDS, WordsForm
from dataflows.schema_workspace.proposal_rows import ProposalRow, checked, offered
from dataflows.schema_workspace.refusals import Refusal, refused
from dataflows.schemas.building import new_document, with_identity
from dataflows.schemas.xdm import EXPERIENCE_EVENT

IDENTITY_SOURCE, NAMESPACE = "properties.distinct_id", "MixpanelDistinctId"


@dataclass(frozen=True)
class Page:
    """What the page shows."""

    flow: Dataflow | None
    form: WordsForm
    rows: Sequence[ProposalRow]
    refusal: Refusal | None = None


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_generate(request: HttpRequest) -> HttpResponse:
    """Choose a dataflow or draft (GET ``?dataflow=``), then fields, names and types (POST)."""
    sources = queries.sources(request.user)
    flow = _chosen(sources, request.GET.get("dataflow", ""))
    proposals = proposing.proposals(flow) if flow else []
    data = request.POST if request.method == "POST" else None
    rows = offered(proposals, data)
    form = WordsForm(data, initial={"title": _title(flow)} if flow else None)
    page = Page(flow, form, rows)
    if flow is not None and data is not None and form.is_valid():
        made: list[Schema] = []
        page = _create(page, request, made)
        if made:
            return _done(request, flow, made[0])
    context = {"page": page, "sources": sources, "kinds": KINDS, "tenant": settings.TENANT}
    return render(request, "dataflows/schemas/schema_generate.html", context)


def _done(request: HttpRequest, flow: Dataflow, schema: Schema) -> HttpResponse:
    """To the schema, or back to the draft that is to use it."""
    if flow.is_draft and schema_changes.plan_for(flow, schema):
        messages.success(request, _("“%(title)s” is made, and chosen for this draft.") % {"title": schema})
        return redirect("dataflows:wizard", flow.pk, "dataset")
    messages.success(request, _("“%(title)s” is made.") % {"title": schema})
    return redirect(schema)


def _chosen(sources: Sequence[Dataflow], asked: str) -> Dataflow | None:
    found = next((flow for flow in sources if str(flow.pk) == asked), None)
    # The lists above carry no samples.
    return Dataflow.objects.get(pk=found.pk) if found else None


def _title(flow: Dataflow) -> str:
    return _("Mixpanel %(project)s") % {"project": flow.project_name or flow.project_id or flow}


def _create(page: Page, request: HttpRequest, made: list[Schema]) -> Page:
    rows = page.rows

    def create() -> None:
        nonlocal rows
        words: Mapping[str, Any] = page.form.cleaned_data
        document = new_document(
            words["title"], words["description"], EXPERIENCE_EVENT, [], tenant=settings.TENANT, key=new_key()
        )
        rows, document = checked(page.rows, document)
        for row in rows:
            if row.chosen and row.proposal.seen.source == IDENTITY_SOURCE and not row.error and row.kind == "string":
                document = with_identity(document, row.target, NAMESPACE, primary=True)
        if not any(row.error for row in rows):
            made.append(schema_changes.create(document, note=_("Generated from %s") % page.flow, by=request.user))

    refusal = refused(create)
    if refusal is None and not made:
        refusal = Refusal(_("Some fields are not right yet; they are marked."), _("Correct them, then save again."))
    return replace(page, rows=rows, refusal=refusal)
