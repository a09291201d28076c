"""Secrets at rest: sealed with the first key of the key ring, opened with any of them."""

from __future__ import annotations

from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models

from connectors.errors import SecretUnreadable


def key_ring() -> MultiFernet:
    return MultiFernet([Fernet(key) for key in settings.TRIBUTARY_KEYS])


def rotate(sealed: str) -> str:
    """The same secret sealed with the newest key. Raises SecretUnreadable."""
    try:
        return key_ring().rotate(sealed.encode()).decode()
    except InvalidToken as error:
        raise SecretUnreadable("No key in TRIBUTARY_KEYS opens it.") from error


class Sealed(str):
    """A sealed secret: safe to hold, print and log; ``open`` is the only way to the clear text."""

    __slots__ = ()

    def open(self) -> str:
        """The clear text. Raises SecretUnreadable when its key left the key ring."""
        try:
            return key_ring().decrypt(self.encode()).decode()
        except InvalidToken as error:
            raise SecretUnreadable("No key in TRIBUTARY_KEYS opens it.") from error

    @classmethod
    def seal(cls, clear: str) -> Sealed:
        return cls(key_ring().encrypt(clear.encode()).decode())


class SealedField(models.TextField):  # type: ignore[type-arg]  # generic for the type checker only
    """Stores a ``Sealed``; refuses a clear string and every look-up but ``isnull``."""

    def from_db_value(self, value: str | None, *_: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def get_prep_value(self, value: Any) -> str | None:
        if value is not None and not isinstance(value, Sealed):
            raise TypeError("A secret must be sealed before it is stored: Sealed.seal(clear).")
        return None if value is None else str(value)

    def get_lookup(self, lookup_name: str) -> Any:
        if lookup_name != "isnull":
            raise FieldError("A sealed secret cannot be searched for.")
        return super().get_lookup(lookup_name)
