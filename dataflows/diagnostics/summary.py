"""The error summary of a run in Adobe's terms: one top-level code, and how many records failed."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.messages import Message
from dataflows.diagnostics.errors import ErrorCard, words
from dataflows.diagnostics.groups import Groups
from dataflows.help.adobe import ADOBE, COPY, PROCESS
from dataflows.models import Run, WindowStatus

ERRORS_IN_DATA, DIAGNOSTICS_OFF = "INGEST-1212-400", "INGEST-1211-400"
# What can go wrong in more than one phase; without a landed answer it was the copy.
ANY_PHASE = frozenset({"internal", "worker_lost", "storage_full", "connector"})


@dataclass(frozen=True)
class Summary:
    """``code`` names the phase that failed, or says that there are errors in the data."""

    code: str
    message: Message
    failed: int
    ingested: int

    @property
    def is_about_data(self) -> bool:
        return self.code.startswith("INGEST-")


def summary(run: Run, card: ErrorCard | None, found: Groups) -> Summary | None:
    """``None`` when nothing failed, or something that Adobe has no code for."""
    code = _code(run, card, found)
    return Summary(code, words(code), found.rejected, run.loaded) if code else None


def _code(run: Run, card: ErrorCard | None, found: Groups) -> str:
    if card:
        return _phase(run, card.code)
    if not found.rejected:
        return ""
    return ERRORS_IN_DATA if run.dataflow.keeps_rejected else DIAGNOSTICS_OFF


def _phase(run: Run, code: str) -> str:
    if code in ANY_PHASE:
        ended = run.windows.filter(status=WindowStatus.FAILED, error_code=code)
        if ended.filter(landed_key="").exists():
            return COPY
        return PROCESS if code == "connector" else ADOBE[code][0]
    return next((name for name in ADOBE.get(code, ()) if name.startswith("CONNECTOR-")), "")
