"""Serves the bodies over loopback as Mixpanel does; a process of its own, so that its work is not counted.

python -m bench.server FOLDER     prints its port
"""

from __future__ import annotations

import sys
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    folder: Path

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        path = self.folder / f"{asked['from_date'][0]}.gz"
        self.send_response(200)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(path.stat().st_size))
        self.end_headers()
        # Who only looks at the first records hangs up early.
        with path.open("rb") as body, suppress(BrokenPipeError, ConnectionResetError):
            self.wfile.flush()
            self.connection.sendfile(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: the benchmark's output is its figures."""


def main() -> None:
    Handler.folder = Path(sys.argv[1])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
