"""The statuses of runs in the words of the Catalog's batches."""

from __future__ import annotations

from collections.abc import Mapping

from dataflows.models import RunStatus

WORDS: Mapping[str, tuple[RunStatus, ...]] = {
    "queued": (RunStatus.QUEUED,),
    "processing": (RunStatus.RUNNING, RunStatus.PAUSED, RunStatus.CANCELLING),
    "success": (RunStatus.SUCCEEDED, RunStatus.PARTIAL),
    "failed": (RunStatus.FAILED,),
    "aborted": (RunStatus.CANCELLED,),
}
OF_STATUS = {status: word for word, statuses in WORDS.items() for status in statuses}


def status_of(status: str) -> str:
    """A batch of which something was loaded has succeeded; how much is in its metrics."""
    return OF_STATUS[RunStatus(status)]
