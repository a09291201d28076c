"""Pages of one field: add it, change it, remove it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from connectors.roles import analyst_required
from dataflows.models import Schema
from dataflows.runs import schema_changes
from dataflows.schema_workspace.effects import need_confirmation
from dataflows.schema_workspace.forms import NAMESPACES, FieldForm
from dataflows.schema_workspace.refusals import refused
from dataflows.schema_workspace.tree import node_at
from dataflows.schemas import Field, SchemaInvalid, XdmType
from dataflows.schemas.building import changed_field, owners, with_field, with_identity, without_field
from dataflows.schemas.nodes import TYPES, node_of

PLAIN = ("pattern", "minLength", "maxLength", "minimum", "maximum")
DEEPEST_PARENT = 8


@require_http_methods(["GET", "POST"])
@analyst_required
def field_new(request: HttpRequest, pk: int) -> HttpResponse:
    schema = _schema(request, pk)
    initial = {"version": schema.version, "parent": request.GET.get("inside", f"_{settings.TENANT}")}
    form = FieldForm(request.POST if request.method == "POST" else None, initial=initial, parents=_parents(schema))
    refusal = None
    if request.method == "POST" and form.is_valid():
        path = (*form.cleaned_data["parent"].split("."), form.cleaned_data["name"])

        def save() -> None:
            node = _new_node(form)
            document = with_field(schema.document, path, node, required=form.cleaned_data["required"])
            _save(schema, _with_identity(document, path, form), form, request, _("New field %s") % path[-1])

        if (refusal := refused(save)) is None:
            messages.success(request, _("The field %(name)s is added.") % {"name": ".".join(path)})
            return redirect(schema)
    return _page(request, schema, form, refusal=refusal)


@require_http_methods(["GET", "POST"])
@analyst_required
def field_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Change the field that ``?path=`` names."""
    schema = _schema(request, pk)
    field = _field(schema, request.GET.get("path", ""))
    form = _edit_form(schema, field, request.POST if request.method == "POST" else None)
    refusal = None
    if request.method == "POST" and form.is_valid():

        def save() -> None:
            document = _changed(schema.document, field, form)
            _save(schema, document, form, request, _("Changed field %s") % field.path[-1])

        if (refusal := refused(save)) is None:
            messages.success(request, _("The field %(name)s is saved.") % {"name": field.name})
            return redirect(schema)
    return _page(request, schema, form, field=field, owner=_owner(schema, field), refusal=refusal)


@require_POST
@analyst_required
def field_remove(request: HttpRequest, pk: int) -> HttpResponse:
    schema = _schema(request, pk)
    field = _field(schema, request.POST.get("path", ""))
    seen = request.POST.get("version", "")

    def remove() -> None:
        document = without_field(schema.document, field.path)
        note = _("Removed field %s") % field.path[-1]
        number = int(seen) if seen.isascii() and seen.isdigit() and len(seen) < 10 else 0
        schema_changes.save(schema, document, seen=number, note=note, by=request.user)

    if (refusal := refused(remove)) is None:
        messages.success(request, _("The field %(name)s is removed.") % {"name": field.name})
        return redirect(schema)
    form = _edit_form(schema, field, None)
    return _page(request, schema, form, field=field, owner=_owner(schema, field), refusal=refusal)


def _edit_form(schema: Schema, field: Field, data: Mapping[str, Any] | None) -> FieldForm:
    typed = not _owner(schema, field) and _kind_of(field) is not None
    return FieldForm(data, initial=_initial(schema, field, node_at(schema.document, field.path)), typed=typed)


def _owner(schema: Schema, field: Field) -> str:
    """The class or field group the field belongs to, "" for one of the schema's own."""
    return owners(schema.document, settings.TENANT).get(field.path, "")


def _page(request: HttpRequest, schema: Schema, form: FieldForm, **more: Any) -> HttpResponse:
    context = {"schema": schema, "form": form, "namespaces": NAMESPACES, "tenant": settings.TENANT, **more}
    return render(request, "dataflows/schemas/field.html", context)


