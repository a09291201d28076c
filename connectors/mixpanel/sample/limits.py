"""Mixpanel's rate limits: rolling hour, rolling second and requests at the same time, per project.

Raw export: 60 an hour, 3 a second, 100 at once (raw export API page). Query API: 60 an hour, 5 at once.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """How many requests a project may make; ``per_second`` 0 means that there is no such limit."""

    hourly: int
    per_second: int
    concurrent: int


EXPORT_LIMITS = Limits(hourly=60, per_second=3, concurrent=100)
QUERY_LIMITS = Limits(hourly=60, per_second=0, concurrent=5)


@dataclass(frozen=True)
class Refusal:
    """``rule`` is the broken limit in Mixpanel's words, ``retry_after`` is in whole seconds."""

    rule: str
    retry_after: int
    concurrency: bool = False


class RateLimiter:
    """Counts requests per project. A refused request is not counted. ``clock`` gives monotonic seconds."""

    def __init__(self, limits: Limits, clock: Callable[[], float] = time.monotonic) -> None:
        self.limits = limits
        self._clock = clock
        self._lock = threading.Lock()
        self._taken: dict[str, deque[float]] = {}
        self._running: dict[str, int] = {}

    def enter(self, project_id: str) -> Refusal | None:
        """Start a request, or say why not. Every request that was started must ``leave``."""
        with self._lock:
            now = self._clock()
            taken = self._recent(project_id, now)
            refusal = self._refusal(taken, self._running.get(project_id, 0), now)
            if refusal is None:
                taken.append(now)
                self._running[project_id] = self._running.get(project_id, 0) + 1
            return refusal

    def leave(self, project_id: str) -> None:
        with self._lock:
            self._running[project_id] = max(0, self._running.get(project_id, 0) - 1)

    def headers(self, project_id: str) -> dict[str, str]:
        """``RateLimit`` and ``RateLimit-Policy`` in the form that Mixpanel's Query API sends."""
        with self._lock:
            now = self._clock()
            taken = self._recent(project_id, now)
            left = max(0, self.limits.hourly - len(taken))
            reset = math.ceil(taken[0] + 3600 - now) if taken else 3600
            free = max(0, self.limits.concurrent - self._running.get(project_id, 0))
        policy = f'"project";q={self.limits.hourly};w=3600'
        together = f'"project-concurrency";q={self.limits.concurrent};qu="concurrent-requests"'
        return {
            "RateLimit-Policy": f"{policy}, {together}",
            "RateLimit": f'"project";r={left};t={reset}, "project-concurrency";r={free}',
        }

    def reset(self) -> None:
        """Forget the requests of the past; those that are running stay counted."""
        with self._lock:
            self._taken.clear()

    def _recent(self, project_id: str, now: float) -> deque[float]:
        taken = self._taken.setdefault(project_id, deque())
        while taken and taken[0] <= now - 3600:
            taken.popleft()
        return taken

    def _refusal(self, taken: deque[float], running: int, now: float) -> Refusal | None:
        limits = self.limits
        if running >= limits.concurrent:
            rule = f"the concurrency limit ({running + 1}/{limits.concurrent} queries running concurrently)"
            return Refusal(rule, 60, concurrency=True)
        if len(taken) >= limits.hourly:
            rule = f"the rate limit ({len(taken) + 1}/{limits.hourly} queries running in the last hour)"
            return Refusal(rule, math.ceil(taken[0] + 3600 - now) if taken else 3600)
        just_now = sum(1 for moment in taken if moment > now - 1)
        if limits.per_second and just_now >= limits.per_second:
            rule = f"the rate limit ({just_now + 1}/{limits.per_second} queries running in the last second)"
            return Refusal(rule, 1)
        return None
