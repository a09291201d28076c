"""What went wrong in a run, in words, and where its rejected records are kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from connectors.messages import MESSAGES, Message
from dataflows.messages import message_for
from dataflows.models import DayStatus, Run, RunStatus

THRESHOLD_CODE = "too_many_rejected"


@dataclass(frozen=True)
class ErrorCard:
    """``trace`` is the traceback of a defect, "" for everything that was expected to happen."""

    code: str
    message: Message
    detail: str
    trace: str = ""


def words(code: str) -> Message:
    """The message of a code; of the general one for a code that a newer version wrote."""
    try:
        return message_for(code)
    except KeyError:
        return MESSAGES["connector"]


def error_card(run: Run) -> ErrorCard | None:
    """What ended the run badly; for a partly loaded run, why days are missing."""
    if run.error_code:
        return ErrorCard(run.error_code, words(run.error_code), printable(run.error_detail), printable(run.error_trace))
    if run.status in {RunStatus.PARTIAL, RunStatus.FAILED} and (failed := _failed_days(run)):
        return ErrorCard(THRESHOLD_CODE, words(THRESHOLD_CODE), ", ".join(failed))
    return None


def rejected_files(run: Run) -> list[tuple[date, str]]:
    """Day and storage key of each file of rejected records, oldest day first."""
    return sorted(
        (date.fromisoformat(day["day"]), day["rejected_key"]) for day in _days(run) if day.get("rejected_key")
    )


def printable(text: str) -> str:
    """Text as a page can show it: bytes that were not UTF-8 become visible escapes."""
    return text.encode("utf-8", "backslashreplace").decode()


def _failed_days(run: Run) -> list[str]:
    return sorted(day["day"] for day in _days(run) if day["status"] == DayStatus.FAILED)


def _days(run: Run) -> Iterator[dict[str, Any]]:
    for days in run.windows.values_list("days", flat=True):
        yield from days
