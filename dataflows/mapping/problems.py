"""What can be wrong with a mapping before any record is seen, and with a record afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Code(StrEnum):
    """Why a mapping does not fit its schema."""

    SOURCE_TYPE_UNKNOWN = "source_type_unknown"
    EXPRESSION_INVALID = "expression_invalid"
    EXPRESSION_VARIES = "expression_varies"
    IDENTIFIER_FIXED = "identifier_fixed"
    SOURCE_PATH_INVALID = "source_path_invalid"
    SOURCE_TOO_LONG = "source_too_long"
    SOURCE_UNKNOWN = "source_unknown"
    TARGET_PATH_INVALID = "target_path_invalid"
    TARGET_UNKNOWN = "target_unknown"
    TARGET_IN_ARRAY = "target_in_array"
    TARGET_TWICE = "target_twice"
    TARGET_OVERLAPS = "target_overlaps"
    TARGET_IS_OBJECT = "target_is_object"
    TARGET_TYPE = "target_type"
    STATIC_INVALID = "static_invalid"
    REQUIRED_UNMAPPED = "required_unmapped"


class Refusal(StrEnum):
    """Why a record cannot be loaded, or (MAPPER only) why one of its values was left out.

    The first three are the codes that Adobe's error diagnostics use (partial batch ingestion page). Adobe
    publishes none for a value outside an enumeration; the last is ours, in the same format.
    """

    UNPARSABLE = "INGEST-1401-400"
    REQUIRED = "INGEST-1555-400"
    TRANSFORM = "MAPPER-3700-400"
    ENUM = "INGEST-1106-400"


@dataclass(frozen=True)
class Problem:
    """``row`` counts mapping rows from 0 and is -1 when it is the mapping as a whole.

    ``field`` is the part of the row to mark: "source", "destination" or "". ``message`` counts rows from 1, as the
    pages do; ``other`` is a second row that it speaks of, from 0 like ``row``.
    """

    row: int
    field: str
    code: Code
    message: str
    remedy: str
    other: int | None = None

    @property
    def in_json(self) -> str:
        """The message for whoever sent the rows as JSON, where they count from 0."""
        if self.other is None:
            return self.message
        return self.message.replace(in_words(self.other), f"mappings[{self.other}]")


def in_words(row: int) -> str:
    return f"row {row + 1}"


class Refused(Exception):
    """Why one part of a mapping row cannot be; as in Problem, without the row's number."""

    def __init__(self, field: str, code: Code, message: str, remedy: str) -> None:
        super().__init__(message)
        self.field, self.code, self.message, self.remedy = field, code, message, remedy


class MappingInvalid(Exception):
    """All problems of a mapping at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Rejected:
    """A record that cannot be loaded.

    ``line`` counts the export's records as given to the plan, ``raw`` is the line without its newline,
    ``field`` the source field or target path to look at, ``day`` the UTC reading of the raw time if it has one.
    """

    line: int
    raw: bytes
    code: str
    field: str
    message: str
    day: date | None
