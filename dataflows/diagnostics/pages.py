"""Whose records are looked at: those of one run, or those of a dataflow's days as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from django.shortcuts import get_object_or_404
from django.urls import reverse

from connectors.roles import User
from dataflows.diagnostics import readings, sources
from dataflows.diagnostics.groups import Key
from dataflows.diagnostics.readings import Reading
from dataflows.models import Dataflow, Run


@dataclass(frozen=True)
class Place:
    """``run`` is None for a dataflow."""

    flow: Dataflow
    run: Run | None = None

    @cached_property
    def readings(self) -> list[Reading]:
        return readings.of_run(self.run) if self.run else readings.of_flow(self.flow)

    @property
    def owner(self) -> Run | Dataflow:
        return self.run or self.flow

    @property
    def name(self) -> str:
        """How its downloads are called."""
        return f"run-{self.run.pk}" if self.run else f"dataflow-{self.flow.pk}"

    @property
    def list_url(self) -> str:
        return self._url("diagnostics")

    def group_url(self, key: Key, **more: Any) -> str:
        return self._url("group", query={**_query(key), **more})

    def file_url(self, key: Key, form: str, **more: Any) -> str:
        return self._url(f"group_{form}", query={**_query(key), **more})

    def _url(self, name: str, query: Mapping[str, Any] | None = None) -> str:
        prefix = "run" if self.run else "dataflow"
        url = reverse(f"dataflows:{prefix}_{name}", args=[self.owner.pk])
        return f"{url}?{urlencode({name: value for name, value in query.items() if value})}" if query else url


def of_run(user: User, pk: int) -> Place:
    """Raises Http404 for a run that the user may not see."""
    visible = Run.objects.visible_to(user).select_related("dataflow")
    run = get_object_or_404(visible, pk=pk)
    return Place(run.dataflow, run)


def of_flow(user: User, pk: int) -> Place:
    """Raises Http404 for a dataflow that the user may not see, and for a draft."""
    return Place(get_object_or_404(Dataflow.objects.visible_to(user).live(), pk=pk))


def mapper_url(flow: Dataflow, key: Key) -> str:
    """The mapping editor, opened at the row that fills the group's field; "" when no row can."""
    if not sources.is_target(key.field):
        return ""
    rows = flow.mapping if flow.mapping_draft is None else flow.mapping_draft
    number = sources.row_of(key.field, rows)
    target, anchor = (key.field, "") if number is None else (rows[number]["destination"], f"#row-{number}")
    return f"{reverse('dataflows:mapping_edit', args=[flow.pk])}?{urlencode({'target': target})}{anchor}"


def _query(key: Key) -> dict[str, str]:
    return {"kind": key.kind, "code": key.code, "field": key.field}
