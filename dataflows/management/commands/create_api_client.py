"""Make credentials for a program: ``manage.py create_api_client NAME --role Analyst``."""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from connectors.roles import ANALYST, ROLES
from dataflows.api import clients
from dataflows.models.api_client import CALLS_PER_MINUTE


class Command(BaseCommand):
    help = "Creates an API client and prints its credentials as one JSON object. The secret is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name")
        parser.add_argument("--role", choices=ROLES, default=ANALYST)
        parser.add_argument("--calls-per-minute", type=int, default=CALLS_PER_MINUTE)

    def handle(self, *args: Any, **options: Any) -> None:
        name = options["name"].strip()
        if not name or len(name) > 120:
            raise CommandError("The name has 1 to 120 characters.")
        try:
            made = clients.create(
                name, role=options["role"], by=None, calls_per_minute=max(1, options["calls_per_minute"])
            )
        except clients.NameTaken as error:
            raise CommandError(f"There is another API client called {name}. Choose another name.") from error
        told = {"client_id": made.client.client_id, "client_secret": made.secret, "org_id": made.client.org_id}
        self.stdout.write(json.dumps(told))
