from __future__ import annotations

import base64
import gzip
import json
import socket
import threading
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from connectors.errors import (
    BadRequest,
    ConnectionCut,
    ConnectorError,
    HostRefused,
    ServiceDown,
    Unreachable,
)
from connectors.http import ERROR_BODY_LIMIT, HttpClient, Redactor, origin
from connectors.mixpanel import outcomes
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer, json_answer

USER, SECRET = "reader", "s3cr3t/with+odd=signs"
BASIC = base64.b64encode(f"{USER}:{SECRET}".encode()).decode()


def classify(status: int, body: str, headers: object) -> ConnectorError:
    return BadRequest(body, status=status)


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def client(server: FaultServer) -> Iterator[HttpClient]:
    made = client_of(server.url)
    yield made
    made.close()


def client_of(url: str, *allowed: str) -> HttpClient:
    return HttpClient(
        url,
        auth=(USER, SECRET),
        allowed_hosts=allowed or (url,),
        classify=classify,
        connect_timeout=1,
        idle_timeout=0.3,
    )


def received(client: HttpClient, path: str = "/x") -> bytes:
    with client.stream(path) as body:
        return b"".join(body.chunks)


class TestAsking:
    def test_sends_basic_authentication_and_asks_for_gzip(self, server: FaultServer, client: HttpClient):
        server.answer("/x", json_answer({"a": 1}))
        assert client.get_json("/x", {"q": "ä b"}) == {"a": 1}
        request = server.requests[0]
        assert request.headers["Authorization"] == f"Basic {BASIC}"
        assert request.headers["Accept-Encoding"] == "gzip"
        assert request.query == {"q": "ä b"}

    def test_a_secret_beyond_latin_1_is_sent_as_utf_8(self, server: FaultServer):
        server.answer("/x", json_answer([]))
        client = HttpClient(server.url, auth=("u", "schlüssel–€"), allowed_hosts=[server.url], classify=classify)
        client.get_json("/x")
        sent = server.requests[0].headers["Authorization"].split()[1]
        assert base64.b64decode(sent).decode() == "u:schlüssel–€"

    def test_hands_gzip_on_as_received(self, server: FaultServer, client: HttpClient):
        packed = gzip.compress(b"hello " * 1000)
        server.answer("/x", Answer(packed, headers={"Content-Encoding": "gzip"}, chunked=True, chunk_size=7))
        with client.stream("/x") as body:
            assert body.headers["content-encoding"] == "gzip"
            assert b"".join(body.chunks) == packed

    def test_decodes_gzip_where_json_is_wanted(self, server: FaultServer, client: HttpClient):
        server.answer("/x", gzip_answer(json.dumps({"a": "b" * 5000}).encode()))
        assert client.get_json("/x") == {"a": "b" * 5000}

    def test_an_answer_that_is_too_large_is_given_up(self, server: FaultServer, client: HttpClient):
        server.answer("/x", gzip_answer(b"[" + b"1," * 2_000_000 + b"1]"))
        with pytest.raises(BadRequest, match="larger than 1 MB"):
            client.get_json("/x", limit=1 << 20)

    def test_a_page_instead_of_json_is_a_service_that_does_not_work(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(b"<html><title>Sign in to the wifi</title></html>"))
        with pytest.raises(ServiceDown, match="Sign in to the wifi"):
            client.get_json("/x")

    def test_nothing_is_asked_twice(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(status=503), json_answer({}))
        with pytest.raises(BadRequest):
            client.get_json("/x")
        assert len(server.requests) == 1


class TestHosts:
    def test_a_host_that_is_not_allowed_receives_nothing(self, server: FaultServer):
        server.answer("/x", json_answer({}))
        with pytest.raises(HostRefused):
            client_of(server.url, "https://data.mixpanel.com").get_json("/x")
        assert server.requests == []

    @pytest.mark.parametrize("path", ["@evil.example/x", ".evil.example/x", ":1/x"])
    def test_a_path_cannot_change_the_host(self, path: str):
        client = client_of("https://data.mixpanel.com")
        with pytest.raises(HostRefused):
            client.get_json(path)

    @pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
    def test_a_redirect_to_another_host_never_reaches_it(self, server: FaultServer, client: HttpClient, status: int):
        with FaultServer() as thief:
            server.answer("/x", Answer(status=status, headers={"Location": thief.url + "/x"}))
            with pytest.raises(HostRefused) as caught:
                received(client)
            assert thief.requests == []
            assert thief.url in caught.value.detail

    def test_a_redirect_to_another_host_is_refused_even_if_that_host_is_allowed(self, server: FaultServer):
        with FaultServer() as other:
            server.answer("/x", Answer(status=302, headers={"Location": other.url + "/x"}))
            with pytest.raises(HostRefused):
                client_of(server.url, server.url, other.url).get_json("/x")
            assert other.requests == []

    def test_a_redirect_on_the_same_host_is_not_followed_either(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(status=302, headers={"Location": "/y"}))
        with pytest.raises(BadRequest, match="another path"):
            received(client)
        assert server.paths() == ["/x"]

    @pytest.mark.parametrize(
        "url", ["ftp://mixpanel.com", "mixpanel.com", "https://u:p@mixpanel.com", "https://", "http://a:b:c"]
    )
    def test_only_plain_web_addresses_have_an_origin(self, url: str):
        with pytest.raises(HostRefused):
            origin(url)

    def test_the_origin_spells_out_the_port(self):
        assert origin("HTTPS://Data.Mixpanel.com/x?y") == "https://data.mixpanel.com:443"


