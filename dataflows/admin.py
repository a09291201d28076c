"""The rows behind the pages, to look at only: what changes them keeps their promises, an edit here would not."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dataflows.models import Dataflow, Dataset, Day, Heartbeat, MappingVersion, Run, Schema, Window


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """A list and a page per row, without any button that changes something."""

    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Dataflow)
class DataflowAdmin(ReadOnly):
    list_display = ("name", "status", "status_reason", "account", "dataset", "next_run_at")
    list_filter = ("status", "frequency")
    list_select_related = ("account", "dataset")
    search_fields = ("name", "project_id")


@admin.register(MappingVersion)
class MappingVersionAdmin(ReadOnly):
    list_display = ("dataflow", "number", "author", "created_at", "note")
    list_select_related = ("dataflow", "author")


@admin.register(Run)
class RunAdmin(ReadOnly):
    list_display = ("pk", "dataflow", "status", "trigger", "first_day", "last_day", "created_at", "error_code")
    list_filter = ("status", "trigger")
    list_select_related = ("dataflow",)


@admin.register(Window)
class WindowAdmin(ReadOnly):
    list_display = ("pk", "run_id", "first_day", "last_day", "status", "attempts", "lease_until", "not_before")
    list_filter = ("status",)
    exclude = ("days", "errors")


@admin.register(Day)
class DayAdmin(ReadOnly):
    list_display = ("dataflow", "day", "status", "received", "loaded", "duplicate", "rejected", "filtered")
    list_filter = ("status",)
    list_select_related = ("dataflow",)


@admin.register(Dataset)
class DatasetAdmin(ReadOnly):
    list_display = ("name", "schema", "created_at")
    search_fields = ("name",)


@admin.register(Schema)
class SchemaAdmin(ReadOnly):
    list_display = ("title", "version", "created_at")
    search_fields = ("title",)


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnly):
    list_display = ("name", "at", "detail")
