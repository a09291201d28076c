"""The source and the target connection of a dataflow that was set up on the pages, made and removed with it."""

from __future__ import annotations

from connectors.roles import User, person
from dataflows.models import Dataflow, SourceConnection, TargetConnection


def join(flow: Dataflow, *, by: User | None) -> None:
    """Give a complete dataflow the connections it lacks, without saving it."""
    shared = {"name": flow.name, "implicit": True, "created_by": person(by)}
    if flow.source_connection is None:
        flow.source_connection = SourceConnection.objects.create(
            account=flow.reads_from,
            project_id=flow.project_id,
            timezone=flow.timezone,
            time_semantic=flow.time_semantic,
            **shared,
        )
    if flow.target_connection is None:
        flow.target_connection = TargetConnection.objects.create(
            dataset=flow.writes_to, data={"format": "json"}, **shared
        )


def part(flow: Dataflow) -> None:
    """Remove what ``join`` made; connections that a program made are its own to delete."""
    for connection in (flow.source_connection, flow.target_connection):
        if connection is not None and connection.implicit and not connection.dataflows.exclude(pk=flow.pk).exists():
            connection.delete()
