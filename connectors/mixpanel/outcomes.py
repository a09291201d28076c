"""What an answer of Mixpanel means, as tables: refusals by status and text, and how a 200 body ended.

Neither the status nor the text alone is enough: invalid credentials come as 401 and as 400 (airbyte#25954), a
timeout comes as 400 (tap-mixpanel's tests), and a 200 may have been aborted half way (mixpanel-utils#5).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from itertools import accumulate

from connectors import errors
from connectors.errors import Announced, ConnectorError

QUOTED_TEXT = 300
LONGEST_WAIT = 3600.0
HOUR = 3600
HTML = re.compile(r"\s*(<!doctype html|<html|<head|<body|<\?xml)", re.IGNORECASE)
TITLE = re.compile(r"<title[^>]*>(.*?)</title>", re.IGNORECASE | re.DOTALL)
TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Refusal:
    """One row: a status (``None``: any) and a pattern in the text (``None``: any) mean ``error``."""

    status: int | None
    text: str | None
    error: type[ConnectorError]

    def fits(self, status: int | None, body: str) -> bool:
        if self.status is not None and self.status != status:
            return False
        return self.text is None or re.search(self.text, body, re.IGNORECASE) is not None


AUTHENTICATION = r"unable to authenticate|authentication (failed|required)|invalid credentials|not authenticated"
NO_PROJECT = r"(unknown|invalid|no such) project\b|project\b.{0,40}\b(not found|does not exist)"
HISTORY = r"date range exceeds .{1,20} days"

# The first row that fits decides.
REFUSALS: tuple[Refusal, ...] = (
    Refusal(400, r"to_date cannot be later than today", errors.FutureDay),
    Refusal(400, AUTHENTICATION, errors.BadCredentials),
    Refusal(400, r"timeout error", errors.ExportTimeout),
    Refusal(400, HISTORY, errors.HistoryGate),
    Refusal(400, NO_PROJECT, errors.UnknownProject),
    Refusal(400, None, errors.BadRequest),
    Refusal(401, None, errors.BadCredentials),
    Refusal(402, None, errors.PlanForbids),
    Refusal(403, HISTORY, errors.HistoryGate),
    # Mixpanel's APIs never answer in HTML: a firewall or an egress proxy did (mixpanel-php#77).
    Refusal(403, HTML.pattern, errors.ServiceDown),
    Refusal(403, None, errors.NoProjectAccess),
    Refusal(404, NO_PROJECT, errors.UnknownProject),
    Refusal(404, None, errors.BadRequest),
    Refusal(407, None, errors.Unreachable),
    Refusal(408, None, errors.ExportTimeout),
    Refusal(413, None, errors.BadRequest),
    Refusal(429, r"requests in progress|running concurrently", errors.TooManyAtOnce),
    Refusal(429, None, errors.RateLimited),
)

# A 200 of the Query API that only holds an ``error`` carries no status to go by.
REFUSALS_BY_TEXT: tuple[Refusal, ...] = (
    Refusal(None, AUTHENTICATION, errors.BadCredentials),
    Refusal(None, r"plan does not allow", errors.PlanForbids),
    Refusal(None, HISTORY, errors.HistoryGate),
    Refusal(None, r"rate limit|too many .{0,20}requests", errors.RateLimited),
    Refusal(None, r"timeout error|timed out", errors.ExportTimeout),
    Refusal(None, NO_PROJECT, errors.UnknownProject),
    Refusal(None, r"to_date cannot be later than today", errors.FutureDay),
)


def classify(status: int, body: str, headers: Mapping[str, str]) -> ConnectorError:
    """The error behind a status other than 200. ``body`` is the beginning of the answer, free of secrets."""
    kind = _kind(status, body)
    wait = retry_after(headers) if issubclass(kind, errors.Retry) else None
    detail = f"HTTP {status}: {said(body)}" if body.strip() else f"HTTP {status} without any text"
    error = kind(detail, status=status, retry_after=wait)
    error.announced = announced(headers)
    return error


def _kind(status: int, body: str) -> type[ConnectorError]:
    for row in REFUSALS:
        if row.fits(status, body):
            return row.error
    # 5xx, and a success other than 200, which no API of Mixpanel documents: something between us answered.
    return errors.ServiceDown if status >= 500 or status < 300 else errors.BadRequest


def error_in(answer: object) -> ConnectorError | None:
    """The error that a JSON answer with status 200 reports, if it does."""
    if not isinstance(answer, dict) or not isinstance(answer.get("error"), str):
        return None
    text = answer["error"]
    kind = next((row.error for row in REFUSALS_BY_TEXT if row.fits(None, text)), errors.BadRequest)
    return kind(f"HTTP 200 with an error: {said(text)}", status=200)


def said(body: str) -> str:
    """What the other side said, on one line: the ``error`` of a JSON answer, the title of an HTML page, or the text."""
    text = _error_text(body)
    if HTML.match(text):
        title = TITLE.search(text)
        text = "an HTML page: " + (title.group(1) if title else TAG.sub(" ", text))
    text = " ".join(storable(text).split())
    return text if len(text) <= QUOTED_TEXT else text[: QUOTED_TEXT - 1] + "…"


def storable(text: str) -> str:
    """Without what a database refuses: NUL and half surrogate pairs, which the JSON of an answer may spell."""
    return text.encode("utf-8", "replace").decode().replace("\x00", " ")


def _error_text(body: str) -> str:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return body
    error = answer.get("error") if isinstance(answer, dict) else None
    return error if isinstance(error, str) and error else body


# --- how long to wait ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class RatePolicy:
    """One limit the server announces: ``quota`` requests per ``window`` seconds (``None``: at the same time)."""

    quota: int
    window: int | None


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait as ``Retry-After`` (number or date) or ``RateLimit`` say, at most an hour; ``None``: unsaid."""
    given = {name.lower(): value for name, value in headers.items()}
    wait = _seconds(given.get("retry-after", ""), given.get("date", ""))
    if wait is None:
        wait = _reset(given.get("ratelimit", ""))
    return None if wait is None else min(max(wait, 0.0), LONGEST_WAIT)


