"""The contracts between the product and the outside world.

A source hands over landed files, a target takes Arrow batches: the hot path is columnar and never
builds one Python object per record where it can be avoided.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol

from connectors.errors import Announced

Record = dict[str, Any]
"""One event as Mixpanel sends it: ``{"event": str, "properties": {...}}``."""

Progress = Callable[[int], None]
"""Called with the number of bytes received so far."""

Spend = Callable[[str], AbstractContextManager[object]]
"""Announces one export request, named by its purpose, to the rate budget: ``with spend("connection test"): …``.
Entering raises BudgetEmpty when nothing is free; a ConnectorError leaving the block is what became of the request."""

BudgetLeft = Callable[[], tuple[int, int]]
"""Export requests of the last hour and the limit, ``(used, limit)``."""


class StepState(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckStep:
    """One line of a connection test.

    ``title`` is what was tried, ``detail`` what was seen, ``remedy`` what to do about it
    (empty when all is well), ``code`` the error code behind a failure.
    """

    slug: str
    title: str
    state: StepState
    detail: str = ""
    remedy: str = ""
    code: str = ""


@dataclass(frozen=True)
class Project:
    """A project the credentials can see.

    ``timezone`` is the name the service gives (IANA style) or "" when unknown; ``domain`` is the web host on
    which the project lives (``eu.mixpanel.com``), which tells its region, or "" when unknown.
    """

    id: str
    name: str
    timezone: str = ""
    organization: str = ""
    domain: str = ""


@dataclass(frozen=True)
class DayRange:
    """Whole days, both ends inclusive, as ``from_date`` and ``to_date`` are."""

    first: date
    last: date


@dataclass(frozen=True)
class Landed:
    """A response body as received, in the landing zone. ``key`` ends in ``.gz`` if it is gzip.

    ``announced`` are the rate limits in its headers.
    """

    key: str
    size: int
    status: int
    empty: bool
    announced: Announced | None = None


class LandingWriter(Protocol):
    """An object under construction: it exists under its key only after ``commit``."""

    def write(self, chunk: bytes) -> None: ...
    def commit(self) -> int: ...
    def abort(self) -> None: ...


class LandingZone(Protocol):
    """Raw responses as received. Raises LandingUnavailable or StorageFull."""

    def create(self, key: str) -> LandingWriter: ...
    def open(self, key: str) -> Any: ...
    def size(self, key: str) -> int: ...
    def delete(self, key: str) -> None: ...


class Source(Protocol):
    """An outside service that holds events. Methods raise ConnectorError."""

    def check(
        self, project_id: str, *, timezone: str = "", now: datetime, spend: Spend, budget_left: BudgetLeft
    ) -> Iterator[CheckStep]:
        """Test the connection step by step; failures are steps, not exceptions."""

    def projects(self) -> list[Project]: ...

    def event_names(self, project_id: str) -> list[str]: ...

    def sample(self, project_id: str, days: DayRange, limit: int) -> list[Record]:
        """At most ``limit`` records of ``days``, for a preview. Costs one export request."""

    def copy(self, project_id: str, days: DayRange, landing: LandingZone, key: str, progress: Progress) -> Landed:
        """Land one export as received. ``key`` comes without suffix. Costs one export request."""

    def abort(self) -> None:
        """End what waits for an answer in another thread, at once; it raises ConnectionCut or Unreachable there."""

    def close(self) -> None:
        """Give connections back."""

    def blocks(self, landing: LandingZone, landed_key: str) -> Iterator[bytes]:
        """What was landed, decompressed, in blocks of whole lines, about 1 MiB each.

        Only when the iterator ends without IncompleteExport was the export complete: whatever it yielded before
        raising must not be published.
        """
