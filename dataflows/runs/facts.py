"""What the expressions of a mapping may know of the run they are computed in."""

from __future__ import annotations

from datetime import datetime

from dataflows.mapping import BoundMapping, RunFacts
from dataflows.models import HashKey


def facts_of(bound: BoundMapping, moment: datetime) -> RunFacts:
    """``moment`` is what now() gives. The key is read only for a mapping that hashes with it.

    Raises SecretUnreadable.
    """
    return RunFacts(moment, HashKey.current() if bound.is_keyed else b"")
