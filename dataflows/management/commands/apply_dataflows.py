"""Make dataflows equal to a YAML file: ``manage.py apply_dataflows FILE [--dry-run]``."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from connectors.accounts import NameTaken
from connectors.errors import ConnectorError
from connectors.messages import message_for
from connectors.roles import ANALYST, has_role
from dataflows.api.errors import ApiError
from dataflows.api.portable import applying, shape
from dataflows.api.portable.applying import Change
from dataflows.mapping import MappingInvalid
from dataflows.runs import amending, dataset_making, remapping


class Command(BaseCommand):
    help = "Makes connections, datasets and dataflows equal to a file. Nothing is deleted; twice changes nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="print the difference and change nothing")
        parser.add_argument("--user", default="", help="who does it; the first administrator if left out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = shape.read(options["file"].read_text(encoding="utf-8"))
            changes = applying.plan(document, by=_actor(options["user"]), now=timezone.now())
            self._show(changes)
            if not options["dry_run"]:
                self._perform(changes)
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{options['file']} cannot be read: {error}") from error
        except (shape.FileInvalid, MappingInvalid) as error:
            raise CommandError(str(error)) from error
        except ApiError as error:
            raise CommandError(f"{error.detail} {error.remedy}".strip()) from error
        except ConnectorError as error:
            message = message_for(error.code)
            raise CommandError(f"{message.what} {error.detail} {message.todo}") from error
        except (NameTaken, dataset_making.NameTaken, amending.Overtaken, remapping.MappingConflict) as error:
            raise CommandError(f"Somebody changed the same at this moment ({error}). Run the command again.") from error

    def _show(self, changes: Sequence[Change]) -> None:
        for change in changes:
            self.stdout.write(_difference(change), ending="")
        self.stdout.write(f"{len(changes)} to change." if changes else "Nothing to change.")

    def _perform(self, changes: Sequence[Change]) -> None:
        for change in changes:
            change.perform()
            self.stdout.write(f"{change.kind} {change.name}: {'changed' if change.before else 'made'}.")


def _difference(change: Change) -> str:
    before = shape.write(change.before).splitlines(keepends=True) if change.before else []
    after = shape.write(change.after).splitlines(keepends=True)
    title = f"{change.kind} {change.name}"
    return "".join(difflib.unified_diff(before, after, f"{title} (now)", f"{title} (file)"))


def _actor(username: str) -> User:
    """Raises CommandError when nobody of that name may change dataflows."""
    known = User.objects.filter(is_active=True).order_by("-is_superuser", "pk")
    candidates = known.filter(username=username) if username else known
    found = next((user for user in candidates if has_role(user, ANALYST)), None)
    if found is None:
        raise CommandError("There is nobody with the role Analyst to do it. Name somebody with --user.")
    return found
