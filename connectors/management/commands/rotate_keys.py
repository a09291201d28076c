"""``manage.py rotate_keys``: seal every account secret with the first of TRIBUTARY_KEYS.

To change the key: put the new one first, restart, run this, then drop the old one.
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from connectors.errors import SecretUnreadable
from connectors.models import Account
from connectors.sealed import Sealed, rotate


class Command(BaseCommand):
    help = "Seal every account secret with the first key of TRIBUTARY_KEYS. Ends with 1 if one could not be opened."

    def handle(self, *args: Any, **options: Any) -> None:
        pks = list(Account.objects.order_by("pk").values_list("pk", flat=True))
        unreadable = [name for name in map(_reseal, pks) if name]
        self.stdout.write(f"{len(pks) - len(unreadable)} of {len(pks)} secrets are sealed with the first key.")
        if unreadable:
            names = "\n".join(f"  {name}" for name in unreadable)
            raise CommandError(f"No key in TRIBUTARY_KEYS opens the secret of:\n{names}\nEnter these secrets again.")


def _reseal(pk: int) -> str | None:
    """The name of the account if its secret could not be opened. Locked, so that no fresh secret is overwritten."""
    with transaction.atomic():
        account = Account.objects.select_for_update().filter(pk=pk).first()
        if account is None:
            return None
        try:
            Account.objects.filter(pk=pk).update(secret=Sealed(rotate(account.secret)))
        except SecretUnreadable:
            return account.name
    return None
