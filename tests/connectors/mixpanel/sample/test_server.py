"""The server as a process citizen: pages, starting, stopping."""

from __future__ import annotations

import http.client

import pytest
import requests

from connectors.mixpanel.sample.server import SampleServer
from tests.connectors.mixpanel.sample.conftest import running


def test_the_front_page_says_what_this_is(ask) -> None:
    answer = ask("/", None)
    assert answer.status_code == 200
    assert answer.text.startswith("Sample Mixpanel\n\nThis is not Mixpanel.")


@pytest.mark.parametrize("path", ["/api/2.0/engage", "/api/query/jql", "/sample", "/api/2.0/export/", "/sample/reset"])
def test_everything_else_is_a_404_in_json(ask, path) -> None:
    answer = ask(path)
    assert (answer.status_code, answer.json()) == (404, {"error": "not found", "status": "error"})


def test_a_huge_body_is_refused_unread(shared_server, session) -> None:
    answer = session.post(f"{shared_server.url}/sample/late-event", data=b" " * 70_000, timeout=10)
    assert answer.status_code == 413


def test_stop_ends_open_connections_too(session) -> None:
    server = running().start()
    url = server.url
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=5)
    connection.request("GET", "/")
    connection.getresponse().read()
    server.stop()
    assert connection.sock.recv(1) == b""
    connection.close()
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)


def test_a_stopped_server_has_no_address() -> None:
    server = running().start()
    server.stop()
    server.stop()
    with pytest.raises(RuntimeError, match="not started"):
        _ = server.url


def test_a_busy_port_is_an_os_error(shared_server) -> None:
    port = int(shared_server.url.rpartition(":")[2])
    with pytest.raises(OSError):
        SampleServer(port).start()


def test_without_a_fixed_date_it_follows_the_clock(session) -> None:
    with SampleServer(events_per_day=100) as server:
        added = session.post(f"{server.url}/sample/late-event", timeout=10).json()
    assert added["status"] == "ok"
