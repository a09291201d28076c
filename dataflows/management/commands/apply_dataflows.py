"""Make dataflows equal to a YAML file: ``manage.py apply_dataflows FILE [--dry-run]``."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connectors.roles import ANALYST, has_role
from dataflows.declared import applying
from dataflows.declared.applying import CannotApply, Plan
from dataflows.declared.problems import DeclarationsInvalid

DIFFERENT = 2


class Command(BaseCommand):
    help = (
        "Makes accounts, schemas, datasets and dataflows equal to a file; what it does not name is left alone, and "
        "nothing is deleted. With --dry-run: prints the difference, and ends with 0 if there is none, 2 if there is "
        "one. A file that is not valid, or cannot be applied, ends with 1."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="print the difference and write nothing")
        parser.add_argument("--user", default="", help="who does it; the first administrator if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        planned = self._planned(path, _actor(options["user"]))
        self._show(planned)
        if options["dry_run"]:
            if planned.changes:
                sys.exit(DIFFERENT)
            return
        try:
            applying.apply(planned)
        except CannotApply as error:
            kept = f"Accounts that were kept: {', '.join(error.kept)}. Else n" if error.kept else "N"
            raise CommandError(f"{error}\n{kept}othing was written.") from error
        if planned.changes:
            self.stdout.write("Applied.")

    def _planned(self, path: Path, by: User) -> Plan:
        try:
            text = path.read_text(encoding="utf-8-sig")
            return applying.plan(text, folder=path.parent, environment=os.environ, by=by, now=timezone.now())
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{path} is not in UTF-8. Save it in that encoding.") from error
        except DeclarationsInvalid as error:
            listed = "\n".join(f"{path.name}, {each}" for each in error.problems)
            raise CommandError(f"{listed}\nNothing was written.") from None

    def _show(self, planned: Plan) -> None:
        for change in planned.changes:
            self.stdout.write("\n".join(change.lines()))
        new = sum(change.is_new for change in planned.changes)
        changed = len(planned.changes) - new
        self.stdout.write(
            f"{new} new, {changed} changed, {planned.unchanged} unchanged. What the file does not name is left alone."
        )


def _actor(username: str) -> User:
    """Raises CommandError when nobody of that name may change dataflows."""
    known = User.objects.filter(is_active=True).order_by("-is_superuser", "pk")
    candidates = known.filter(username=username) if username else known
    found = next((user for user in candidates if has_role(user, ANALYST)), None)
    if found is None:
        raise CommandError("There is nobody with the role Analyst to do it. Name somebody with --user.")
    return found
