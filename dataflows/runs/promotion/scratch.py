"""A folder on the worker's own disk for what does not fit in memory."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from connectors.errors import StorageFull
from connectors.storage import is_full


@contextmanager
def scratch_folder(parent: Path) -> Iterator[Path]:
    """A folder for one window; what killed workers of this machine left behind goes first.

    Raises StorageFull when the block runs out of space.
    """
    owner = f"window-{socket.gethostname()}-"
    try:
        parent.mkdir(parents=True, exist_ok=True)
        _clear(parent, owner)
        with tempfile.TemporaryDirectory(dir=parent, prefix=f"{owner}{os.getpid()}-") as folder:
            yield Path(folder)
    except (OSError, pa.ArrowException) as error:
        if is_full(error):
            raise StorageFull(f"the scratch folder {parent} is full") from error
        raise


def _clear(parent: Path, owner: str) -> None:
    for left in parent.glob(f"{owner}*"):
        if not _is_alive(left.name.removeprefix(owner).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
