"""Source fields that Tributary offers beside Mixpanel's own, under ``tributary.``: an id and a true instant.

Mixpanel has neither: the same ``$insert_id`` may come with different events, and ``time`` may be wall clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dataflows.mapping import keys
from dataflows.mapping.casts import TRUE, to_text
from dataflows.schemas import XdmType

ROOT = "tributary"
EVENT_ID = "event_id"
TIMESTAMP = "timestamp"
TIME_FLAG = "time_flag"


@dataclass(frozen=True)
class DerivedField:
    """``path`` is what a mapping row writes as its source."""

    path: str
    xdm_type: XdmType
    title: str
    description: str


FIELDS: Mapping[str, DerivedField] = {
    EVENT_ID: DerivedField(
        f"{ROOT}.{EVENT_ID}",
        XdmType.STRING,
        "Event ID",
        "SHA-256 of event, distinct_id, time and $insert_id: the same whenever the event is read again.",
    ),
    TIMESTAMP: DerivedField(
        f"{ROOT}.{TIMESTAMP}",
        XdmType.DATE_TIME,
        "True time",
        "When the event happened, UTC, whatever the project's clock.",
    ),
    TIME_FLAG: DerivedField(
        f"{ROOT}.{TIME_FLAG}",
        XdmType.STRING,
        "Time flag",
        "nonexistent_local_time or ambiguous_local_time on nights when clocks change, otherwise empty.",
    ),
}


def event_id(event: Any, distinct_id: Any, raw_time: int, insert_id: Any, line: bytes) -> str:
    """64 hex digits. Without an insert id only the whole raw line tells two records apart. Raises CastError."""
    check_parts(event, distinct_id, insert_id)
    return keys.identity(event, distinct_id, raw_time, insert_id, line)[0].hex()


def check_parts(event: Any, distinct_id: Any, insert_id: Any) -> None:
    """Raises CastError when a part that counts is an array, an object, a boolean or no valid text."""
    for part in (distinct_id, insert_id):
        if part is not None:
            to_text(part)
    if insert_id not in (None, ""):
        to_text(event)


def imported(value: Any) -> bool:
    """Whether a ``$import`` property says that the event came through the import API."""
    return value is True or (type(value) is str and value.strip().lower() in TRUE)
