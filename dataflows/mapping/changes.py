"""What differs between two versions of a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Row = Mapping[str, str]


@dataclass(frozen=True)
class Changes:
    """Rows of one version only, and pairs of rows for one target that differ; each in the order of its version."""

    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[tuple[Row, Row], ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)

    @property
    def destinations(self) -> frozenset[str]:
        """The targets that are concerned."""
        rows = [*self.added, *self.removed, *(pair[1] for pair in self.changed)]
        return frozenset(row["destination"] for row in rows)


def compare(old: Sequence[Row], new: Sequence[Row]) -> Changes:
    """By target, since a target has one row; the order of rows means nothing."""
    before = {row["destination"]: row for row in old}
    after = {row["destination"]: row for row in new}
    return Changes(
        added=tuple(row for name, row in after.items() if name not in before),
        removed=tuple(row for name, row in before.items() if name not in after),
        changed=tuple((before[name], row) for name, row in after.items() if name in before and before[name] != row),
    )
