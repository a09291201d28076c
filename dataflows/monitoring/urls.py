"""Addresses of dataflows, runs and the status of the installation."""

from django.urls import path

from dataflows.monitoring import backfill_views, dataflow_views, run_views, status

urlpatterns = [
    path("dataflows/", dataflow_views.dataflows, name="dataflows"),
    path("dataflows/<int:pk>/", dataflow_views.dataflow, name="dataflow"),
    path("dataflows/<int:pk>/run/", dataflow_views.dataflow_run, name="dataflow_run"),
    path("dataflows/<int:pk>/backfill/", backfill_views.dataflow_backfill, name="dataflow_backfill"),
    path("dataflows/<int:pk>/enable/", dataflow_views.dataflow_enable, name="dataflow_enable"),
    path("dataflows/<int:pk>/disable/", dataflow_views.dataflow_disable, name="dataflow_disable"),
    path("dataflows/<int:pk>/delete/", dataflow_views.dataflow_delete, name="dataflow_delete"),
    path("monitoring/", run_views.monitoring, name="monitoring"),
    path("runs/<int:pk>/", run_views.run, name="run"),
    path("runs/<int:pk>/pause/", backfill_views.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume/", backfill_views.run_resume, name="run_resume"),
    path("runs/<int:pk>/cancel/", run_views.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/retry/", run_views.run_retry, name="run_retry"),
    path("runs/<int:pk>/rejected.jsonl", run_views.run_rejected, {"form": "jsonl"}, name="run_rejected"),
    path("runs/<int:pk>/rejected.csv", run_views.run_rejected, {"form": "csv"}, name="run_rejected_csv"),
    path("status/", status.status, name="status"),
]
