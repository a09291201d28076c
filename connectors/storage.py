"""Files in a folder or a bucket: the landing zone and the rejected-record files.

A file appears under its key whole or not at all. In a folder it grows under ``.incoming/`` and is moved to its key
at ``commit()``; a killed process leaves its half behind there, which ``discard_unfinished`` removes. Object stores
have no move, only a copy, but an object appears when its upload is completed: it is uploaded to its key, and
``commit()`` completes the upload. What a killed process uploaded never appears; the store keeps it until a
lifecycle rule of the bucket (``AbortIncompleteMultipartUpload``) clears it away.
"""

from __future__ import annotations

import errno
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from pyarrow import fs

from connectors.errors import ConnectorError, LandingUnavailable, StorageFull
from connectors.object_store import bucket_of

INCOMING = ".incoming"
OBJECT_STORES = frozenset({"s3", "gcs", "abfs"})
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class StoredFile:
    """One committed file. ``size`` in bytes, ``modified`` in UTC."""

    key: str
    size: int
    modified: datetime


def open_landing(url: str) -> Landing:
    """The files under ``url``: a folder path, a ``file://`` URL, or an s3 URL (see ``connectors.object_store``).

    Raises ValueError for a URL nobody understands, LandingUnavailable or StorageFull if it cannot be opened.
    """
    with storage_failures():
        filesystem, root = _resolve(url)
        return Landing(filesystem, root)


def local_path(url: str) -> Path | None:
    """The folder a plain path or ``file://`` URL names, absolute; None for any other URL."""
    if "://" not in url:
        return Path(url).expanduser().absolute()
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def is_full(error: BaseException) -> bool:
    """Whether an error means that no space is left (or the quota is used up)."""
    return getattr(error, "errno", None) in FULL or "No space left on device" in str(error)


@contextmanager
def storage_failures() -> Iterator[None]:
    """Turns file system errors into StorageFull or LandingUnavailable."""
    try:
        yield
    except (OSError, pa.ArrowException) as error:
        kind = StorageFull if is_full(error) else LandingUnavailable
        raise kind(_evidence(error)) from error


class LandingFile:
    """A file under construction. After ``commit`` or ``abort`` it takes no more bytes.

    One that is forgotten is aborted: left to itself, Arrow would complete the upload of the half.
    """

    def __init__(self, landing: Landing, key: str) -> None:
        self._landing = landing
        self._key = key
        self._grows_at = landing._place_to_grow(key)
        self._size = 0
        self._is_over = True
        self._stream = landing._open_output(self._grows_at)
        self._is_over = False

    def write(self, chunk: bytes) -> None:
        with storage_failures():
            self._stream.write(chunk)
        self._size += len(chunk)

    def commit(self) -> int:
        """Makes the file appear under its key, replacing what was there; returns its size in bytes."""
        with storage_failures():
            self._stream.close()
            self._landing._publish(self._grows_at, self._key)
        self._is_over = True
        return self._size

    def abort(self) -> None:
        """Leaves nothing behind. Safe after a failed write or commit, and more than once; nothing after a commit."""
        if self._is_over:
            return
        self._is_over = True
        # What is being thrown away may fail to close, a full disk for one: that is why it is thrown away.
        with suppress(OSError, pa.ArrowException):
            self._stream.close()
        with storage_failures():
            self._landing._remove(self._grows_at)

    def __del__(self) -> None:
        with suppress(ConnectorError):
            self.abort()


class LandingReader:
    """Reads a file from start to end; also a context manager."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes, all that is left when negative, b"" at the end."""
        with storage_failures():
            return bytes(self._stream.read(None if size < 0 else size))

    def readinto(self, buffer: memoryview) -> int:
        """Fill the buffer or, at the end, a part of it; returns how much."""
        chunk = self.read(len(buffer))
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.close()


