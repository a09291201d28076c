"""The embedded broker: messages as files of one machine, each of them there whole or not at all.

kombu's own transport opens a message under the name that workers look for and fills it then, and moves it to a folder
that may lie on another disk before it reads it. A worker that looks in between finds half a message and ends.
"""

from __future__ import annotations

import logging
import os
import uuid
from contextlib import suppress
from pathlib import Path
from queue import Empty
from time import monotonic
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps, loads

logger = logging.getLogger(__name__)


class Channel(filesystem.Channel):
    """What is being written or read has a hidden name; only whole messages have the name of their queue."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # as kombu's own
        # The names sort by age; kombu's do so only while their numbers have the same count of digits.
        name = f"{round(monotonic() * 1000):015d}_{uuid.uuid4()}.{queue}.msg"
        folder = Path(self.data_folder_out)
        hidden = _hidden(folder)
        try:
            hidden.write_text(dumps(payload))  # type: ignore[no-untyped-call]
            hidden.rename(folder / name)
        except OSError as error:
            raise ChannelError(f"Cannot add a message to {folder}: {error}") from error

    def _get(self, queue: str, timeout: float | None = None) -> Any:
        for name in sorted(os.listdir(self.data_folder_in)):
            if name.partition(".")[2] == f"{queue}.msg":
                message = _take(Path(self.data_folder_in, name))
                if message is not None:
                    return message
        raise Empty

    def _queue_bind(self, exchange: str, *where: Any) -> None:
        file = self._exchange_file(exchange)  # type: ignore[no-untyped-call]
        _begin(file)
        super()._queue_bind(exchange, *where)  # type: ignore[no-untyped-call]


class Transport(filesystem.Transport):
    Channel = Channel


def install() -> None:
    """Make it what ``filesystem://`` means."""
    TRANSPORT_ALIASES["filesystem"] = f"{__name__}:Transport"


def _take(file: Path) -> Any:
    """The message, which is gone then; ``None`` when another worker was faster, or when nobody can read it."""
    mine = _hidden(file.parent)
    try:
        file.rename(mine)
        content = mine.read_bytes()
        mine.unlink()
    except OSError:
        return None
    try:
        return loads(content.decode())  # type: ignore[no-untyped-call]
    except ValueError:
        # Work is never only in a message: the next tick rings again for whatever waits.
        logger.warning("a message of %d bytes could not be read and was thrown away", len(content))
        return None


def _begin(table: Path) -> None:
    """Make an empty table of an exchange, unless there is one. A file without content is left by who died making it."""
    table.parent.mkdir(exist_ok=True)
    if table.exists() and not table.stat().st_size:
        table.unlink(missing_ok=True)
    hidden = _hidden(table.parent)
    hidden.write_text("[]")
    with suppress(FileExistsError):
        os.link(hidden, table)
    hidden.unlink()


def _hidden(folder: Path) -> Path:
    return folder / f".{uuid.uuid4()}"
