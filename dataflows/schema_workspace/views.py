"""Pages that show schemas."""

from __future__ import annotations

import json
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from connectors.roles import viewer_required
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schema_workspace import queries, tree
from dataflows.schemas import SchemaInvalid

PER_PAGE = 25
FIELDS_PER_PAGE = 500


@require_GET
@viewer_required
def schemas(request: HttpRequest) -> HttpResponse:
    text = _text(request, "q")
    page = Paginator(queries.schemas(request.user, text), PER_PAGE).get_page(request.GET.get("page"))
    any_at_all = bool(page.object_list) or Schema.objects.visible_to(request.user).exists()
    context = {"q": text, "page": page, "any_at_all": any_at_all}
    return render(request, "dataflows/schemas/schemas.html", context)


@require_GET
@viewer_required
def schema(request: HttpRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(Schema.objects.visible_to(request.user).select_related("created_by"), pk=pk)
    text = _text(request, "field")
    context: dict[str, Any] = {
        "schema": found,
        "datasets": queries.datasets(found, request.user),
        "drafts": queries.drafts(found, request.user),
        "versions": queries.version_rows(found),
        "text": text,
        "document": json.dumps(found.document, indent=2, ensure_ascii=False),
    }
    try:
        every = tree.rows(found.xdm)
    except SchemaInvalid as problem:
        context["invalid"] = str(problem)
    else:
        chosen = tree.matching(every, text) if text else every
        context |= {"count": len(every), "page": Paginator(chosen, FIELDS_PER_PAGE).get_page(request.GET.get("page"))}
    return render(request, "dataflows/schemas/schema.html", context)


@require_GET
@viewer_required
def schema_version(request: HttpRequest, pk: int, number: int) -> HttpResponse:
    """One version, and what differs between it and another one (``?against=``), by default the one before."""
    found = get_object_or_404(Schema.objects.visible_to(request.user), pk=pk)
    versions = {version.number: version for version in schema_changes.versions(found)}
    if number not in versions:
        raise Http404
    asked = request.GET.get("against", "")
    against = int(asked) if asked.isascii() and asked.isdigit() and len(asked) < 10 else number - 1
    before = versions.get(against)
    context = {
        "schema": found,
        "version": versions[number],
        "versions": list(versions.values()),
        "against": before,
        "changes": queries.changes(before, versions[number]),
        "document": json.dumps(versions[number].document, indent=2, ensure_ascii=False),
    }
    return render(request, "dataflows/schemas/schema_version.html", context)


def _text(request: HttpRequest, name: str) -> str:
    # A null character cannot be part of any name, and PostgreSQL refuses to look for it.
    return request.GET.get(name, "").replace("\x00", "").strip()[:255]
