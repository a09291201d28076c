"""The landing zone over a folder, a file URL, a file system that is not local at all, and an object store."""

from __future__ import annotations

import gc
import gzip
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.errors import LandingUnavailable, StorageFull
from connectors.storage import INCOMING, Landing, open_landing


@pytest.fixture(params=["folder", "file url", "not local", "object store"])
def landing(request: pytest.FixtureRequest, tmp_path: Path) -> Landing:
    if request.param == "object store":
        return open_landing(request.getfixturevalue("object_store").bucket())
    urls = {"folder": str(tmp_path / "a b"), "file url": f"file://{tmp_path}/a%20b", "not local": "mock:///zone"}
    return open_landing(urls[request.param])


def put(landing: Landing, key: str, content: bytes) -> int:
    writer = landing.create(key)
    writer.write(content)
    return writer.commit()


def get(landing: Landing, key: str) -> bytes:
    with landing.open(key) as stream:
        return stream.read()


def _descriptor_of(path: Path) -> int:
    """This process's open descriptor of a file."""
    found = [
        link for link in Path("/proc/self/fd").iterdir() if link.is_symlink() and os.path.realpath(link) == str(path)
    ]
    return int(found[0].name)


class TestWriting:
    def test_a_file_appears_only_at_commit(self, landing: Landing) -> None:
        writer = landing.create("7/2024-01-01.jsonl")
        writer.write(b"one\n")
        writer.write(b"two\n")
        assert not landing.exists("7/2024-01-01.jsonl")
        assert landing.list() == []
        assert writer.commit() == 8
        assert get(landing, "7/2024-01-01.jsonl") == b"one\ntwo\n"
        assert landing.size("7/2024-01-01.jsonl") == 8

    def test_an_aborted_file_leaves_nothing(self, landing: Landing) -> None:
        writer = landing.create("day")
        writer.write(b"half")
        writer.abort()
        writer.abort()
        assert not landing.exists("day")
        assert landing.discard_unfinished(timedelta(0)) == 0

    def test_a_forgotten_file_leaves_nothing(self, landing: Landing) -> None:
        landing.create("day").write(b"half")
        gc.collect()
        assert not landing.exists("day")
        assert landing.discard_unfinished(timedelta(0)) == 0

    def test_a_large_file_appears_only_at_commit(self, landing: Landing) -> None:
        # Larger than a part of an upload, so that an object store has most of it before the end.
        pieces = [bytes([number]) * 4_000_000 for number in range(6)]
        writer = landing.create("large")
        for piece in pieces:
            writer.write(piece)
        assert not landing.exists("large")
        assert writer.commit() == 24_000_000
        assert get(landing, "large") == b"".join(pieces)

    def test_a_large_file_that_is_aborted_leaves_nothing(self, landing: Landing) -> None:
        writer = landing.create("large")
        for _ in range(6):
            writer.write(bytes(4_000_000))
        writer.abort()
        assert landing.list() == []

    def test_committing_the_same_key_replaces_it(self, landing: Landing) -> None:
        put(landing, "day", b"first, and longer")
        put(landing, "day", b"second")
        assert get(landing, "day") == b"second"
        assert landing.size("day") == 6

    def test_two_writers_of_one_key_do_not_mix(self, landing: Landing) -> None:
        first, second = landing.create("day"), landing.create("day")
        first.write(b"aaa")
        second.write(b"bb")
        first.commit()
        second.commit()
        assert get(landing, "day") == b"bb"

    def test_gzip_files_are_stored_and_read_as_they_are(self, landing: Landing) -> None:
        body = gzip.compress(b'{"event": "x"}\n')
        put(landing, "day.jsonl.gz", body)
        assert landing.size("day.jsonl.gz") == len(body)
        assert get(landing, "day.jsonl.gz") == body

    def test_reading_in_pieces_ends_with_nothing(self, landing: Landing) -> None:
        put(landing, "day", b"abcdef")
        with landing.open("day") as stream:
            assert [stream.read(4), stream.read(4), stream.read(4)] == [b"abcd", b"ef", b""]


