"""Schemas as files: up and down."""

from __future__ import annotations

import json
import re
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from connectors.roles import analyst_required, viewer_required
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schema_workspace.edit_views import new_key
from dataflows.schema_workspace.effects import need_confirmation
from dataflows.schema_workspace.forms import ImportForm
from dataflows.schema_workspace.refusals import refused
from dataflows.schemas.exchange import read_file, write_file


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_import(request: HttpRequest) -> HttpResponse:
    """A file becomes a new schema; one whose id is taken here becomes a copy with an id of its own."""
    form = ImportForm(request.POST if request.method == "POST" else None, request.FILES or None, new=True)
    refusal = None
    if request.method == "POST" and form.is_valid():
        made: list[Schema] = []

        def create() -> None:
            document = read_file(form.cleaned_data["file"], tenant=settings.TENANT, key=new_key())
            if title := form.cleaned_data["title"].strip():
                document = {**document, "title": title}
            made.append(schema_changes.create(_with_free_id(document), note=_("Imported"), by=request.user))

        if (refusal := refused(create)) is None:
            messages.success(request, _("“%(title)s” is imported.") % {"title": made[0]})
            return redirect(made[0])
    context = {"form": form, "refusal": refusal}
    return render(request, "dataflows/schemas/schema_import.html", context)


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_import_version(request: HttpRequest, pk: int) -> HttpResponse:
    """A file becomes the next version of this schema, whose id it keeps."""
    schema = get_object_or_404(Schema.objects.editable_by(request.user), pk=pk)
    data = request.POST if request.method == "POST" else None
    form = ImportForm(data, request.FILES or None, new=False, initial={"version": schema.version})
    refusal = None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data

        def save() -> None:
            document = read_file(values["file"], tenant=settings.TENANT, key=new_key())
            kept = {name: schema.document[name] for name in ("$id", "meta:altId") if name in schema.document}
            note = values["note"] or _("Imported")
            need_confirmation(schema, {**document, **kept}, request.POST)
            schema_changes.save(schema, {**document, **kept}, seen=values["version"], note=note, by=request.user)

        before = schema.version
        if (refusal := refused(save)) is None:
            text = _("The file is the new version.") if schema.version > before else _("The file changes nothing.")
            messages.success(request, text)
            return redirect(schema)
    context = {"form": form, "refusal": refusal, "schema": schema}
    return render(request, "dataflows/schemas/schema_import.html", context)


@require_GET
@viewer_required
def schema_export(request: HttpRequest, pk: int) -> HttpResponse:
    """The schema, or its ``?version=``, in the shape of the Schema Registry."""
    schema = get_object_or_404(Schema.objects.visible_to(request.user), pk=pk)
    versions = {str(version.number): version for version in schema_changes.versions(schema)}
    chosen = versions.get(request.GET.get("version", str(schema.version)))
    if chosen is None:
        raise Http404
    text = json.dumps(write_file(chosen.document, chosen.number), indent=2, ensure_ascii=False)
    name = re.sub(r"[^A-Za-z0-9]+", "-", schema.title).strip("-").lower() or "schema"
    response = HttpResponse(text + "\n", content_type="application/json; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}-v{chosen.number}.json"'
    return response


def _with_free_id(document: dict[str, Any]) -> dict[str, Any]:
    taken = any(other == document["$id"] for other in Schema.objects.values_list("document__$id", flat=True))
    if not taken:
        return document
    key, tenant = new_key(), settings.TENANT
    new = {"$id": f"https://ns.adobe.com/{tenant}/schemas/{key}", "meta:altId": f"_{tenant}.schemas.{key}"}
    return {**document, **new}
