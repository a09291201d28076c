"""The key of keyed hashes: one for the installation, so that equal inputs stay equal in all its datasets."""

from __future__ import annotations

import secrets

from django.db import models

from connectors.sealed import Sealed, SealedField

ONLY = 1


class HashKey(models.Model):
    """Has one row, made when it is first asked for. Losing it makes new hashes differ from all older ones."""

    key = SealedField()
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return "The key of keyed hashes"

    @classmethod
    def current(cls) -> bytes:
        """32 bytes. Raises SecretUnreadable."""
        made, _ = cls.objects.get_or_create(pk=ONLY, defaults={"key": Sealed.seal(secrets.token_hex(32))})
        return bytes.fromhex(made.key.open())
