"""What the sample has sent, so that an accounting of what arrived can be held against it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import date
from typing import Any


class ServedLedger:
    """Requests and lines per project. Safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.reset()

    def reset(self) -> None:
        with self._lock:
            self._requests = 0
            self._lines: dict[str, int] = {}
            self._days: dict[str, dict[str, int]] = {}

    def count_request(self) -> None:
        """An export request was accepted (it may still break while its body is sent)."""
        with self._lock:
            self._requests += 1

    def count_lines(self, project_id: str, days: Mapping[date, int], *, full: bool) -> None:
        """A body without ``limit`` was sent to its end; ``full`` says that no event filter cut its days."""
        with self._lock:
            self._lines[project_id] = self._lines.get(project_id, 0) + sum(days.values())
            if full:
                kept = self._days.setdefault(project_id, {})
                kept.update({day.isoformat(): lines for day, lines in days.items()})

    def snapshot(self) -> dict[str, Any]:
        """``{"requests", "lines", "by_project": {id: {"lines", "days": {day: lines of its last full export}}}}``."""
        with self._lock:
            by_project = {
                project_id: {"lines": lines, "days": dict(self._days.get(project_id, {}))}
                for project_id, lines in self._lines.items()
            }
            return {"requests": self._requests, "lines": sum(self._lines.values()), "by_project": by_project}
