"""The export endpoint: parameters, compression and streaming."""

from __future__ import annotations

import gzip
import http.client
import json
import zlib

import pytest
import requests

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, SECRET, USERNAME
from connectors.mixpanel.sample.server import SampleServer
from tests.connectors.mixpanel.sample.conftest import asker, running
from tests.connectors.mixpanel.sample.records import records

Connect = type[http.client.HTTPConnection]


class OldConnection(http.client.HTTPConnection):
    """Speaks HTTP/1.0, which knows no chunks."""

    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


class TestParameters:
    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"from_date": ""}, "Missing required parameter: from_date"),
            ({"to_date": ""}, "Missing required parameter: to_date"),
            ({"from_date": "2026-3-1"}, "Error in from_date: invalid date"),
            ({"from_date": "2026-02-30"}, "Error in from_date: invalid date"),
            ({"from_date": "2026-03-19"}, "from_date cannot be later than to_date"),
            ({"to_date": "2026-03-21"}, "to_date cannot be later than today"),
            ({"limit": "100001"}, "limit must be a number between 1 and 100000"),
            ({"limit": "0"}, "limit must be"),
            ({"limit": "ten"}, "limit must be"),
            ({"event": "Purchase"}, "event must be a JSON array"),
            ({"event": "[1]"}, "event must be a JSON array"),
            ({"where": 'defined(properties["x"])'}, "where is not supported by the sample"),
        ],
    )
    def test_a_wrong_one_is_a_400_that_says_so(self, export, params, says) -> None:
        answer = export("2026-03-18", **params)
        assert answer.status_code == 400
        assert says in answer.text

    def test_event_selects_by_exact_name(self, export) -> None:
        wanted = {"Purchase", "Signed Up"}
        everything = [r for r in records(export("2026-03-18").content) if r["event"] in wanted]
        chosen = records(export("2026-03-18", event=json.dumps([*wanted, "purchase"])).content)
        assert chosen == everything
        assert {record["event"] for record in chosen} == wanted

    def test_limit_cuts_to_the_first_lines_even_across_days(self, export) -> None:
        first = export("2026-03-17").content
        both = export("2026-03-17", "2026-03-18").content
        more = len(records(first)) + 5
        assert export("2026-03-17", "2026-03-18", limit=more).content == b"".join(both.splitlines(keepends=True)[:more])

    def test_both_ends_of_the_range_are_included(self, export) -> None:
        days = ["2026-03-16", "2026-03-17", "2026-03-18"]
        assert export(days[0], days[2]).content == b"".join(export(day).content for day in days)


class TestEmptiness:
    @pytest.mark.parametrize("params", [("2026-03-20",), ("2025-01-01",), ("1999-01-01", "1999-02-01")])
    def test_a_day_without_events_is_an_empty_200(self, export, params) -> None:
        answer = export(*params)
        assert (answer.status_code, answer.headers["Content-Length"], answer.content) == (200, "0", b"")

    def test_an_unknown_event_name_gives_an_empty_200(self, export) -> None:
        answer = export("2026-03-18", event='["Nope"]')
        assert (answer.status_code, answer.content) == (200, b"")


class TestCompression:
    def raw(
        self, server: SampleServer, accept: str, connect: Connect = http.client.HTTPConnection, **params: object
    ) -> tuple[http.client.HTTPMessage, bytes]:
        wanted = {"project_id": LEGACY_PROJECT_ID, "from_date": "2026-03-16", "to_date": "2026-03-18"} | params
        target = requests.Request(
            "GET", f"{server.url}/api/2.0/export", params=wanted, auth=(USERNAME, SECRET)
        ).prepare()
        connection = connect(server.url.removeprefix("http://"), timeout=10)
        headers = {"Accept-Encoding": accept, "Authorization": target.headers["Authorization"]}
        connection.request("GET", target.path_url, headers=headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response.headers, body

    def test_several_days_are_one_gzip_member_with_a_right_trailer(self, shared_server) -> None:
        headers, body = self.raw(shared_server, "gzip, deflate")
        member = zlib.decompressobj(31)
        plain = member.decompress(body)
        assert headers["Content-Encoding"] == "gzip"
        assert headers["Transfer-Encoding"] == "chunked"
        assert headers["Content-Type"].startswith("text/plain")
        assert member.eof
        assert member.unused_data == b""
        assert plain == self.raw(shared_server, "identity")[1] == gzip.decompress(body)

    @pytest.mark.parametrize("accept", ["", "identity", "gzip;q=0", "deflate, br"])
    def test_who_does_not_ask_for_gzip_gets_plain_lines(self, shared_server, accept) -> None:
        headers, body = self.raw(shared_server, accept)
        assert headers["Content-Encoding"] is None
        assert body.startswith(b'{"event":')

    def test_a_body_of_1400_bytes_or_less_is_never_compressed(self, shared_server) -> None:
        headers, body = self.raw(shared_server, "gzip", limit=1)
        assert headers["Content-Encoding"] is None
        assert len(body) <= 1400
        assert int(headers["Content-Length"]) == len(body)
        assert len(records(body)) == 1

    def test_an_old_client_gets_no_chunks(self, shared_server) -> None:
        headers, body = self.raw(shared_server, "identity", connect=OldConnection)
        assert headers["Transfer-Encoding"] is None
        assert body == self.raw(shared_server, "identity")[1]


def test_one_connection_serves_many_requests(shared_server) -> None:
    connection = http.client.HTTPConnection(shared_server.url.removeprefix("http://"), timeout=10)
    bodies = []
    for path in ("/", "/nowhere", "/"):
        connection.request("GET", path)
        local_port = connection.sock.getsockname()[1]
        bodies.append((local_port, connection.getresponse().read()))
    connection.close()
    assert len({port for port, _ in bodies}) == 1
    assert bodies[0] == bodies[2] != bodies[1]


def test_the_server_is_what_the_arguments_say_and_nothing_else(session, export) -> None:
    with running() as again:
        params = {"project_id": LEGACY_PROJECT_ID, "from_date": "2026-03-18", "to_date": "2026-03-18"}
        assert asker(again, session)("/api/2.0/export", **params).content == export("2026-03-18").content
