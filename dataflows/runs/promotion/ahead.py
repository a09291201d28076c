"""Work ahead in a thread: decompressing, reading and filtering leave the interpreter lock to the decoder."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")
LOOK_AGAIN_SECONDS = 0.1


@contextmanager
def ahead(items: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """The same items, up to ``most`` of them made before they are asked for.

    What making them raises is raised where the item would have come. The thread has ended when the block has.
    """
    belt: _Belt[Item] = _Belt(items, most)
    thread = threading.Thread(target=belt.work, name="ahead", daemon=True)
    thread.start()
    try:
        yield belt.take()
    finally:
        belt.over.set()
        thread.join()


@dataclass(frozen=True)
class _Made(Generic[Item]):
    item: Item


@dataclass(frozen=True)
class _End:
    """``error`` is why there are no more items, ``None`` when all were made."""

    error: BaseException | None = None


class _Belt(Generic[Item]):
    """From the thread that makes items to the one that takes them."""

    def __init__(self, items: Iterable[Item], most: int) -> None:
        self._items = items
        self._queue: queue.Queue[_Made[Item] | _End] = queue.Queue(most)
        self.over = threading.Event()

    def work(self) -> None:
        try:
            for item in self._items:
                if not self._put(_Made(item)):
                    return
            self._put(_End())
        except BaseException as error:  # handed over, not swallowed: ``take`` raises it
            self._put(_End(error))

    def _put(self, what: _Made[Item] | _End) -> bool:
        """Wait for room; false when nobody takes any more."""
        while not self.over.is_set():
            try:
                self._queue.put(what, timeout=LOOK_AGAIN_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def take(self) -> Iterator[Item]:
        while isinstance(what := self._queue.get(), _Made):
            yield what.item
        if what.error is not None:
            raise what.error