def _seconds(text: str, sent: str) -> float | None:
    try:
        seconds = float(text)
    except ValueError:
        return _until(text, sent)
    return seconds if math.isfinite(seconds) else None


def _until(text: str, sent: str) -> float | None:
    """Both dates come from the same server, so a wrong clock over here does not matter."""
    try:
        return (parsedate_to_datetime(text) - parsedate_to_datetime(sent)).total_seconds()
    except (TypeError, ValueError):
        return None


def _reset(text: str) -> float | None:
    """The longest ``t=`` of the limits that are used up (``r=0``), as in ``"project";r=0;t=3600``."""
    waits = [float(numbers["t"]) for numbers in _limits(text).values() if "t" in numbers and numbers.get("r", 0) == 0]
    return max(waits, default=None)


def rate_policy(headers: Mapping[str, str]) -> dict[str, RatePolicy]:
    """The limits in ``RateLimit-Policy`` by name; Mixpanel raises them per project, so they are worth reading."""
    text = next((value for name, value in headers.items() if name.lower() == "ratelimit-policy"), "")
    return {
        name: RatePolicy(numbers["q"], numbers.get("w")) for name, numbers in _limits(text).items() if "q" in numbers
    }


def announced(headers: Mapping[str, str]) -> Announced | None:
    """The limits of the project as the headers tell them; ``None`` when they tell nothing."""
    policies = rate_policy(headers)
    if not policies:
        return None
    hourly = next(((name, each.quota) for name, each in policies.items() if each.window == HOUR), None)
    together = next((each.quota for each in policies.values() if each.window is None), None)
    text = next((value for name, value in headers.items() if name.lower() == "ratelimit"), "")
    rest = _limits(text).get(hourly[0], {}) if hourly else {}
    return Announced(hourly[1] if hourly else None, together, rest.get("r"), rest.get("t"))


def _limits(text: str) -> dict[str, dict[str, int]]:
    """``"a";r=0;t=9, "b";r=3`` → ``{"a": {"r": 0, "t": 9}, "b": {"r": 3}}``."""
    limits = {}
    for item in text.split(","):
        name, _, rest = item.strip().partition(";")
        limits[name.strip('" ')] = {key: int(number) for key, number in re.findall(r"\b([a-z])=(\d{1,9})\b", rest)}
    return limits


