"""Work ahead in a thread: decompressing, reading and filtering leave the interpreter lock to the decoder."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
LOOK_AGAIN_SECONDS = 0.1


@contextmanager
def ahead(items: Iterable[Item], most: int) -> Iterator[Iterator[Item]]:
    """The same items, up to ``most`` of them made before they are asked for.

    What making them raises is raised where the item would have come. The thread has ended when the block has.
    """
    made: queue.Queue[tuple[bool, Item | BaseException | None]] = queue.Queue(most)
    over = threading.Event()

    def put(is_item: bool, what: Item | BaseException | None) -> bool:
        while not over.is_set():
            try:
                made.put((is_item, what), timeout=LOOK_AGAIN_SECONDS)
                return True
            except queue.Full:
                continue
        return False

    def work() -> None:
        try:
            for item in items:
                if not put(True, item):
                    return
            put(False, None)
        except BaseException as error:  # handed over, not swallowed: it is raised by ``take``
            put(False, error)

    def take() -> Iterator[Item]:
        while True:
            is_item, what = made.get()
            if is_item:
                yield what  # type: ignore[misc]  # an item, which may itself be None
            elif what is None:
                return
            else:
                raise what  # type: ignore[misc]

    thread = threading.Thread(target=work, name="ahead", daemon=True)
    thread.start()
    try:
        yield take()
    finally:
        over.set()
        thread.join()
