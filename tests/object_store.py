"""A real object store on loopback: moto's server, which speaks the S3 protocol and keeps everything in memory."""

from __future__ import annotations

import itertools
import logging
import urllib.request
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Self

from moto.server import ThreadedMotoServer

from tests.services import free_port

_numbers = itertools.count(1)


class ObjectStore:
    """Runs from the start; what it holds is still there when it is stopped and started again.

    ``left`` is after how many more requests it refuses all others, as when access to it is withdrawn; ``None``: never.
    A refusal is final, where a broken connection would be tried again for a second.
    """

    def __init__(self) -> None:
        self._port = free_port()
        self.left: int | None = None
        self._server: ThreadedMotoServer | None = None
        # Every request would be a line in the output of the tests.
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.start()

    def start(self) -> None:
        self._server = ThreadedMotoServer("127.0.0.1", self._port, verbose=False)
        self._server.start()
        server: Any = self._server._server
        server.app = self._door(server.app)

    def stop(self) -> None:
        """Nobody answers any more: connections are refused."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def bucket(self) -> str:
        """A new bucket; its URL."""
        name = f"tributary-{next(_numbers)}"
        urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self._port}/{name}", method="PUT")).close()
        options = f"region=us-east-1&scheme=http&endpoint_override=127.0.0.1:{self._port}"
        return f"s3://key:hush-hush@{name}/tributary?{options}"

    def _door(self, inside: Callable[..., Iterable[bytes]]) -> Callable[..., Iterable[bytes]]:
        def door(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
            if self.left is None:
                return inside(environ, start_response)
            self.left -= 1
            if self.left >= 0:
                return inside(environ, start_response)
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response("403 Forbidden", [("Content-Type", "application/xml")])
            return [b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"]

        return door

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self.stop()


def below(url: str, folder: str) -> str:
    """The path or URL of a folder inside the one that ``url`` names."""
    place, mark, options = url.partition("?")
    return f"{place}/{folder}{mark}{options}"
