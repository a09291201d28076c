"""Typed readers of environment variables; a wrong value stops the start with a sentence that says which and why."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE, FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off"}


class Environment:
    """Reads settings from a mapping of strings (``os.environ`` in production)."""

    def __init__(self, values: Mapping[str, str] = os.environ) -> None:
        self.values = values

    def text(self, name: str, default: str = "") -> str:
        return self.values.get(name, "").strip() or default

    def secret(self, name: str, default: str = "") -> str:
        """``NAME`` itself, or the content of the file named by ``NAME_FILE``."""
        path = self.text(f"{name}_FILE")
        if not path:
            return self.text(name, default)
        try:
            return Path(path).read_text().strip()
        except OSError as error:
            raise ImproperlyConfigured(f"{name}_FILE names {path}, which cannot be read: {error.strerror}.") from error

    def boolean(self, name: str, default: bool) -> bool:
        value = self.text(name).lower()
        if not value:
            return default
        if value not in TRUE | FALSE:
            raise ImproperlyConfigured(f"{name} must be one of yes/no, true/false, 1/0, on/off; it is {value!r}.")
        return value in TRUE

    def integer(self, name: str, default: int, *, minimum: int = 1) -> int:
        value = self.text(name)
        if not value:
            return default
        if not value.isascii() or not value.lstrip("-").isdigit() or int(value) < minimum:
            raise ImproperlyConfigured(f"{name} must be a whole number of at least {minimum}; it is {value!r}.")
        return int(value)

    def words(self, name: str, default: str = "") -> list[str]:
        """Values separated by spaces or commas."""
        return self.text(name, default).replace(",", " ").split()

    def base_urls(self, name: str) -> list[str]:
        urls = [url.rstrip("/") for url in self.words(name)]
        for url in urls:
            parts = _parts(url)
            if parts is None or parts.scheme not in {"http", "https"} or not parts.hostname or _has_more(parts):
                raise ImproperlyConfigured(
                    f"{name} must hold base URLs such as https://mixpanel-proxy.example; {url!r} is not one."
                )
        return urls


def _parts(url: str) -> SplitResult | None:
    """Nothing for what is no URL, such as one whose port is no number."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _has_more(parts: SplitResult) -> bool:
    """Whether a base URL has what belongs to a request."""
    return bool(parts.query or parts.username)


def database(url: str) -> dict[str, object]:
    """Django's DATABASES entry for ``sqlite:///PATH`` or ``postgresql://user:password@host:port/name``.

    SQLite is opened in WAL mode with immediate transactions: with the default (deferred) mode concurrent
    writers fail at once with "database is locked", whatever the timeout.
    """
    parts = _parts(url)
    if parts and parts.scheme == "sqlite":
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": unquote(parts.path.removeprefix("/")) if not parts.path.startswith("//") else parts.path[1:],
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA busy_timeout=20000;",
            },
        }
    if parts and parts.scheme in {"postgresql", "postgres"} and parts.path.strip("/"):
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.strip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": unquote(parts.hostname or ""),
            "PORT": str(parts.port or ""),
            "OPTIONS": dict(parse_qsl(parts.query)),
            "CONN_MAX_AGE": 60,
            "CONN_HEALTH_CHECKS": True,
        }
    raise ImproperlyConfigured(
        "DATABASE_URL must look like sqlite:////folder/tributary.sqlite3 or postgresql://user:password@host:5432/name."
    )


def kept_secret(path: Path, make: str) -> str:
    """The secret in ``path``, written there with mode 600 on first use (embedded default only)."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(make)
    except FileExistsError:
        pass
    except OSError as error:
        raise ImproperlyConfigured(f"DATA_DIR cannot hold {path.name}: {path}: {error.strerror}.") from error
    return path.read_text().strip()
