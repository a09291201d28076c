"""What a person has to confirm before a mapping is used: rows whose values mostly do not fit."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dataflows.mapper.fitting import Fit
from dataflows.mapper.rows import EditedRow

FIELD = "confirmed"
"""The name of the box; it is sent with the ``token`` of what was read beside it."""


@dataclass(frozen=True)
class Doubt:
    """A row that is probably a mistake; ``number`` counts from 0."""

    number: int
    row: EditedRow
    fit: Fit

    @property
    def warnings(self) -> list[str]:
        return self.fit.warnings


@dataclass(frozen=True)
class Question:
    """The rows in doubt. Who confirms them has not confirmed others, so the answer names them."""

    doubts: Sequence[Doubt]

    @property
    def token(self) -> str:
        """ "" when there is nothing to confirm."""
        named = [(doubt.row.source_type, doubt.row.source, doubt.row.destination) for doubt in self.doubts]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()[:16] if named else ""

    def is_answered(self, sent: Mapping[str, Any]) -> bool:
        return not self.doubts or sent.get(FIELD) == self.token


def question(rows: Sequence[EditedRow], fits: Mapping[int, Fit]) -> Question:
    """What has to be confirmed of these rows; ``fits`` by the number of the row."""
    return Question([Doubt(number, rows[number], fit) for number, fit in sorted(fits.items()) if fit.is_poor])
