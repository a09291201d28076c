"""Pages that make, rename and delete schemas."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from connectors import audit
from connectors.roles import User, analyst_required
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schema_workspace import field_rows
from dataflows.schema_workspace.forms import KINDS, EditForm, SchemaForm
from dataflows.schema_workspace.refusals import Refusal, refused
from dataflows.schemas.building import groups_of, new_document, with_group, with_words
from dataflows.schemas.components import field_groups


def new_key() -> str:
    """The last part of a new schema's id."""
    return secrets.token_hex(24)


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_new(request: HttpRequest) -> HttpResponse:
    """A class, field groups, and fields of one's own in a table that grows by a button."""
    form = SchemaForm(request.POST if request.method == "POST" else None)
    entries = field_rows.read_sent(request.POST) if request.method == "POST" else field_rows.blank()
    refusal: Refusal | None = None
    if request.POST.get("action") == "add":
        entries += field_rows.blank(first=max((entry.number for entry in entries), default=-1) + 1)
        form = SchemaForm(initial=_sent(request))
    elif request.method == "POST" and form.is_valid():
        made: list[Schema] = []
        entries, refusal = _create(form, entries, request, made)
        if made:
            messages.success(request, _("“%(title)s” is made.") % {"title": made[0]})
            return redirect(made[0])
    context = {"form": form, "entries": entries, "kinds": KINDS, "refusal": refusal, "tenant": settings.TENANT}
    return render(request, "dataflows/schemas/schema_new.html", context)


def _sent(request: HttpRequest) -> dict[str, object]:
    found: dict[str, object] = {name: request.POST.get(name, "") for name in ("title", "description", "class_id")}
    return found | {"groups": request.POST.getlist("groups")}


def _create(
    form: SchemaForm, entries: list[field_rows.FieldEntry], request: HttpRequest, made: list[Schema]
) -> tuple[list[field_rows.FieldEntry], Refusal | None]:
    """The rows with what is wrong in them, and why the whole was refused; ``made`` gets the schema if it was not."""
    values = form.cleaned_data
    found = entries

    def create() -> None:
        nonlocal found
        document = new_document(
            values["title"],
            values["description"],
            values["class_id"],
            values["groups"],
            tenant=settings.TENANT,
            key=new_key(),
        )
        found, document = field_rows.checked(entries, document)
        if not any(entry.error for entry in found):
            made.append(schema_changes.create(document, by=request.user))

    refusal = refused(create)
    if refusal is None and (words := field_rows.summary(found)):
        refusal = Refusal(words, _("Correct them, then save again."))
    return found, refusal


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Title, description and field groups."""
    schema = get_object_or_404(Schema.objects.editable_by(request.user), pk=pk)
    there = [group.id for group in groups_of(schema.document, settings.TENANT)]
    suiting = field_groups(settings.TENANT).values()
    offered = [
        group.id for group in suiting if group.id not in there and schema.document.get("meta:class") in group.extends
    ]
    words = {name: schema.document.get(name, "") for name in ("title", "description")}
    initial = {**words, "version": schema.version}
    form = EditForm(request.POST if request.method == "POST" else None, initial=initial, offered=offered)
    refusal = None
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data

        def save() -> None:
            document = with_words(schema.document, values["title"], values["description"])
            for group in values.get("groups", []):
                document = with_group(document, group, tenant=settings.TENANT)
            schema_changes.save(schema, document, seen=values["version"], note=values["note"], by=request.user)

        if (refusal := refused(save)) is None:
            messages.success(request, _("The schema is saved."))
            return redirect(schema)
    context = {
        "schema": schema,
        "form": form,
        "refusal": refusal,
        "groups": groups_of(schema.document, settings.TENANT),
    }
    return render(request, "dataflows/schemas/schema_edit.html", context)


@require_http_methods(["GET", "POST"])
@analyst_required
def schema_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask first; what uses it is named and keeps it."""
    schema = get_object_or_404(Schema.objects.editable_by(request.user), pk=pk)
    refusal = None
    if request.method == "POST":
        title = schema.title
        if (refusal := refused(lambda: _delete(schema, request.user))) is None:
            messages.success(request, _("“%(title)s” was deleted.") % {"title": title})
            return redirect("dataflows:schemas")
    context = {"schema": schema, "refusal": refusal}
    return render(request, "dataflows/schemas/schema_delete.html", context)


def _delete(schema: Schema, by: User) -> None:
    """Raises CannotChange."""
    with audit.deleting(by, schema):
        schema_changes.delete(schema)
