"""The pointer that lets engines without a catalog find a table's current state.

DuckDB's ``iceberg_scan(folder)`` reads ``metadata/version-hint.text`` and opens
``<hint>.metadata.json`` (DuckDB Iceberg extension documentation, ``version_name_format``).
"""

from __future__ import annotations

import logging
import posixpath
import uuid

from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.table import Table

from connectors.storage import OBJECT_STORES

logger = logging.getLogger(__name__)

NAME = "version-hint.text"


def write_version_hint(table: Table) -> None:
    """Points the hint at ``table``'s metadata. Never raises: the commit it follows is already done."""
    folder, _, file = table.metadata_location.rpartition("/")
    try:
        filesystem, path = _filesystem(table, f"{folder}/{NAME}")
        version = file.removesuffix(".metadata.json")
        if _number(_current(filesystem, path)) <= _number(version):
            _write(filesystem, path, version)
    except Exception:
        logger.warning("The version hint of %s could not be written.", table.name()[-1], exc_info=True)


def _filesystem(table: Table, location: str) -> tuple[fs.FileSystem, str]:
    scheme, netloc, path = PyArrowFileIO.parse_location(location)
    if not isinstance(table.io, PyArrowFileIO):
        raise TypeError(f"{type(table.io).__name__} has no file system")
    return table.io.fs_by_scheme(scheme, netloc), path


def _current(filesystem: fs.FileSystem, path: str) -> str:
    if filesystem.get_file_info(path).type != fs.FileType.File:
        return ""
    with filesystem.open_input_stream(path, compression=None) as stream:
        return bytes(stream.read()).decode("ascii", "replace")


def _number(version: str) -> int:
    """``00012-<uuid>`` is the 12th state. Two commits may finish in the other order than they began."""
    head = version.partition("-")[0]
    return int(head) if head.isdecimal() else -1


def _write(filesystem: fs.FileSystem, path: str, version: str) -> None:
    # A reader must not see half a hint, so in a folder a complete one is moved over it; an object appears at once.
    in_folder = filesystem.type_name not in OBJECT_STORES
    grown = posixpath.join(posixpath.dirname(path), f".{NAME}.{uuid.uuid4().hex}") if in_folder else path
    with filesystem.open_output_stream(grown, compression=None) as stream:
        stream.write(version.encode("ascii"))
    if in_folder:
        filesystem.move(grown, path)
