"""The sample Mixpanel as an HTTP server on loopback, in a thread of its own."""

from __future__ import annotations

import contextlib
import re
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from connectors.mixpanel.sample import discovery, playground
from connectors.mixpanel.sample.accounting import ServedLedger
from connectors.mixpanel.sample.archive import Archive
from connectors.mixpanel.sample.export import export
from connectors.mixpanel.sample.limits import EXPORT_LIMITS, QUERY_LIMITS, Limits, RateLimiter
from connectors.mixpanel.sample.messages import Answer, Refused, Request, app_error
from connectors.mixpanel.sample.state import State

MAX_BODY = 64 * 1024
CHUNK = 256 * 1024
EVENTS_PER_DAY = 20_000

ROUTES: dict[tuple[str, str], Callable[[Request, State], Answer]] = {
    ("GET", "/"): playground.front_page,
    ("GET", "/api/2.0/export"): export,
    ("GET", "/api/app/me"): discovery.me,
    ("GET", "/api/query/events"): discovery.counts,
    ("GET", "/api/query/events/names"): discovery.event_names,
    ("GET", "/api/query/events/properties/top"): discovery.top_properties,
    ("GET", "/sample/served"): playground.served,
    ("POST", "/sample/late-event"): playground.late_event,
    ("POST", "/sample/reset"): playground.reset,
}


class SampleServer:
    """Serves from ``start`` to ``stop``; also a context manager.

    ``port`` 0 takes a free one. ``today`` fixes the date (the clock then stands at noon UTC of that day),
    None follows the real clock. Equal ``seed``, ``today`` and ``events_per_day`` give equal data.
    ``start`` raises OSError when the port cannot be had.
    """

    def __init__(
        self,
        port: int = 0,
        today: date | None = None,
        *,
        host: str = "127.0.0.1",
        seed: int = 1,
        events_per_day: int = EVENTS_PER_DAY,
        export_limits: Limits = EXPORT_LIMITS,
        query_limits: Limits = QUERY_LIMITS,
    ) -> None:
        self._address = (host, port)
        archive = Archive(seed, events_per_day, _clock(today))
        self._state = State(archive, RateLimiter(export_limits), RateLimiter(query_limits), ServedLedger())
        self._listener: _Listener | None = None

    def start(self) -> SampleServer:
        listener = _Listener(self._address, self._state)
        self._listener = listener
        threading.Thread(target=listener.serve_forever, args=(0.02,), name="sample-mixpanel", daemon=True).start()
        return self

    def stop(self) -> None:
        """Stop listening and cut the connections that are open. Harmless when not started."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown()
            listener.server_close()
            listener.cut_connections()

    def __enter__(self) -> SampleServer:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """Base URL without a trailing slash; only while it is started."""
        if self._listener is None:
            raise RuntimeError("the sample Mixpanel is not started")
        return f"http://{self._address[0]}:{self._listener.server_address[1]}"

    @property
    def served(self) -> dict[str, Any]:
        """What ``GET /sample/served`` answers."""
        return self._state.served.snapshot()


def _clock(today: date | None) -> Callable[[], datetime]:
    if today is None:
        return lambda: datetime.now(UTC)
    noon = datetime.combine(today, time(12), UTC)
    return lambda: noon


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], state: State) -> None:
        self.state = state
        self._open: set[socket.socket] = set()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # HTTPServer looks up the host's full name here, which can hang for seconds without a network.
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is its own business; anything else is a bug and gets its traceback."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Listener
    protocol_version = "HTTP/1.1"
    server_version = "SampleMixpanel"
    sys_version = ""
    disable_nagle_algorithm: ClassVar[bool] = True
    timeout = 300

    def do_GET(self) -> None:
        self._respond("GET")

    def do_POST(self) -> None:
        self._respond("POST")

    def log_message(self, format: str, *args: Any) -> None:
        """Silent: a request line would put parameters into logs."""

    def _respond(self, method: str) -> None:
        body = self._read_body()
        if body is None:
            self._send(app_error(413, f"the body must have a Content-Length of at most {MAX_BODY} bytes"))
            return
        target = urlsplit(self.path)
        request = Request(
            target.path,
            dict(parse_qsl(target.query, keep_blank_values=True)),
            self.headers.get("Authorization", ""),
            _takes_gzip(self.headers.get("Accept-Encoding", "")),
            body,
        )
        self._send(_answer(method, request, self.server.state))

    def _read_body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdigit() or int(length) > MAX_BODY or "Transfer-Encoding" in self.headers:
            self.close_connection = True
            return None
        return self.rfile.read(int(length))

    def _send(self, answer: Answer) -> None:
        """Settle the account before the last bytes leave: who has the whole answer may ask about it at once."""
        complete = False
        try:
            self._send_head(answer)
            for part in () if isinstance(answer.body, bytes) else answer.body:
                self._send_part(part)
            complete = True
        finally:
            answer.done(complete)
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body)
        elif self._chunked:
            self.wfile.write(b"0\r\n\r\n")

    @property
    def _chunked(self) -> bool:
        return self.request_version == "HTTP/1.1"

    def _send_head(self, answer: Answer) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if isinstance(answer.body, bytes):
            self.send_header("Content-Length", str(len(answer.body)))
        elif self._chunked:
            self.send_header("Transfer-Encoding", "chunked")
        else:
            self.close_connection = True
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()

    def _send_part(self, part: bytes) -> None:
        for start in range(0, len(part), CHUNK):
            piece = part[start : start + CHUNK]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)


def _answer(method: str, request: Request, state: State) -> Answer:
    route = ROUTES.get((method, request.path))
    if route is None:
        return app_error(404, "not found")
    try:
        return route(request, state)
    except Refused as refused:
        return refused.answer


def _takes_gzip(header: str) -> bool:
    offers = (re.sub(r"\s", "", offer).lower().partition(";") for offer in header.split(","))
    return any(coding in ("gzip", "*") and not re.fullmatch(r"q=0(\.0*)?", quality) for coding, _, quality in offers)
