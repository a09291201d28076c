"""Help: the list of all codes, and a page for each."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connectors.roles import viewer_required
from dataflows.help import catalogue
from dataflows.help.forms import CodeFilter


@require_GET
@viewer_required
def codes(request: HttpRequest) -> HttpResponse:
    form = CodeFilter(request.GET)
    found = catalogue.search(form.words, form.kind)
    return render(request, "dataflows/help/codes.html", {"form": form, "entries": found})


@require_GET
@viewer_required
def code(request: HttpRequest, code: str) -> HttpResponse:
    entry = catalogue.entries().get(code)
    if entry is None:
        raise Http404(f"There is no code {code}.")
    context = {"entry": entry, "related": catalogue.related(entry)}
    return render(request, "dataflows/help/code.html", context)
