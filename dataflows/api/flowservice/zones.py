"""Names of time zones in requests."""

from __future__ import annotations

from typing import Any

from connectors.errors import UnknownTimezone
from connectors.mixpanel import timezones
from dataflows.api import errors

EXAMPLE = "Write an IANA name such as Europe/Berlin, or a Windows name such as Pacific Standard Time."


def read(value: Any, place: str) -> str:
    """The IANA name of a zone. Raises ApiError that names the place."""
    if value is None or value == "":
        raise errors.bad_value(place, "This is needed.", EXAMPLE)
    if not isinstance(value, str) or len(value) > 64 or not value.isprintable():
        raise errors.bad_value(place, "This is no name of a time zone.", EXAMPLE)
    try:
        return timezones.canonical(value)
    except UnknownTimezone as error:
        raise errors.bad_value(place, error.detail, EXAMPLE) from error