class Landing:
    """Files by key (``account/project/day.jsonl.gz``) under one root of any pyarrow file system.

    Every method raises ValueError for a key that is absolute or climbs out of the root, and
    LandingUnavailable or StorageFull when the store does not do as it is told.
    """

    def __init__(self, filesystem: fs.FileSystem, root: str) -> None:
        self._root = root
        self._is_local = isinstance(filesystem, fs.LocalFileSystem)
        # Object stores have no folders to create, and creating one there could create a bucket.
        self._has_folders = filesystem.type_name not in OBJECT_STORES
        if self._has_folders:
            filesystem.create_dir(root, recursive=True)
        self._files = fs.SubTreeFileSystem(root, filesystem)

    def create(self, key: str) -> LandingFile:
        return LandingFile(self, _checked(key))

    def open(self, key: str) -> LandingReader:
        """The stored bytes as they are: nothing is decompressed, whatever the key ends in."""
        with storage_failures():
            return LandingReader(self._files.open_input_stream(_checked(key), compression=None))

    def exists(self, key: str) -> bool:
        with storage_failures():
            return bool(self._files.get_file_info(_checked(key)).type == fs.FileType.File)

    def size(self, key: str) -> int:
        """Bytes. Raises LandingUnavailable if there is no such file."""
        with storage_failures():
            info = self._files.get_file_info(_checked(key))
        if info.type != fs.FileType.File:
            raise LandingUnavailable(f"There is no file {key} in the landing zone.")
        return int(info.size)

    def delete(self, key: str) -> None:
        """Also succeeds when there is no such file."""
        with storage_failures():
            self._remove(_checked(key))

    def list(self, prefix: str = "") -> list[StoredFile]:
        """Committed files whose key starts with ``prefix``, sorted by key."""
        if prefix:
            _checked(prefix.removesuffix("/"))
        found = self._walk(prefix.rpartition("/")[0])
        kept = (file for file in found if file.key.startswith(prefix) and not file.key.startswith(f"{INCOMING}/"))
        return sorted(kept, key=lambda file: file.key)

    def free_space(self) -> int | None:
        """Bytes left for new files, None where nobody can say (object stores)."""
        if not self._is_local:
            return None
        with storage_failures():
            return shutil.disk_usage(self._root).free

    def discard_unfinished(self, older_than: timedelta) -> int:
        """Removes what killed processes left half-written; returns how many files that were."""
        before = datetime.now(UTC) - older_than
        stale = [file.key for file in self._walk(INCOMING) if file.modified < before]
        with storage_failures():
            for key in stale:
                self._remove(key)
        return len(stale)

    def _open_output(self, key: str) -> Any:
        with storage_failures():
            self._make_parent(key)
            return self._files.open_output_stream(key, compression=None)

    def _place_to_grow(self, key: str) -> str:
        return f"{INCOMING}/{uuid.uuid4().hex}" if self._has_folders else key

    def _publish(self, grown: str, key: str) -> None:
        if grown == key:
            return
        if self._is_local:
            _flush_to_disk(os.path.join(self._root, grown))
        self._make_parent(key)
        self._files.move(grown, key)

    def _make_parent(self, key: str) -> None:
        parent = key.rpartition("/")[0]
        if parent and self._has_folders:
            self._files.create_dir(parent, recursive=True)

    def _remove(self, key: str) -> None:
        with suppress(FileNotFoundError):
            self._files.delete_file(key)

    def _walk(self, folder: str) -> Iterator[StoredFile]:
        selector = fs.FileSelector(folder, recursive=True, allow_not_found=True)
        with storage_failures():
            found = self._files.get_file_info(selector)
        return (_stored(info) for info in found if info.type == fs.FileType.File)


def _resolve(url: str) -> tuple[fs.FileSystem, str]:
    if (folder := local_path(url)) is not None:
        return fs.LocalFileSystem(), str(folder)
    if urlsplit(url).scheme == "s3":
        bucket = bucket_of(url)
        return bucket.open(), bucket.path
    try:
        filesystem, root = fs.FileSystem.from_uri(url)
    except (ValueError, NotImplementedError):
        # The message quotes the URL, which may hold credentials; so does the cause.
        scheme = urlsplit(url).scheme
        raise ValueError(f"A URL with the scheme {scheme!r} was given that names no folder or bucket.") from None
    return filesystem, root


def _checked(key: str) -> str:
    parts = key.split("/")
    if any(part in ("", ".", "..") for part in parts) or parts[0] == INCOMING or "\\" in key or "\0" in key:
        raise ValueError(f"Not a key of the landing zone: {key!r}")
    return key


def _stored(info: fs.FileInfo) -> StoredFile:
    modified = info.mtime or datetime.fromtimestamp(0, UTC)
    return StoredFile(key=info.path, size=info.size, modified=modified.astimezone(UTC))


def _flush_to_disk(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _evidence(error: BaseException) -> str:
    return str(error).splitlines()[0][:300] if str(error) else type(error).__name__
