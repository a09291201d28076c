"""A real HTTP server on loopback that answers as scripted, faults included.

    with FaultServer() as server:
        server.answer("/api/2.0/export", Answer(status=503), Answer(body=b"..."))
        ...
        assert server.requests[0].query["from_date"] == "2026-09-01"

Answers to one path prefix are given in turn, the last one again and again. The longest prefix wins; a path nobody
scripted gets 404. ``requests`` holds what arrived, in order.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Answer:
    """One scripted answer.

    ``cut_after``: end the connection after so many bytes of ``body`` although more was announced; ``reset``: end it
    with a TCP reset instead of a clean close. ``stall``: seconds of silence, before the status line or, with
    ``cut_after``, at the cut. ``chunked``: in chunks of ``chunk_size`` bytes; otherwise with a Content-Length, or
    without any length and ended by closing if ``close_delimited``. ``drip``: seconds of silence after every
    ``chunk_size`` bytes.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False
    chunk_size: int = 1 << 16
    close_delimited: bool = False
    cut_after: int | None = None
    reset: bool = False
    stall: float = 0
    drip: float = 0


@dataclass(frozen=True)
class Received:
    path: str
    query: dict[str, str]
    headers: dict[str, str]


def json_answer(value: Any, status: int = 200, **more: Any) -> Answer:
    return Answer(json.dumps(value).encode(), status, {"Content-Type": "application/json"}, **more)


def gzip_answer(body: bytes, **more: Any) -> Answer:
    """``body`` compressed, and said to be so."""
    return Answer(gzip.compress(body), headers={"Content-Encoding": "gzip"}, **more)


def me(projects: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """An answer of /api/app/me with these projects."""
    organizations = {"100": {"id": 100, "name": "Acme"}}
    return {"status": "ok", "results": {"organizations": organizations, "projects": dict(projects)}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        fault = self.server.fault
        parts = urlsplit(self.path)
        fault.requests.append(Received(parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items())))
        answer = fault.next_answer(parts.path, dict(parse_qsl(parts.query)))
        if answer.cut_after is None:
            fault.closing.wait(answer.stall)
        try:
            self._head(answer)
            self._body(answer)
        except OSError:
            self.close_connection = True

    def _head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif answer.close_delimited:
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()

    def _body(self, answer: Answer) -> None:
        sent = answer.body[: answer.cut_after]
        step = answer.chunk_size if answer.chunked or answer.drip else max(1, len(sent))
        for start in range(0, len(sent), step):
            piece = sent[start : start + step]
            self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece) if answer.chunked else piece)
            self.wfile.flush()
            if answer.drip:
                self.server.fault.closing.wait(answer.drip)
        if answer.cut_after is not None:
            self._cut(answer)
        elif answer.chunked:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = self.close_connection or answer.close_delimited

    def _cut(self, answer: Answer) -> None:
        self.server.fault.closing.wait(answer.stall)
        self.close_connection = True
        if answer.reset:
            # Lingering for zero seconds makes the close a reset; the server must not shut down cleanly before.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.server.resetting.add(id(self.connection))

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: tests look at ``requests``."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, fault: FaultServer) -> None:
        self.fault = fault
        self.resetting: set[int] = set()
        super().__init__(("127.0.0.1", 0), _Handler)

    def shutdown_request(self, request: Any) -> None:
        if id(request) in self.resetting:
            self.resetting.discard(id(request))
            self.close_request(request)
        else:
            super().shutdown_request(request)


class FaultServer:
    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.closing = threading.Event()
        self._script: dict[str, list[Answer] | Callable[[dict[str, str]], Answer]] = {}
        self._lock = threading.Lock()
        self._server = _Server(self)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.005,), daemon=True)
        self._thread.start()

    def answer(self, path_prefix: str, *answers: Answer) -> None:
        """Script the answers to paths that begin with ``path_prefix``, replacing earlier ones."""
        with self._lock:
            self._script[path_prefix] = list(answers)

    def answer_with(self, path_prefix: str, make: Callable[[dict[str, str]], Answer]) -> None:
        """Answer paths that begin with ``path_prefix`` by what their query asks for."""
        with self._lock:
            self._script[path_prefix] = make

    def next_answer(self, path: str, query: dict[str, str]) -> Answer:
        with self._lock:
            prefixes = [prefix for prefix in self._script if path.startswith(prefix)]
            if not prefixes:
                return json_answer({"error": "not scripted"}, status=404)
            queue = self._script[max(prefixes, key=len)]
            if not isinstance(queue, list):
                return queue(query)
            return queue.pop(0) if len(queue) > 1 else queue[0]

    def paths(self) -> list[str]:
        return [request.path for request in self.requests]

    def close(self) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> FaultServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