# --- how a 200 ended ----------------------------------------------------------------------------------------


class Ending(Enum):
    """How the body of a 200 ended. Only ``COMPLETE`` and ``EMPTY`` may be read."""

    COMPLETE = "complete"
    EMPTY = "empty"
    TERMINATED = "terminated"
    ERROR_TEXT = "error_text"
    CUT = "cut"
    PAGE = "page"
    NOT_A_RECORD = "not_a_record"


MARKER = b"terminated early"
ERROR_FRAGMENT = b'{"error":'
PAGE = re.compile(rb"^\s*<(!doctype html|html|head|body)", re.IGNORECASE | re.MULTILINE)
TEXT = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
SIGN = re.compile(rb"[{}\[\]]")

WORDS: Mapping[Ending, str] = {
    Ending.TERMINATED: "Mixpanel stopped the export half way and wrote “terminated early” at its end",
    Ending.ERROR_TEXT: "Mixpanel stopped the export half way and wrote an error at its end",
    Ending.CUT: "the export ends in the middle of a record",
    Ending.PAGE: "the answer ends as a web page: a proxy or a firewall answered in Mixpanel's place",
    Ending.NOT_A_RECORD: "the last line of the export is not an event",
}


def ending(tail: bytes) -> Ending:
    """How a body ended whose last line that is not blank is ``tail`` (b"": there is no such line).

    Judged by whether the tail is a whole event, never by comparing strings: the marker may be glued to a cut record
    and may as well stand inside a property of a good one.
    """
    if not tail.strip():
        return Ending.EMPTY
    try:
        # Only the shape matters: raw control characters or endless digits make a record odd, not incomplete.
        parsed = json.loads(tail.decode("utf-8", "replace"), strict=False, parse_int=float)
    except RecursionError:
        return Ending.COMPLETE if _closes(tail) else _broken(tail)
    except ValueError:
        return _broken(tail)
    if isinstance(parsed, dict) and isinstance(parsed.get("event"), str) and isinstance(parsed.get("properties"), dict):
        return Ending.COMPLETE
    return Ending.ERROR_TEXT if isinstance(parsed, dict) and "error" in parsed else Ending.NOT_A_RECORD


def _broken(tail: bytes) -> Ending:
    if tail.rstrip().endswith(MARKER):
        return Ending.TERMINATED
    if ERROR_FRAGMENT in tail.replace(b" ", b""):
        return Ending.ERROR_TEXT
    if tail.lstrip().startswith(b"<"):
        return Ending.PAGE
    return Ending.CUT if tail.lstrip().startswith(b"{") else Ending.NOT_A_RECORD


def _closes(tail: bytes) -> bool:
    """Whether an object that is nested too deep to be parsed ends exactly where the line does.

    It cannot be loaded, but it is no sign of a cut: without this it would make its day incomplete for ever.
    """
    signs = SIGN.findall(TEXT.sub(b"", tail))
    depths = list(accumulate(1 if sign in b"{[" else -1 for sign in signs))
    whole = tail.lstrip().startswith(b"{") and tail.rstrip().endswith(b"}")
    return whole and depths[-1] == 0 and 0 not in depths[:-1]


def incomplete(how: Ending, tail: bytes, text: bytes = b"") -> errors.IncompleteExport:
    """The error for an ending that is not good; ``text`` is what is known of the body before and with its ``tail``.

    Its detail quotes the server's own words, never event data.
    """
    detail = f"{WORDS[how]} (last line: {len(tail):,} bytes)"
    if how is Ending.ERROR_TEXT:
        detail += ": " + said(_from_error(tail))
    if how is Ending.PAGE and (page := PAGE.search(text)):
        detail += ": " + said(text[page.start() :].decode("utf-8", "replace"))
    return errors.IncompleteExport(detail, status=200)


def _from_error(tail: bytes) -> str:
    text = tail.decode("utf-8", "replace")
    return text[max(0, text.rfind("{", 0, text.rfind('"error"'))) :]
