"""Write dataflows as YAML: ``manage.py export_dataflows [NAME …] > dataflows.yaml``."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from dataflows.declared import exporting, yaml_text


class Command(BaseCommand):
    help = "Prints accounts, schemas, datasets and dataflows as YAML. Secrets are names of environment variables."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", help="dataflows, printed with what they need; everything if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            exported = exporting.export(options["names"])
        except exporting.NameUnknown as error:
            raise CommandError(str(error)) from error
        self.stdout.write(yaml_text.write(exported.document), ending="")
        for sentence in exported.left_out:
            self.stderr.write(sentence)
