"""Addresses of the pages of rejected records."""

from django.urls import path

from dataflows.diagnostics import views

urlpatterns = [
    path("runs/<int:pk>/diagnostics/", views.run_diagnostics, name="run_diagnostics"),
    path("runs/<int:pk>/diagnostics/preview/", views.run_preview, name="run_preview"),
    path("runs/<int:pk>/diagnostics/files/", views.run_files, name="run_files"),
    path("runs/<int:pk>/diagnostics/group/", views.run_group, name="run_group"),
    path("runs/<int:pk>/diagnostics/group.jsonl", views.run_group_file, {"form": "jsonl"}, name="run_group_jsonl"),
    path("runs/<int:pk>/diagnostics/group.csv", views.run_group_file, {"form": "csv"}, name="run_group_csv"),
    path("dataflows/<int:pk>/diagnostics/", views.dataflow_diagnostics, name="dataflow_diagnostics"),
    path("dataflows/<int:pk>/diagnostics/group/", views.dataflow_group, name="dataflow_group"),
    path(
        "dataflows/<int:pk>/diagnostics/group.jsonl",
        views.dataflow_group_file,
        {"form": "jsonl"},
        name="dataflow_group_jsonl",
    ),
    path(
        "dataflows/<int:pk>/diagnostics/group.csv",
        views.dataflow_group_file,
        {"form": "csv"},
        name="dataflow_group_csv",
    ),
]
