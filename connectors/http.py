"""The one door to the network.

Nothing here retries: who asked knows whether the request may be repeated and what it costs. Nothing here
follows a redirect to another host, because the Authorization header would travel with it.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import requests
from requests.auth import HTTPBasicAuth
from urllib3 import exceptions as urllib3_errors

from connectors.errors import BadRequest, ConnectionCut, ConnectorError, HostRefused, ServiceDown, Unreachable
from connectors.sockets import AbortableAdapter, OpenSockets

Classifier = Callable[[int, str, Mapping[str, str]], ConnectorError]
"""Turns a status other than 200, the beginning of its body (redacted) and its headers into an error."""

CHUNK = 1 << 18
ERROR_BODY_LIMIT = 4096
JSON_LIMIT = 64 << 20
REDACTED = "[redacted]"
USER_AGENT = "Tributary"
DEFAULT_PORTS = {"http": 80, "https": 443}
REDIRECTS = frozenset({301, 302, 303, 307, 308})

# First match wins along the chain of causes, so the special kinds stand before the general ones.
HOPS: tuple[tuple[type[BaseException], str], ...] = (
    (urllib3_errors.NameResolutionError, "DNS: the name {host} could not be resolved"),
    (urllib3_errors.ProxyError, "proxy: the proxy on the way to {host} did not let the request through"),
    (requests.exceptions.ProxyError, "proxy: the proxy on the way to {host} did not let the request through"),
    (urllib3_errors.SSLError, "TLS: no secure connection to {host} could be made"),
    (requests.exceptions.SSLError, "TLS: no secure connection to {host} could be made"),
    (urllib3_errors.NewConnectionError, "connect: {host} refused the connection or there is no route to it"),
    (urllib3_errors.ConnectTimeoutError, "connect: {host} did not accept a connection within {connect:g} s"),
    (urllib3_errors.ReadTimeoutError, "answer: {host} took the request and sent nothing for {idle:g} s"),
    (urllib3_errors.ProtocolError, "answer: {host} closed the connection without an answer"),
)


def origin(url: str) -> str:
    """``scheme://host:port`` of an http(s) URL. Raises HostRefused for anything else or for a URL with a password."""
    try:
        parts = urlsplit(url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        raise HostRefused("the address is not a valid URL") from None
    if port is None or not parts.hostname or parts.username is not None:
        raise HostRefused("only http and https addresses without user name are allowed")
    return f"{parts.scheme}://{parts.hostname.lower()}:{port}"


def _base64_forms(secret: str) -> set[str]:
    """How ``secret`` looks inside base64 text, whatever stands before and after it."""
    forms = set()
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + secret.encode()).decode().rstrip("=")
        # The first characters mix with what stands before, the last one with what comes after.
        inner = encoded[(0, 2, 3)[shift] : -1]
        if len(inner) >= 6:
            forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return forms


class Redactor:
    """Takes the secret of one connection, in every form it travels in, out of a text."""

    def __init__(self, user: str, password: str) -> None:
        secret = password or user
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        spelled = {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], pair}
        forms = sorted((spelled | _base64_forms(secret)) - {""}, key=len, reverse=True)
        header = r"""(?i:\bauthorization["']?\s*[:=]\s*["']?)(?:\w+\s+)?[^\s"',;]+"""
        self._pattern = re.compile("|".join([*map(re.escape, forms), header]))
        self.longest = max(map(len, forms), default=0)

    def __call__(self, text: str) -> str:
        return self._pattern.sub(REDACTED, text)

    def excerpt(self, body: bytes, limit: int) -> str:
        """The first ``limit`` characters of ``body`` as text; a secret cut in half at the end does not survive."""
        text = self(body.decode("utf-8", "replace"))
        if len(body) > limit:
            text = text[: max(0, len(text) - self.longest)]
        return text[:limit]


@dataclass(frozen=True)
class Body:
    """A 200 that is still arriving. ``chunks`` are the bytes as sent, compressed if the headers say so."""

    status: int
    headers: Mapping[str, str]
    chunks: Iterator[bytes]


