"""The cast: a fault server, credentials, a client of that server, and a landing zone in memory."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from typing import Any

import pytest

from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import extra
from tests.connectors.mixpanel.fault_server import FaultServer

SECRET = "s3cr3t/with+odd=signs"


class MemoryLanding:
    """A landing zone that keeps objects in a dict; ``aborted`` names what was given up."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.aborted: list[str] = []
        self.fail_with: Exception | None = None

    def create(self, key: str) -> MemoryWriter:
        return MemoryWriter(self, key)

    def open(self, key: str) -> io.BytesIO:
        return io.BytesIO(self.objects[key])

    def size(self, key: str) -> int:
        return len(self.objects[key])

    def delete(self, key: str) -> None:
        del self.objects[key]


class MemoryWriter:
    def __init__(self, landing: MemoryLanding, key: str) -> None:
        self._landing, self._key, self._data = landing, key, bytearray()

    def write(self, chunk: bytes) -> None:
        if self._landing.fail_with is not None:
            raise self._landing.fail_with
        self._data += chunk

    def commit(self) -> int:
        self._landing.objects[self._key] = bytes(self._data)
        return len(self._data)

    def abort(self) -> None:
        self._landing.aborted.append(self._key)


def line(number: int, **properties: Any) -> bytes:
    """One event as a line, with its newline."""
    record = {"event": "Purchase", "properties": {"time": 1788249600 + number, "distinct_id": "u", **properties}}
    return json.dumps(record, ensure_ascii=False).encode() + b"\n"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("service_account", "reader.a1b2c3.mp-service-account", SECRET)


@pytest.fixture
def client(server: FaultServer, credentials: Credentials) -> Iterator[MixpanelClient]:
    made = MixpanelClient(credentials, extra(server.url), connect_timeout=2, idle_timeout=0.4)
    yield made
    made.close()


@pytest.fixture
def landing() -> MemoryLanding:
    return MemoryLanding()
