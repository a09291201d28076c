"""Errors of the store and the database become errors the engine knows."""

from __future__ import annotations

import errno
import os
import sqlite3

import pytest
from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import OperationalError

from connectors.errors import ConnectorError, LakeConflict, LakeUnavailable, StorageFull
from connectors.lake.durable import DurableFileIO
from connectors.lake.failures import classify, lake_failures


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), StorageFull),
        (OSError(errno.EDQUOT, "Disk quota exceeded"), StorageFull),
        (OSError(errno.EIO, "Input/output error"), LakeUnavailable),
        (FileNotFoundError("gone"), LakeUnavailable),
        (OperationalError("UPDATE", {}, sqlite3.OperationalError("database or disk is full")), StorageFull),
        (OperationalError("UPDATE", {}, sqlite3.OperationalError("database is locked")), LakeUnavailable),
        (CommitFailedException("branch main has changed"), LakeConflict),
    ],
)
def test_each_error_finds_its_kind(error: Exception, kind: type[ConnectorError]) -> None:
    found = classify(error)
    assert type(found) is kind
    assert found.detail


def test_the_detail_is_the_databases_own_words_without_the_statement() -> None:
    error = OperationalError("UPDATE t SET x = ?", {"x": "value"}, sqlite3.OperationalError("database is locked"))
    assert classify(error).detail == "database is locked"


def test_errors_that_are_mistakes_of_ours_pass_through() -> None:
    with pytest.raises(KeyError), lake_failures():
        raise KeyError("x")


def test_a_full_disk_is_seen_through_the_durable_files(tmp_path: os.PathLike[str]) -> None:
    location = os.path.join(tmp_path, "full.parquet")
    os.symlink("/dev/full", location)

    def write() -> None:
        with lake_failures(), DurableFileIO().new_output(location).create(overwrite=True) as stream:
            stream.write(b"x" * 1_000_000)

    with pytest.raises(StorageFull):
        write()


def test_durable_files_hold_what_was_written(tmp_path: os.PathLike[str]) -> None:
    location = os.path.join(tmp_path, "a", "b.bin")
    with DurableFileIO().new_output(location).create() as stream:
        stream.write(b"one")
        stream.write(b"two")
    with DurableFileIO().new_input(location).open() as back:
        assert back.read() == b"onetwo"
