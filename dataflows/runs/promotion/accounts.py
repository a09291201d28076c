"""The account of a day: every record that came has one fate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


class Unbalanced(Exception):
    """The accounting of a day does not add up: a defect, and reason enough to publish nothing."""


@dataclass(frozen=True)
class DayAccount:
    """received = loaded + duplicate + rejected + filtered, or it cannot be made.

    ``anonymous`` of the records have no insert id, ``conflicting`` of the duplicates differ from the copy that stays
    in a value that the dataset keeps. ``undated`` of the rejected have no time, or one outside of what was asked for.
    """

    day: date
    received: int
    loaded: int
    duplicate: int
    rejected: int
    filtered: int = 0
    anonymous: int = 0
    conflicting: int = 0
    undated: int = 0

    def __post_init__(self) -> None:
        if self.received != self.loaded + self.duplicate + self.rejected + self.filtered:
            raise Unbalanced(str(self))

    def rejected_share(self) -> Decimal:
        """Percent of the received records."""
        return Decimal(100 * self.rejected) / self.received if self.received else Decimal(0)
