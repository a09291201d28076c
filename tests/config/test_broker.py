"""The embedded broker: a message is there whole or not at all, and one that cannot be read ends nobody."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path
from queue import Empty

import pytest
from kombu import Connection

LARGE = "x" * 300_000
MESSAGES, READERS = 60, 3


@pytest.fixture
def broker(tmp_path: Path):
    """A connection to a broker of the test's own, as settings describe it."""
    for name in ("queue", "control"):
        (tmp_path / name).mkdir()
    folders = {
        "data_folder_in": str(tmp_path / "queue"),
        "data_folder_out": str(tmp_path / "queue"),
        "control_folder": str(tmp_path / "control"),
    }
    return lambda: Connection("filesystem://localhost//", transport_options=folders)


@pytest.fixture
def bells() -> str:
    """A queue of the test's own: a process remembers which ones it has bound."""
    return f"bells-{uuid.uuid4()}"


@pytest.mark.parametrize("content", [b"", b'{"body": "half a mess', b"\xff\xfe"])
def test_a_message_that_cannot_be_read_is_left_out(broker, bells, tmp_path, content):
    (tmp_path / "queue" / f"{0:015d}_broken.{bells}.msg").write_bytes(content)
    with broker() as connection, connection.SimpleQueue(bells) as queue:
        queue.put("ring")
        message = queue.get(timeout=5)
        message.ack()
        assert message.payload == "ring"
    assert list((tmp_path / "queue").iterdir()) == []


@pytest.mark.parametrize("uptime", [9.999, 99_999.999])
def test_the_oldest_message_comes_first(broker, bells, monkeypatch, uptime):
    """Also around the moment when the clock gets one more digit."""
    moments = iter([uptime, uptime + 0.001])
    monkeypatch.setattr("config.broker.monotonic", lambda: next(moments))
    with broker() as connection, connection.SimpleQueue(bells) as queue:
        queue.put("first")
        queue.put("second")
        assert [queue.get(timeout=5).payload for _ in range(2)] == ["first", "second"]


def test_readers_never_meet_half_a_message(broker, bells):
    """Several workers read while others write: every message comes to one of them, and nobody fails."""
    got: list[str] = []
    failed: list[Exception] = []

    def read() -> None:
        try:
            with broker() as connection, connection.SimpleQueue(bells) as queue:
                while len(got) < MESSAGES:
                    try:
                        message = queue.get(timeout=0.5)
                    except Empty:
                        continue
                    message.ack()
                    got.append(message.payload)
        except Exception as error:
            failed.append(error)
            got.extend([""] * MESSAGES)

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    with broker() as connection, connection.SimpleQueue(bells) as queue:
        for reader in readers:
            reader.start()
        for number in range(MESSAGES):
            queue.put(f"{number} {LARGE}")
    for reader in readers:
        reader.join(timeout=30)
    assert failed == []
    assert sorted(int(text.split()[0]) for text in got) == list(range(MESSAGES))


def test_a_table_of_queues_that_was_never_filled_is_made_anew(broker, bells, tmp_path):
    (tmp_path / "control" / f"{bells}.exchange").touch()
    with broker() as connection, connection.SimpleQueue(bells) as queue:
        queue.put("ring")
        assert queue.qsize() == 1
