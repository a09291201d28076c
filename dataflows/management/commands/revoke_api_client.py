"""Take a program's credentials away: ``manage.py revoke_api_client NAME``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from dataflows.api import clients
from dataflows.models import ApiClient


class Command(BaseCommand):
    help = "Revokes an API client: its tokens are refused from now on. Its name stays taken."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        client = ApiClient.objects.filter(name=name).first()
        if client is None:
            raise CommandError(f"There is no API client called {name}. manage.py list_api_clients names them.")
        if clients.revoke(client, by=None, now=timezone.now()):
            self.stdout.write(f"{name} is revoked: its tokens are refused from now on.")
        else:
            self.stdout.write(f"{name} was revoked before.")
