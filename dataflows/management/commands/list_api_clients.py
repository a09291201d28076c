"""Say which programs may use the API: ``manage.py list_api_clients``."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from django.core.management.base import BaseCommand

from dataflows.api import queries
from dataflows.api.queries import ClientRow
from dataflows.models import ApiClient


class Command(BaseCommand):
    help = "Prints every API client, newest first, each as one JSON object in a line. Secrets are not shown again."

    def handle(self, *args: Any, **options: Any) -> None:
        found = ApiClient.objects.select_related("account").prefetch_related("account__groups")
        for row in queries.rows(found):
            self.stdout.write(json.dumps(_told(row), ensure_ascii=False))


def _told(row: ClientRow) -> dict[str, Any]:
    """Times in ISO 8601, ``null`` for what never happened."""
    client = row.client
    return {
        "name": client.name,
        "client_id": client.client_id,
        "role": row.role,
        "calls_per_minute": client.calls_per_minute,
        "created": _moment(client.created_at),
        "last_used": _moment(client.last_used_at),
        "revoked": _moment(client.revoked_at),
    }


def _moment(moment: datetime | None) -> str | None:
    return moment.isoformat(timespec="seconds") if moment else None
