"""Sockets of an HTTP session that another thread can shut down, so that nobody has to wait for a silent server."""

from __future__ import annotations

import socket
import threading
import weakref
from contextlib import suppress
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection


class OpenSockets:
    """Those of one session. After ``shut_down`` none can be used, nor any that is opened later."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: weakref.WeakSet[socket.socket] = weakref.WeakSet()
        self.is_over = False

    def add(self, opened: socket.socket) -> None:
        with self._lock:
            self._open.add(opened)
            if self.is_over:
                _shut_down(opened)

    def shut_down(self) -> None:
        """A thread that waits for one of them gets an error at once."""
        with self._lock:
            self.is_over = True
            for opened in list(self._open):
                _shut_down(opened)


class AbortableAdapter(HTTPAdapter):
    """The ordinary adapter, whose connections report their sockets."""

    def __init__(self, sockets: OpenSockets) -> None:
        self._sockets = sockets
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools()

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        found = super().proxy_manager_for(*args, **kwargs)
        found.pool_classes_by_scheme = self._pools()
        return found

    def _pools(self) -> dict[str, Any]:
        sockets = self._sockets

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                sockets.add(self.sock)

        plain = type("PlainPool", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        return {"http": plain, "https": secure}


def _shut_down(opened: socket.socket) -> None:
    # It may have ended by itself a moment ago.
    with suppress(OSError):
        opened.shutdown(socket.SHUT_RDWR)
