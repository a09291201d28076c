"""Files that survive a power cut.

The catalog's database flushes its commit to disk. A commit that survives while the files it points to
do not would be a table nobody can read, so local files are flushed when they are closed.
"""

from __future__ import annotations

import os
from typing import Any

import pyarrow as pa
from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO


class _FlushedFile:
    """A binary file that reaches the disk before it is closed."""

    def __init__(self, path: str) -> None:
        self._file = open(path, "wb")  # noqa: SIM115  closed by close(), which Arrow calls
        self._is_whole = True

    @property
    def closed(self) -> bool:
        return self._file.closed

    def write(self, data: Any) -> int:
        try:
            return self._file.write(data)
        except OSError:
            self._is_whole = False
            raise

    def tell(self) -> int:
        return self._file.tell()

    def flush(self) -> None:
        self._file.flush()

    def writable(self) -> bool:
        return True

    def close(self) -> None:
        if self._file.closed:
            return
        try:
            self._file.flush()
            # The error that spoilt the file is the one to report, not what flushing it adds.
            if self._is_whole:
                os.fsync(self._file.fileno())
        finally:
            self._file.close()


class _FlushedFileSystem(fs.LocalFileSystem):  # type: ignore[misc]  # pyarrow has no types
    def open_output_stream(self, path: str, *args: Any, **kwargs: Any) -> pa.NativeFile:
        self.create_dir(os.path.dirname(path), recursive=True)
        return pa.PythonFile(_FlushedFile(path), mode="w")


class DurableFileIO(PyArrowFileIO):
    """pyiceberg's file access, except that local files are flushed to disk. Object stores do so themselves."""

    def _initialize_local_fs(self) -> fs.FileSystem:
        return _FlushedFileSystem()


def open_native(io: PyArrowFileIO, path: str) -> pa.NativeFile:
    """A stream to a new file that Arrow writes to without asking Python for every page; see ``flush_native``."""
    scheme, netloc, inner = PyArrowFileIO.parse_location(path)
    if scheme != "file":
        return io.fs_by_scheme(scheme, netloc).open_output_stream(inner)
    os.makedirs(os.path.dirname(inner), exist_ok=True)
    return pa.OSFile(inner, "wb")


def flush_native(path: str) -> None:
    """Make a local file that was written by ``open_native`` and closed reach the disk."""
    scheme, _, inner = PyArrowFileIO.parse_location(path)
    if scheme == "file":
        descriptor = os.open(inner, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
