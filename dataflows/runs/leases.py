"""A lease on a window, kept alive by a thread while its worker waits for bytes or crunches blocks."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from types import TracebackType

from django.db import Error as DatabaseFailure
from django.db import connection

from connectors.lake import LeaseLost
from dataflows.models import Window

logger = logging.getLogger(__name__)

HEARTBEAT_SECONDS = 2.0


class Lease:
    """Renews the window's lease and writes its progress until the block ends.

    ``bytes_done`` and ``events_done`` are set by the work and written with each renewal. A lease is lost when
    another worker took the window, the run is being cancelled, or the database was away for too long.
    """

    def __init__(self, window: Window, *, seconds: float, clock: Callable[[], datetime]) -> None:
        self.window, self.length, self.clock = window, timedelta(seconds=seconds), clock
        self.bytes_done, self.events_done = window.bytes_done, window.events_done
        self._lost, self._over = threading.Event(), threading.Event()
        self._when_lost: list[Callable[[], None]] = []
        self._safe_until = clock() + self.length
        self._thread = threading.Thread(target=self._keep, name=f"lease-{window.pk}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    @property
    def is_lost(self) -> bool:
        return self._lost.is_set()

    def when_lost(self, do: Callable[[], None]) -> None:
        """Call ``do`` from the lease's thread as soon as the work must stop: it may be waiting for somebody silent."""
        self._when_lost.append(do)

    def check(self) -> None:
        """Raises LeaseLost when the work must stop."""
        if self._lost.is_set():
            raise LeaseLost(f"window {self.window.pk}")

    def still_mine(self) -> bool:
        """Ask the database, not the thread: the last question before a commit."""
        return not self._lost.is_set() and self._renew()

    def _keep(self) -> None:
        pause = min(HEARTBEAT_SECONDS, self.length.total_seconds() / 3)
        try:
            while not self._over.wait(pause) and not self._lost.is_set():
                self._beat()
        finally:
            connection.close()

    def _beat(self) -> None:
        try:
            alive = self._renew()
        except DatabaseFailure:
            # A broken connection would fail each time; without one the next beat opens another.
            connection.close()
            logger.warning("window %s: lease not renewed, database away", self.window.pk, exc_info=True)
            alive = self.clock() < self._safe_until
        if not alive:
            self._lost.set()
            for do in self._when_lost:
                do()

    def _renew(self) -> bool:
        now = self.clock()
        progress = {"bytes_done": self.bytes_done, "events_done": self.events_done}
        alive = self.window.renew(now=now, lease=self.length, **progress)
        if alive:
            self._safe_until = now + self.length
        return alive
