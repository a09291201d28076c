from django.urls import path

from dataflows.mapper import edit_views, history_views, importing_views, preview_views

urlpatterns = [
    path("dataflows/<int:pk>/mapping/", history_views.mapping_history, name="mapping_history"),
    path("dataflows/<int:pk>/mapping/edit/", edit_views.mapping_edit, name="mapping_edit"),
    path("dataflows/<int:pk>/mapping/preview/", preview_views.mapping_preview, name="mapping_preview"),
    path("dataflows/<int:pk>/mapping/import/", importing_views.mapping_import, name="mapping_import"),
    path("dataflows/<int:pk>/mapping.csv", importing_views.mapping_csv, name="mapping_csv"),
    path("dataflows/<int:pk>/mapping/discard/", edit_views.mapping_discard, name="mapping_discard"),
    path(
        "dataflows/<int:pk>/mapping/versions/<int:number>/restore/",
        history_views.mapping_restore,
        name="mapping_restore",
    ),
]
