"""Addresses of dataflows, runs and the status of the installation."""

from datetime import date

from django.urls import path, register_converter

from dataflows.monitoring import (
    backfill_views,
    dataflow_views,
    held_days,
    reprocess_views,
    run_views,
    status,
    time_views,
)


class DayConverter:
    """A day as ``YYYY-MM-DD``; anything else is no such page."""

    regex = r"\d{4}-\d{2}-\d{2}"

    def to_python(self, value: str) -> date:
        return date.fromisoformat(value)

    def to_url(self, value: date) -> str:
        return value.isoformat()


register_converter(DayConverter, "day")

urlpatterns = [
    path("dataflows/", dataflow_views.dataflows, name="dataflows"),
    path("dataflows/<int:pk>/", dataflow_views.dataflow, name="dataflow"),
    path("dataflows/<int:pk>/run/", dataflow_views.dataflow_run, name="dataflow_run"),
    path("dataflows/<int:pk>/backfill/", backfill_views.dataflow_backfill, name="dataflow_backfill"),
    path("dataflows/<int:pk>/reprocess/", reprocess_views.dataflow_reprocess, name="dataflow_reprocess"),
    path("dataflows/<int:pk>/times/", time_views.dataflow_times, name="dataflow_times"),
    path("dataflows/<int:pk>/days/<day:day>/keep/", held_days.day_keep, name="day_keep"),
    path("dataflows/<int:pk>/days/<day:day>/accept/", held_days.day_accept, name="day_accept"),
    path("dataflows/<int:pk>/enable/", dataflow_views.dataflow_enable, name="dataflow_enable"),
    path("dataflows/<int:pk>/disable/", dataflow_views.dataflow_disable, name="dataflow_disable"),
    path("dataflows/<int:pk>/delete/", dataflow_views.dataflow_delete, name="dataflow_delete"),
    path("monitoring/", run_views.monitoring, name="monitoring"),
    path("runs/<int:pk>/", run_views.run, name="run"),
    path("runs/<int:pk>/pause/", backfill_views.run_pause, name="run_pause"),
    path("runs/<int:pk>/resume/", backfill_views.run_resume, name="run_resume"),
    path("runs/<int:pk>/publish/", reprocess_views.run_publish, name="run_publish"),
    path("runs/<int:pk>/cancel/", run_views.run_cancel, name="run_cancel"),
    path("runs/<int:pk>/retry/", run_views.run_retry, name="run_retry"),
    path("runs/<int:pk>/rejected.jsonl", run_views.run_rejected, {"form": "jsonl"}, name="run_rejected"),
    path("runs/<int:pk>/rejected.csv", run_views.run_rejected, {"form": "csv"}, name="run_rejected_csv"),
    path("status/", status.status, name="status"),
]
