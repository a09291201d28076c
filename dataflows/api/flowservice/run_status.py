"""The statuses of runs in AEP's words."""

from __future__ import annotations

from collections.abc import Mapping

from dataflows.models import RunStatus

WORDS: Mapping[str, tuple[RunStatus, ...]] = {
    "scheduled": (RunStatus.QUEUED,),
    "inProgress": (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLING),
    "success": (RunStatus.SUCCEEDED,),
    "partialSuccess": (RunStatus.PARTIAL,),
    "failed": (RunStatus.FAILED, RunStatus.CANCELLED),
}
OF_STATUS = {status: word for word, statuses in WORDS.items() for status in statuses}


def status_of(status: str) -> str:
    """A cancelled run counts as failed, for AEP knows no other word; its error says that it was cancelled."""
    return OF_STATUS[RunStatus(status)]
