"""What must be in place before the processes start: tables, front-end files, somebody who can log in."""

from __future__ import annotations

import secrets
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command

from config.supervisor import CannotServe
from connectors.roles import ADMIN


def prepare() -> None:
    """Bring the database and the static files up to date. Raises CannotServe."""
    if not (settings.BASE_DIR / "static" / "vendor" / ".lock").exists():
        raise CannotServe("The front-end files are missing. Run `make vendor` (or `make demo`, which does it).")
    call_command("migrate", verbosity=0, interactive=False)
    if _static_is_stale():
        call_command("collectstatic", verbosity=0, interactive=False)


def _static_is_stale() -> bool:
    """Whether a source file is newer than the newest collection."""
    collected = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if not collected.exists():
        return True
    newest = max(file.stat().st_mtime for file in (settings.BASE_DIR / "static").rglob("*") if file.is_file())
    return newest > collected.stat().st_mtime


def first_admin() -> tuple[str, str | None]:
    """The name of an administrator, and the password if the account was made just now."""
    users = get_user_model().objects
    known = users.filter(is_superuser=True, is_active=True).first()
    if known is not None:
        return known.get_username(), None
    password = secrets.token_urlsafe(12)
    user = users.create_superuser("admin", password=password)
    user.groups.add(Group.objects.get(name=ADMIN))
    return user.get_username(), password
