"""Regular expressions, by RE2: its time grows with the text and never explodes, so no pattern can stop a run.

Adobe's are Java's. What RE2 has not (looking around, repeating an earlier group) is refused with the reason.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import re2

from dataflows.mapping.language.values import failed

LONGEST = 1000
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 4 << 20
LOOKING = ("(?=", "(?!", "(?<=", "(?<!")


def problem(pattern: str) -> str:
    """Why a pattern cannot be used, "" if it can."""
    try:
        compiled(pattern)
    except PatternInvalid as error:
        return str(error)
    return ""


class PatternInvalid(ValueError):
    """The message is a sentence for the reader."""


@lru_cache(maxsize=512)
def compiled(pattern: str) -> Any:
    """The pattern made ready. Raises PatternInvalid."""
    if len(pattern) > LONGEST:
        raise PatternInvalid(f"A regular expression has at most {LONGEST} characters.")
    if any(sign in pattern for sign in LOOKING):
        raise PatternInvalid("Looking ahead or behind, (?=…) and the like, is not available: it could take forever.")
    try:
        return re2.compile(java(pattern), _OPTIONS)
    except (re2.error, UnicodeEncodeError) as error:
        raise PatternInvalid(f"The regular expression cannot be used: {_words(error)}.") from None


def java(pattern: str) -> str:
    """Java writes named groups ``(?<name>…)``, RE2 also knows that; ``\\Z`` is Java's name for the end."""
    return pattern.replace("\\Z", "\\z")


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)


def matches(text: str, pattern: str) -> bool:
    """Whether the whole text matches. Raises CastError for a pattern that cannot be used, or half a character."""
    return _run("fullmatch", text, pattern) is not None


def groups(text: str, pattern: str) -> list[str | None]:
    """The first match, then its groups; nothing if there is none."""
    found = _run("search", text, pattern)
    return [] if found is None else [found.group(0), *found.groups()]


def split(text: str, pattern: str) -> list[str]:
    """The parts between matches, as Java's split: empty parts at the end are left out."""
    ready = _ready(pattern)
    try:
        parts, start = [], 0
        for found in ready.finditer(text):
            if found.end() > found.start():
                parts.append(text[start : found.start()])
                start = found.end()
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None
    parts.append(text[start:])
    while len(parts) > 1 and not parts[-1]:
        parts.pop()
    return parts


def _run(method: str, text: str, pattern: str) -> Any:
    try:
        return getattr(_ready(pattern), method)(text)
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None


def _ready(pattern: str) -> Any:
    try:
        return compiled(pattern)
    except PatternInvalid as error:
        raise failed(str(error)) from None
