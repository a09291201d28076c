"""Functions with regular expressions."""

from __future__ import annotations

from typing import Any

from dataflows.mapping.language import patterns
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ARRAY, BOOLEAN, SCALAR
from dataflows.mapping.language.values import text

CATEGORY = "Regular expression"
INPUT = Parameter("string", SCALAR, "The text.")
REGEX = Parameter("regex", SCALAR, "The expression; a backslash in it is written twice only in JSON.")


def extract_regex(given: Any, pattern: Any) -> list[str | None]:
    return patterns.groups(text(given), text(pattern))


def matches_regex(given: Any, pattern: Any) -> bool:
    return patterns.matches(text(given), text(pattern))


FUNCTIONS = (
    Function("extract_regex", CATEGORY, "The first match and its groups; an empty array if nothing matches.",
        (INPUT, REGEX), ARRAY,
        (Example('extract_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")',
            ["E259,E259B_009,1_1", "E259", "1_1"]),), extract_regex, checks={1: patterns.problem}),
    Function("matches_regex", CATEGORY, "Whether the whole text matches.", (INPUT, REGEX), BOOLEAN,
        (Example('matches_regex("E259,E259B_009,1_1", "([^,]+),[^,]*,([^,]+)")', True),
         Example('matches_regex("ann@example.com", "[^@\\\\s]+@[^@\\\\s]+")', True)),
        matches_regex, checks={1: patterns.problem}),
)  # fmt: skip