class TestListingAndDeleting:
    def test_the_list_names_committed_files_under_a_prefix(self, landing: Landing) -> None:
        for key in ("b/2", "a/1", "a/10", "ab"):
            put(landing, key, b"xy")
        unfinished = landing.create("a/unfinished")
        unfinished.write(b"x")
        assert [file.key for file in landing.list()] == ["a/1", "a/10", "ab", "b/2"]
        assert [file.key for file in landing.list("a/")] == ["a/1", "a/10"]
        assert [file.key for file in landing.list("a/10")] == ["a/10"]
        assert landing.list("nothing/here") == []

    def test_the_list_tells_sizes_and_times(self, tmp_path: Path) -> None:
        landing = open_landing(str(tmp_path))
        put(landing, "a/1", b"xyz")
        (file,) = landing.list("a/")
        assert file.size == 3
        assert abs(datetime.now(UTC) - file.modified) < timedelta(minutes=1)

    def test_deleting_twice_is_no_error(self, landing: Landing) -> None:
        put(landing, "a/1", b"x")
        landing.delete("a/1")
        landing.delete("a/1")
        assert not landing.exists("a/1")

    def test_what_a_killed_process_left_is_discarded_once_it_is_old(self, tmp_path: Path) -> None:
        landing = open_landing(str(tmp_path))
        put(landing, "kept", b"x")
        lost = landing.create("lost")
        lost.write(b"half")
        (left,) = (tmp_path / INCOMING).iterdir()
        assert landing.discard_unfinished(timedelta(hours=1)) == 0
        os.utime(left, (time.time() - 7200,) * 2)
        assert landing.discard_unfinished(timedelta(hours=1)) == 1
        assert not left.exists()
        assert get(landing, "kept") == b"x"


class TestKeys:
    @pytest.mark.parametrize(
        "key", ["", "/etc/passwd", "../x", "a/../../x", "a//b", "a/", ".", "a\\b", "a\0b", f"{INCOMING}/x"]
    )
    def test_a_key_that_is_no_key_is_refused_everywhere(self, landing: Landing, key: str) -> None:
        for method in (landing.create, landing.open, landing.exists, landing.size, landing.delete):
            with pytest.raises(ValueError, match="Not a key"):
                method(key)

    def test_a_prefix_cannot_climb_out(self, tmp_path: Path) -> None:
        (tmp_path / "secret").write_text("x")
        with pytest.raises(ValueError, match="Not a key"):
            open_landing(str(tmp_path / "zone")).list("../")


class TestFailures:
    def test_a_missing_file_is_a_landing_error(self, landing: Landing) -> None:
        with pytest.raises(LandingUnavailable):
            landing.open("nothing")
        with pytest.raises(LandingUnavailable, match="nothing"):
            landing.size("nothing")

    def test_a_full_disk_is_told_from_other_trouble(self, tmp_path: Path) -> None:
        landing = open_landing(str(tmp_path))
        writer = landing.create("day")
        (unfinished,) = (tmp_path / INCOMING).iterdir()
        # The file grows into /dev/full, so that the kernel itself says that there is no space.
        descriptor = os.open("/dev/full", os.O_WRONLY)
        os.dup2(descriptor, _descriptor_of(unfinished))
        os.close(descriptor)
        with pytest.raises(StorageFull, match="space"):
            writer.write(b"x" * 65536)
        writer.abort()
        assert landing.list() == []
        assert not unfinished.exists()

    def test_a_root_that_is_a_file_is_unavailable(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("x")
        with pytest.raises(LandingUnavailable):
            open_landing(str(tmp_path / "file" / "zone"))

    def test_a_url_nobody_understands_is_refused_without_repeating_it(self) -> None:
        with pytest.raises(ValueError, match="'ftp'") as caught:
            open_landing("ftp://user:hunter2@host/x")
        assert "hunter2" not in str(caught.value)


def test_free_space_is_known_for_a_folder_only(tmp_path: Path) -> None:
    free = open_landing(str(tmp_path)).free_space()
    assert free is not None
    assert 0 < free < 2**60
    assert open_landing("mock:///zone").free_space() is None
