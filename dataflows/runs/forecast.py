"""How long planned windows will take: the rolling hour of the rate budget played through. Pure."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dataflows.runs.planner import PlannedWindow

HOUR = timedelta(hours=1)
# Until earlier windows tell: Mixpanel begins to answer after some seconds, and a worker reads so many events a second.
ANSWER_SECONDS = 15.0
EVENTS_PER_SECOND = 20_000.0
UNKNOWN_EVENTS = 100_000


@dataclass(frozen=True)
class Pace:
    """What a window takes: seconds until Mixpanel answers, then events a second."""

    answer_seconds: float = ANSWER_SECONDS
    events_per_second: float = EVENTS_PER_SECOND

    def of(self, window: PlannedWindow) -> timedelta:
        events = UNKNOWN_EVENTS if window.events is None else window.events
        return timedelta(seconds=self.answer_seconds + events / self.events_per_second)


@dataclass(frozen=True)
class Allowance:
    """``hourly`` requests in any hour; ``sent`` are the times of those of the last hour, by anybody."""

    hourly: int
    sent: Sequence[datetime]
    at_once: int


@dataclass(frozen=True)
class Forecast:
    """``events`` is ``None`` when nothing is known about any day; ``waits`` for the budget between the requests."""

    requests: int
    events: int | None
    finish: datetime
    duration: timedelta
    waits: bool


def forecast(windows: Sequence[PlannedWindow], allowance: Allowance, pace: Pace, *, now: datetime) -> Forecast:
    """Send each request as soon as a worker and the budget are free; the last answer to be read is the end."""
    sent = sorted(allowance.sent)
    free = [now] * max(1, allowance.at_once)
    finish, waits = now, False
    for window in windows:
        ready = heapq.heappop(free)
        start = _sendable(sent, allowance.hourly, ready)
        waits = waits or start > ready
        sent.append(start)
        finish = max(finish, start + pace.of(window))
        heapq.heappush(free, start + pace.of(window))
    known = [window.events for window in windows if window.events is not None]
    return Forecast(len(windows), sum(known) if known else None, finish, finish - now, waits)


def _sendable(sent: Sequence[datetime], hourly: int, ready: datetime) -> datetime:
    """When one more may be sent: the one that came ``hourly`` before it must have left the hour. ``sent`` grows."""
    limit = max(1, hourly)
    return max(ready, sent[-limit] + HOUR) if len(sent) >= limit else ready
