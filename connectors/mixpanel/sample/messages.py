"""What is asked of the sample and what it answers, free of HTTP machinery."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

TEXT = "text/plain; charset=utf-8"
JSON = "application/json"


def _nothing(_complete: bool) -> None:
    """An answer that nobody waits for."""


@dataclass(frozen=True)
class Request:
    """``query`` holds the last value of each parameter, ``authorization`` the raw header or ""."""

    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    authorization: str = ""
    takes_gzip: bool = False
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """``body`` as bytes has a known length, as an iterable it is sent in chunks.

    ``done`` is called exactly once, just before the last bytes leave or when sending broke, with whether it went well.
    """

    status: int
    body: bytes | Iterable[bytes]
    content_type: str = TEXT
    headers: Mapping[str, str] = field(default_factory=dict)
    done: Callable[[bool], None] = _nothing


class Refused(Exception):
    """The request ends here with ``answer``."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


def text(status: int, message: str) -> Answer:
    return Answer(status, message.encode())


def as_json(status: int, value: Any, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, json.dumps(value, ensure_ascii=False).encode(), JSON, headers or {})


def app_error(status: int, message: str) -> Answer:
    """The error envelope of Mixpanel's App API."""
    return as_json(status, {"error": message, "status": "error"})


def query_error(request: Request, status: int, message: str) -> Answer:
    """The error envelope of Mixpanel's Query API."""
    return as_json(status, {"request": request.path, "error": message})
