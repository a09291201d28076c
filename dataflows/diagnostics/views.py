"""Pages that say which records were rejected, why, and what they look like."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_GET

from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.roles import viewer_required
from dataflows.diagnostics import downloads, groups, manifest, pages, proof, samples
from dataflows.diagnostics.errors import words
from dataflows.diagnostics.forms import KINDS, GroupFilter
from dataflows.diagnostics.groups import Key
from dataflows.diagnostics.pages import Place
from dataflows.diagnostics.proof import Repair
from dataflows.diagnostics.readings import REJECTED, UNPUBLISHED, codes_of

GROUPS_PER_PAGE = 25
DAYS_PER_PAGE = 31
FILES_PER_PAGE = 50


@require_GET
@viewer_required
def run_diagnostics(request: HttpRequest, pk: int) -> HttpResponse:
    return _list(request, pages.of_run(request.user, pk))


@require_GET
@viewer_required
def dataflow_diagnostics(request: HttpRequest, pk: int) -> HttpResponse:
    return _list(request, pages.of_flow(request.user, pk))


@require_GET
@viewer_required
def run_group(request: HttpRequest, pk: int) -> HttpResponse:
    return _group(request, pages.of_run(request.user, pk))


@require_GET
@viewer_required
def dataflow_group(request: HttpRequest, pk: int) -> HttpResponse:
    return _group(request, pages.of_flow(request.user, pk))


@require_GET
@viewer_required
def run_group_file(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    return _file(request, pages.of_run(request.user, pk), form)


@require_GET
@viewer_required
def dataflow_group_file(request: HttpRequest, pk: int, form: str) -> HttpResponseBase:
    return _file(request, pages.of_flow(request.user, pk), form)


@require_GET
@viewer_required
def run_preview(request: HttpRequest, pk: int) -> HttpResponse:
    """The first rejected records of a run, in the columns of AEP's error diagnostics."""
    place = pages.of_run(request.user, pk)
    context = {"place": place, "samples": samples.preview(place.readings), "most": samples.PREVIEWED}
    return render(request, "dataflows/diagnostics/preview.html", context)


@require_GET
@viewer_required
def run_files(request: HttpRequest, pk: int) -> HttpResponse:
    """The file manifest: which landed answers the run read."""
    place = pages.of_run(request.user, pk)
    rows = manifest.landed_files(pk)
    context = {
        "place": place,
        "page": Paginator(rows, FILES_PER_PAGE).get_page(request.GET.get("page")),
        "totals": manifest.totals(rows),
    }
    return render(request, "dataflows/diagnostics/files.html", context)


def _list(request: HttpRequest, place: Place) -> HttpResponse:
    form = GroupFilter(request.GET, codes_of(place.readings))
    found = groups.groups(place.readings, form.chosen)
    page = Paginator(found.shown, GROUPS_PER_PAGE).get_page(request.GET.get("page"))
    rows = [(group, place.group_url(group.key, day=form.chosen.get("day"))) for group in page]
    context = {"place": place, "form": form, "groups": found, "page": page, "rows": rows}
    context["unpublished"] = sum(each.rejected for each in place.readings if each.status in UNPUBLISHED)
    context["has_files"] = any(each.key for each in place.readings if form.chosen.get("day") in (None, each.day))
    return render(request, "dataflows/diagnostics/groups.html", context)


def _group(request: HttpRequest, place: Place) -> HttpResponse:
    key, day = _asked(request)
    group = groups.group_of(place.readings, key, day)
    days = [row for row in groups.days_of(place.readings, key) if day in (None, row[0].day)]
    context: dict[str, Any] = {
        "place": place,
        "key": key,
        "title": key.field or key.code,
        "kind": dict(KINDS)[key.kind],
        "day": day,
        "group": group,
        "message": words(key.code),
        "mapper_url": pages.mapper_url(place.flow, key),
        "all_days_url": place.group_url(key),
        "flow_url": Place(place.flow).group_url(key) if place.run else "",
        "repairs": _repairs(place, key),
        "days": Paginator(days, DAYS_PER_PAGE).get_page(request.GET.get("days")),
        "samples": samples.of_group(days, group) if group else None,
    }
    if any(reading.key for reading, _count in days):
        context["files"] = {form: place.file_url(key, form, day=day) for form in downloads.FORMS}
    return render(request, "dataflows/diagnostics/group.html", context)


def _repairs(place: Place, key: Key) -> list[Repair]:
    """Of a dataflow, what the last runs did to the group; of a run that did days again, what it did itself."""
    if place.run is None:
        return proof.repairs(place.flow, key)
    return proof.repairs_by(place.run, key) if proof.proves(place.run) else []


def _file(request: HttpRequest, place: Place, form: str) -> HttpResponseBase:
    key, day = _asked(request)
    days = [reading for reading, _ in groups.days_of(place.readings, key) if day in (None, reading.day)]
    context: dict[str, Any] = {"place": place, "back": place.group_url(key)}
    try:
        files = downloads.still_there((reading.day, reading.key) for reading in days)
    except ConnectorError as error:
        context |= {"message": message_for(error.code), "detail": error.detail, "code": error.code}
        return render(request, "dataflows/diagnostics/no_records.html", context, status=503)
    if not files:
        return render(request, "dataflows/diagnostics/no_records.html", context, status=404)
    parts = (place.name, key.code, downloads.file_word(key.field), day.isoformat() if day else "")
    name = "-".join(filter(None, parts))
    return downloads.answer(files, form, name, (key.code, key.field))


def _asked(request: HttpRequest) -> tuple[Key, date | None]:
    """The group and the day in the address. Raises Http404 when they make no sense."""
    kind, code = request.GET.get("kind", REJECTED), request.GET.get("code", "")
    if kind not in dict(KINDS) or not code:
        raise Http404("no such group")
    try:
        day = date.fromisoformat(request.GET["day"]) if request.GET.get("day") else None
    except ValueError as error:
        raise Http404("no such day") from error
    return Key(kind, code, request.GET.get("field", "")), day