def _schema(request: HttpRequest, pk: int) -> Schema:
    """Whose document can be read: where it cannot, there are no fields to speak of."""
    schema = get_object_or_404(Schema.objects.editable_by(request.user), pk=pk)
    try:
        schema.xdm  # noqa: B018  reading it is the check
    except SchemaInvalid:
        raise Http404 from None
    return schema


def _field(schema: Schema, path: str) -> Field:
    try:
        return schema.xdm.field(path)
    except KeyError:
        raise Http404 from None


def _parents(schema: Schema) -> list[tuple[str, str]]:
    """Objects that a field of one's own may lie in: all below the tenant's namespace, which is made if need be."""
    tenant = f"_{settings.TENANT}"
    inside = [
        field.name
        for field in schema.xdm.fields()
        if field.xdm_type is XdmType.OBJECT and field.path[0] == tenant and len(field.path) <= DEEPEST_PARENT
    ]
    return [(name, name) for name in dict.fromkeys((tenant, *inside))]


def _kind_of(field: Field) -> str | None:
    """The word the form has for the type, None for a type that it has none for."""
    shape = field.shape
    if shape.type is XdmType.ARRAY and shape.element is not None:
        shape = shape.element
    if shape.type is XdmType.MAP:
        return "map" if shape.element is not None and shape.element.plain_text else None
    return shape.type.value if shape.type.value in TYPES else None


def _initial(schema: Schema, field: Field, node: Mapping[str, Any]) -> dict[str, Any]:
    inner = node["items"] if field.xdm_type is XdmType.ARRAY else node
    kind = _kind_of(field)
    limits = {key: inner.get(key) for key in PLAIN if kind in ("string", "double")}
    return {
        "version": schema.version,
        "title": node.get("title", ""),
        "description": node.get("description", ""),
        "kind": kind,
        "array": field.xdm_type is XdmType.ARRAY,
        "required": field.required_in_parent,
        "namespace": field.identity.namespace if field.identity else "",
        "primary": bool(field.identity and field.identity.primary),
        "enum": "\n".join(inner.get("enum", [])),
        **limits,
    }


def _new_node(form: FieldForm) -> dict[str, Any]:
    values = form.cleaned_data
    words = {key: values[key] for key in ("title", "description")}
    return node_of(values["kind"], array=values["array"], **words, **form.limits)


def _changed(document: Mapping[str, Any], field: Field, form: FieldForm) -> dict[str, Any]:
    values = form.cleaned_data
    changes = {key: values[key] for key in ("title", "description")}
    other_type = "kind" in values and (values["kind"], values["array"]) != (
        _kind_of(field),
        field.xdm_type is XdmType.ARRAY,
    )
    if other_type:
        document = without_field(document, field.path)
        changed = with_field(document, field.path, _new_node(form), required=values["required"])
    else:
        changed = changed_field(document, field.path, {**changes, **_kept(field, form)}, required=values["required"])
    return _with_identity(changed, field.path, form)


def _kept(field: Field, form: FieldForm) -> dict[str, Any]:
    """The limits that the form speaks of; the bounds of an integer are its type and stay."""
    limits = form.limits
    if _kind_of(field) != "double":
        limits = {key: value for key, value in limits.items() if key not in form.NUMBER_LIMITS}
    return limits


def _with_identity(document: dict[str, Any], path: tuple[str, ...], form: FieldForm) -> dict[str, Any]:
    values = form.cleaned_data
    return with_identity(document, path, values["namespace"].strip(), primary=values["primary"])


def _save(schema: Schema, document: dict[str, Any], form: FieldForm, request: HttpRequest, note: str) -> None:
    values = form.cleaned_data
    need_confirmation(schema, document, request.POST)
    schema_changes.save(schema, document, seen=values["version"], note=values["note"] or note, by=request.user)
