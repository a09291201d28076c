"""Addresses of schemas, and of what they grow from."""

from django.urls import path

from dataflows.schema_workspace import (
    edit_views,
    exchange_views,
    field_views,
    generate_views,
    new_property_views,
    views,
)

urlpatterns = [
    path("schemas/", views.schemas, name="schemas"),
    path("schemas/new/", edit_views.schema_new, name="schema_new"),
    path("schemas/generate/", generate_views.schema_generate, name="schema_generate"),
    path("schemas/import/", exchange_views.schema_import, name="schema_import"),
    path("schemas/<int:pk>/", views.schema, name="schema"),
    path("schemas/<int:pk>/edit/", edit_views.schema_edit, name="schema_edit"),
    path("schemas/<int:pk>/delete/", edit_views.schema_delete, name="schema_delete"),
    path("schemas/<int:pk>/import/", exchange_views.schema_import_version, name="schema_import_version"),
    path("schemas/<int:pk>/export.json", exchange_views.schema_export, name="schema_export"),
    path("schemas/<int:pk>/fields/new/", field_views.field_new, name="schema_field_new"),
    path("schemas/<int:pk>/fields/edit/", field_views.field_edit, name="schema_field_edit"),
    path("schemas/<int:pk>/fields/remove/", field_views.field_remove, name="schema_field_remove"),
    path("schemas/<int:pk>/versions/<int:number>/", views.schema_version, name="schema_version"),
    path("dataflows/<int:pk>/new-properties/", new_property_views.new_properties, name="new_properties"),
    path(
        "dataflows/<int:pk>/new-properties/dismiss/",
        new_property_views.new_properties_dismiss,
        name="new_properties_dismiss",
    ),
]
