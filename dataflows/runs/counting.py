"""What a run counted: every record that came in, by where it went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dataflows.models import DayStatus

COUNTS = ("received", "loaded", "duplicate", "rejected", "filtered")
# Good records of days that are not loaded: above the error threshold, or much smaller than what is there.
WITHHELD = "withheld"
NOT_LOADED = (DayStatus.FAILED, DayStatus.HELD)

Counts = dict[str, int]


def counted(windows: Iterable[Mapping[str, Any]]) -> Counts:
    """COUNTS and WITHHELD of ``windows`` (with ``days`` and COUNTS): received is the sum of the others."""
    found = dict.fromkeys((*COUNTS, WITHHELD), 0)
    for window in windows:
        # A window says nothing of days that were not loaded; its days do.
        for account in window["days"] or [window]:
            for name, count in of_day(account).items():
                found[name] += count
    return found


def of_day(account: Mapping[str, Any]) -> Counts:
    """COUNTS and WITHHELD of a day as ``Window.days`` has it: of one that was not loaded, nothing is loaded."""
    found = {name: int(account[name]) for name in COUNTS}
    withheld = found["loaded"] if account.get("status") in NOT_LOADED else 0
    return {**found, "loaded": found["loaded"] - withheld, WITHHELD: withheld}
