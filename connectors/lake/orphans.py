"""Files in a table's folders that no state of it needs: of expired snapshots, lost commits and workers that died.

What protects a publication that goes on meanwhile is age: its files are listed nowhere yet, but they are young.
What protects a roll back is that snapshots which were forgotten only just now still count: it may have chosen one
of them a moment before.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import cast

from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import ManifestFile
from pyiceberg.table import Table

from connectors.lake.expiry import EXPIRED_AT
from connectors.lake.hint import NAME as VERSION_HINT

AT_ONCE = 8
"""Requests to the store that wait at the same time."""
SETTLES = timedelta(hours=1)
"""How long after an expiry nothing is deleted: much longer than a roll back takes."""


def delete_orphans(table: Table, *, older_than: datetime) -> int:
    """Deletes what is older than ``older_than`` and referenced by nothing; how many files there were.

    Everything referenced is known before anything is deleted: if one manifest cannot be read, nothing happens.
    """
    if _expired_at(table) > datetime.now(UTC) - SETTLES:
        return 0
    old = {info.path for info in _files(table) if info.mtime < older_than}
    orphans = old - referenced(table) if old else set()
    filesystem = _filesystem(table)
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="orphans") as pool:
        list(pool.map(lambda path: _delete(filesystem, path), orphans))
    return len(orphans)


def referenced(table: Table) -> set[str]:
    """The paths of everything that the table's state, its log and all its snapshots name."""
    metadata = table.metadata
    lists = [snapshot.manifest_list for snapshot in metadata.snapshots]
    folder = table.metadata_location.rpartition("/")[0]
    named = {
        table.metadata_location,
        f"{folder}/{VERSION_HINT}",
        *(entry.metadata_file for entry in metadata.metadata_log),
        *lists,
        *(statistics.statistics_path for statistics in metadata.statistics),
    }
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="orphans") as pool:
        found = pool.map(lambda snapshot: snapshot.manifests(table.io), metadata.snapshots)
        manifests = {manifest.manifest_path: manifest for each in found for manifest in each}
        named |= manifests.keys()
        for paths in pool.map(lambda manifest: _data_files(table, manifest), manifests.values()):
            named |= paths
    return {_inner(location) for location in named}


def _data_files(table: Table, manifest: ManifestFile) -> set[str]:
    # An entry that says "deleted" is alive in an older snapshot, whose own manifest names the file.
    entries = manifest.fetch_manifest_entry(table.io, discard_deleted=True)
    return {entry.data_file.file_path for entry in entries}


def _files(table: Table) -> Iterator[fs.FileInfo]:
    filesystem = _filesystem(table)
    for folder in ("data", "metadata"):
        selector = fs.FileSelector(_inner(f"{table.location()}/{folder}"), recursive=True, allow_not_found=True)
        yield from (info for info in filesystem.get_file_info(selector) if info.type == fs.FileType.File)


def _delete(filesystem: fs.FileSystem, path: str) -> None:
    with suppress(FileNotFoundError):
        filesystem.delete_file(path)


def _filesystem(table: Table) -> fs.FileSystem:
    scheme, netloc, _ = PyArrowFileIO.parse_location(table.location())
    return cast(PyArrowFileIO, table.io).fs_by_scheme(scheme, netloc)


def _inner(location: str) -> str:
    return PyArrowFileIO.parse_location(location)[2]


def _expired_at(table: Table) -> datetime:
    return datetime.fromtimestamp(int(table.metadata.properties.get(EXPIRED_AT, 0)) / 1000, UTC)
