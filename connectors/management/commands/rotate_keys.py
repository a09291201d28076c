"""``manage.py rotate_keys``: seal every secret with the first of TRIBUTARY_KEYS.

To change the key: put the new one first, restart, run this, then drop the old one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model

from connectors.errors import SecretUnreadable
from connectors.sealed import Sealed, SealedField, rotate


class Command(BaseCommand):
    help = "Seal every secret with the first key of TRIBUTARY_KEYS. Ends with 1 if one could not be opened."

    def handle(self, *args: Any, **options: Any) -> None:
        secrets = list(_secrets())
        unreadable = [name for name in (_reseal(*secret) for secret in secrets) if name]
        self.stdout.write(f"{len(secrets) - len(unreadable)} of {len(secrets)} secrets are sealed with the first key.")
        if unreadable:
            names = "\n".join(f"  {name}" for name in unreadable)
            raise CommandError(f"No key in TRIBUTARY_KEYS opens the secret of:\n{names}\nEnter these secrets again.")


def _secrets() -> Iterator[tuple[type[Model], str, Any]]:
    """Every sealed field of every row that has one: model, field, key."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                for pk in model._default_manager.order_by("pk").values_list("pk", flat=True):
                    yield model, field.name, pk


def _reseal(model: type[Model], field: str, pk: Any) -> str | None:
    """The row by its name if its secret could not be opened. Locked, so that no fresh secret is overwritten."""
    with transaction.atomic():
        row = model._default_manager.select_for_update().filter(pk=pk).first()
        sealed = getattr(row, field, None)
        if sealed is None:
            return None
        try:
            model._default_manager.filter(pk=pk).update(**{field: Sealed(rotate(sealed))})
        except SecretUnreadable:
            return str(row)
    return None
