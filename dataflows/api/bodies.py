"""Request bodies: strict JSON that every database can store."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from django.http import HttpRequest
from ninja.parser import Parser

from dataflows.api import errors
from dataflows.api.errors import ApiError

JSON_TYPES = ("application/json", "application/json-patch+json", "application/merge-patch+json")
UNSTORABLE = "\x00"


class StrictParser(Parser):
    """Raises ApiError, which the caller finds as the cause of ninja's own error."""

    def parse_body(self, request: HttpRequest) -> Any:
        kind = (request.content_type or "").lower()
        if kind not in JSON_TYPES and not kind.endswith("+json"):
            raise ApiError(
                "1405-400",
                "BadRequestError",
                "A valid content-type must be specified",
                remedy="Send Content-Type: application/json.",
                ours="content_type",
            )
        return parsed(request.body)


def parsed(body: bytes) -> Any:
    """Raises ApiError for what is no JSON, and for numbers and texts that cannot be stored."""
    try:
        value = json.loads(body.decode("utf-8"), parse_constant=_refuse)
        _check(value)
    except RecursionError as error:
        raise errors.malformed("The body is nested too deeply.") from error
    except UnicodeDecodeError as error:
        raise errors.malformed(f"The body is not UTF-8 (byte {error.start}).") from error
    except json.JSONDecodeError as error:
        raise errors.malformed(f"The body is not JSON: {error.msg} (line {error.lineno}).") from error
    except ValueError as error:
        # Python refuses numbers with more than 4,300 digits.
        raise errors.malformed(f"The body is not JSON: {error}.") from error
    return value


def _refuse(name: str) -> NoReturn:
    raise errors.malformed(f"{name} is no JSON number.")


def _check(value: Any) -> None:
    """Texts with NUL or half a character cannot be stored."""
    if isinstance(value, str):
        check_text(value)
    elif isinstance(value, dict):
        for name, inner in value.items():
            check_text(name)
            _check(inner)
    elif isinstance(value, list):
        for inner in value:
            _check(inner)


def check_text(text: str) -> None:
    if UNSTORABLE in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise errors.malformed("A text contains NUL or half of a surrogate pair.")
