"""The last button: a complete draft becomes a dataflow, once."""

from __future__ import annotations

from datetime import datetime

from connectors.roles import User
from dataflows import tasks
from dataflows.models import Dataflow, Run
from dataflows.runs import launching
from dataflows.runs.launching import Outdated

__all__ = ["Outdated", "finish"]


def finish(draft: Dataflow, revision: int, *, by: User, now: datetime) -> Dataflow | Run:
    """Launch the draft; the answer is what to show. Raises what ``launching.launch`` raises."""
    run = launching.launch(draft, revision, by=by, now=now)
    if run is None:
        # The clock may have been faster than we were.
        return draft.runs.first() or draft
    tasks.ring(run)
    return run
