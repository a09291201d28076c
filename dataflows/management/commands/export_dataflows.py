"""Write dataflows as YAML: ``manage.py export_dataflows [NAME …] > dataflows.yaml``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dataflows.api.portable import exporting, shape


class Command(BaseCommand):
    help = "Prints dataflows with their connections and datasets as YAML. Secrets are names of environment variables."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="names of dataflows; all that are set up if none is given")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = exporting.document(options["names"])
        except shape.FileInvalid as error:
            raise CommandError(str(error)) from error
        self.stdout.write(shape.write(document), ending="")