class TestBrokenConnections:
    def test_a_port_nobody_listens_on(self):
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{reserved.getsockname()[1]}"
            with pytest.raises(Unreachable, match=r"connect: 127\.0\.0\.1:\d+ refused"):
                received(client_of(url))

    def test_a_name_that_does_not_exist(self):
        with pytest.raises(Unreachable, match=r"DNS: the name nowhere\.invalid"):
            received(client_of("http://nowhere.invalid"))

    def test_a_server_without_tls(self, server: FaultServer):
        with pytest.raises(Unreachable, match="TLS: "):
            received(client_of(server.url.replace("http:", "https:")))

    def test_a_server_that_stays_silent(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(stall=5))
        with pytest.raises(Unreachable, match=r"sent nothing for 0\.3 s"):
            received(client)

    @pytest.mark.parametrize("reset", [True, False])
    @pytest.mark.parametrize("chunked", [True, False])
    def test_a_body_that_is_cut(self, server: FaultServer, client: HttpClient, reset: bool, chunked: bool):
        server.answer("/x", Answer(b"x" * 100_000, chunked=chunked, cut_after=50_000, reset=reset))
        with pytest.raises(ConnectionCut, match=r"the connection to 127\.0\.0\.1:\d+ was cut"):
            received(client)

    def test_a_body_that_stalls(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(b"x" * 1000, cut_after=500, stall=5))
        with pytest.raises(ConnectionCut, match=r"body: .* sent nothing for 0\.3 s"):
            received(client)

    def test_an_error_body_that_is_cut_still_gives_the_status(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(b"x" * 1000, status=500, cut_after=0))
        with pytest.raises(BadRequest) as caught:
            received(client)
        assert caught.value.status == 500


class TestSecrets:
    spellings = (
        SECRET,
        BASIC,
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode().rstrip("="),
        base64.b64encode(f"someone-else:{SECRET}".encode()).decode(),
        base64.b64encode(f"x{SECRET}y".encode()).decode(),
    )

    @pytest.mark.parametrize("spelling", spellings)
    def test_an_error_that_echoes_the_secret_does_not_show_it(
        self, server: FaultServer, client: HttpClient, spelling: str
    ):
        server.answer("/x", Answer(f"refused: {spelling}, sorry".encode(), status=401))
        with pytest.raises(BadRequest) as caught:
            received(client)
        assert "[redacted]" in caught.value.detail
        assert SECRET not in caught.value.detail
        assert spelling not in caught.value.detail

    def test_an_authorization_header_in_a_dump_is_taken_out(self):
        redact = Redactor(USER, SECRET)
        assert redact("GET /\nAuthorization: Bearer abc.def\nAccept: x") == "GET /\n[redacted]\nAccept: x"

    def test_ordinary_words_about_authentication_stay(self):
        text = "Unable to authenticate request: Basic authentication required"
        assert Redactor(USER, SECRET)(text) == text

    def test_with_a_project_secret_the_user_name_is_the_secret(self):
        assert "0123456789abcdef" not in Redactor("0123456789abcdef", "")("key 0123456789abcdef")

    def test_error_bodies_are_capped(self, server: FaultServer, client: HttpClient):
        server.answer("/x", Answer(b"y" * 1_000_000, status=500))
        with pytest.raises(BadRequest) as caught:
            received(client)
        assert 0 < len(caught.value.detail) <= ERROR_BODY_LIMIT

    @pytest.mark.parametrize("shift", range(0, 60, 7))
    def test_a_secret_cut_in_half_by_the_cap_does_not_survive(
        self, server: FaultServer, client: HttpClient, shift: int
    ):
        body = b"z" * (ERROR_BODY_LIMIT - shift) + (SECRET.encode() * 500)
        server.answer("/x", Answer(body, status=500))
        with pytest.raises(BadRequest) as caught:
            received(client)
        assert SECRET[:6] not in caught.value.detail

    def test_neither_repr_nor_network_errors_show_anything(self, server: FaultServer):
        client = client_of(server.url)
        server.answer("/x", Answer(stall=5))
        with pytest.raises(Unreachable) as caught, client.stream("/x", {"project_id": "12345"}):
            pass
        shown = repr(client) + str(caught.value) + repr(caught.value)
        assert SECRET not in shown
        assert BASIC not in shown
        assert "12345" not in shown


def test_a_body_without_length_that_was_given_up_is_not_whole():
    with FaultServer() as server:
        server.answer("/", Answer(b"x" * 5000, close_delimited=True, cut_after=100, stall=30))
        client = HttpClient(server.url, auth=("u", "p"), allowed_hosts=[server.url], classify=outcomes.classify)
        threading.Timer(0.3, client.abort).start()
        with client.stream("/") as body, pytest.raises(ConnectionCut):
            list(body.chunks)