class HttpClient:
    """GET requests to one base URL with Basic authentication.

    ``allowed_hosts`` are base URLs or origins; anything else is refused before a byte is sent. ``connect_timeout``
    and ``idle_timeout`` are seconds; the latter bounds the wait for the first byte and every pause after it.
    There is no total timeout: an export of one day may take more than an hour.
    """

    def __init__(
        self,
        base_url: str,
        *,
        auth: tuple[str, str],
        allowed_hosts: Collection[str],
        classify: Classifier,
        connect_timeout: float = 10,
        idle_timeout: float = 300,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        origin(base_url)
        self.host = urlsplit(base_url).netloc
        self.redact = Redactor(*auth)
        self._allowed = frozenset(map(origin, allowed_hosts))
        self._classify = classify
        self._timeouts = (connect_timeout, idle_timeout)
        self._session = requests.Session()
        self._sockets = OpenSockets()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, AbortableAdapter(self._sockets))
        # As bytes: text would be sent as Latin-1, which a secret with other characters does not survive.
        self._session.auth = HTTPBasicAuth(auth[0].encode(), auth[1].encode())
        self._session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "gzip"})

    def __repr__(self) -> str:
        return f"HttpClient({self.base_url!r})"

    def abort(self) -> None:
        """From another thread: end what waits for an answer now, with Unreachable or ConnectionCut; then no more."""
        self._sockets.shut_down()

    def close(self) -> None:
        self._session.close()

    def get_json(self, path: str, params: Mapping[str, str] | None = None, *, limit: int = JSON_LIMIT) -> Any:
        """The decoded JSON answer. Raises ServiceDown when it is no JSON, BadRequest above ``limit`` bytes."""
        with self._open(path, params) as response:
            body = bytearray()
            for chunk in self._chunks(response, decode=True):
                body += chunk
                if len(body) > limit:
                    raise BadRequest(f"the answer of {self.host} is larger than {limit >> 20} MB", status=200)
        try:
            return json.loads(bytes(body))
        except (ValueError, RecursionError):
            excerpt = " ".join(self.redact.excerpt(bytes(body[:CHUNK]), 200).split())
            raise ServiceDown(f"{self.host} answered with something that is no JSON: {excerpt}", status=200) from None

    @contextmanager
    def stream(self, path: str, params: Mapping[str, str] | None = None) -> Iterator[Body]:
        """A 200 as it arrives, undecoded. Iterating over its chunks raises ConnectionCut."""
        with self._open(path, params) as response:
            yield Body(response.status_code, response.headers, self._chunks(response, decode=False))

    @contextmanager
    def _open(self, path: str, params: Mapping[str, str] | None) -> Iterator[requests.Response]:
        response = self._send(self.base_url + path, params)
        try:
            if response.status_code in REDIRECTS:
                raise self._redirected(response)
            if response.status_code != 200:
                text = self._error_text(response)
                raise self._classify(response.status_code, text, response.headers)
            yield response
        finally:
            response.close()

    def _send(self, url: str, params: Mapping[str, str] | None) -> requests.Response:
        if origin(url) not in self._allowed:
            raise HostRefused(f"{urlsplit(url).netloc} is not among the allowed hosts")
        try:
            return self._session.get(url, params=params, stream=True, allow_redirects=False, timeout=self._timeouts)
        except requests.RequestException as error:
            # Our own words only: the text of the exception holds the whole URL.
            raise Unreachable(self._hop(error)) from None

    def _hop(self, error: BaseException) -> str:
        connect, idle = self._timeouts
        causes = list(_causes(error))
        for kind, words in HOPS:
            if any(isinstance(cause, kind) for cause in causes):
                return words.format(host=self.host, connect=connect, idle=idle)
        return f"connect: no connection to {self.host} ({type(error).__name__})"

    def _redirected(self, response: requests.Response) -> ConnectorError:
        location = response.headers.get("Location", "")
        try:
            target = origin(urljoin(response.url, location))
        except (HostRefused, ValueError):
            target = "an address that is not allowed"
        if target == origin(self.base_url):
            return BadRequest(f"{self.host} redirects to another path", status=response.status_code)
        return HostRefused(self.redact(f"{self.host} redirects to {target}"), status=response.status_code)

    def _error_text(self, response: requests.Response) -> str:
        try:
            body: bytes = response.raw.read(2 * ERROR_BODY_LIMIT, decode_content=True)
        except (urllib3_errors.HTTPError, OSError):
            return ""
        return self.redact.excerpt(body, ERROR_BODY_LIMIT)

    def _chunks(self, response: requests.Response, *, decode: bool) -> Iterator[bytes]:
        received = 0
        stream = response.raw.stream(CHUNK, decode_content=decode)
        while True:
            try:
                chunk = next(stream, None)
            except (urllib3_errors.HTTPError, OSError) as error:
                raise ConnectionCut(self._cut(error, received)) from None
            if chunk is None and self._sockets.is_over:
                # A body without length ends with its connection: this end was of our own making.
                raise ConnectionCut(f"body: given up after about {received:,} bytes")
            if chunk is None:
                return
            received += len(chunk)
            yield chunk

    def _cut(self, error: BaseException, received: int) -> str:
        if any(isinstance(cause, urllib3_errors.ReadTimeoutError) for cause in _causes(error)):
            return f"body: {self.host} sent nothing for {self._timeouts[1]:g} s after about {received:,} bytes"
        return f"body: the connection to {self.host} was cut after about {received:,} bytes"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything it was raised from; requests and urllib3 wrap in three different ways."""
    waiting, seen = [error], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        linked = [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]
        waiting += [item for item in linked if isinstance(item, BaseException)]
