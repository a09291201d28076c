"""Row by row: what a refusal means, and how a body ended."""

from __future__ import annotations

import json

import pytest

from connectors import errors
from connectors.mixpanel.outcomes import (
    Ending,
    RatePolicy,
    classify,
    ending,
    error_in,
    incomplete,
    rate_policy,
    retry_after,
    said,
)

QUERY_LIMIT = (
    '{"request":"https://mixpanel.com/api/query/insights?project_id=12345","error":"Query rate limit exceeded for '
    "project_id: 12345. This request exceeded the rate limit (61/60 queries running in the last hour). For more "
    'information, please consult our documentation"}'
)

REFUSALS = [
    (400, "to_date cannot be later than today", errors.FutureDay),
    (400, '{"request":"/api/2.0/export","error":"Unable to authenticate request"}', errors.BadCredentials),
    (400, "Unable to authenticate request. Service account expired", errors.BadCredentials),
    (400, "limit may not be greater than 100000", errors.BadRequest),
    (400, "Error in from_date: invalid date, bad year", errors.BadRequest),
    (400, '{"error":"where clause: parse error near ="}', errors.BadRequest),
    (400, "event must be a JSON array", errors.BadRequest),
    (400, "Timeout Error.", errors.ExportTimeout),
    (400, "", errors.BadRequest),
    (401, '{"error":"Invalid credentials","status":"error"}', errors.BadCredentials),
    (401, '{"code":401,"error":"Invalid credentials","status":"Unauthorized"}', errors.BadCredentials),
    (401, "Unauthorized", errors.BadCredentials),
    (401, "", errors.BadCredentials),
    (402, '{"error":"Your plan does not allow API calls. Upgrade"}', errors.PlanForbids),
    (403, '{"error":"no access","status":"error"}', errors.NoProjectAccess),
    (403, "", errors.NoProjectAccess),
    (403, '{"error":"Date range exceeds 90 days into the past"}', errors.HistoryGate),
    (403, '{"error":"Date range exceeds 365 days into the past"}', errors.HistoryGate),
    (403, "<html><title>Blocked by egress policy</title></html>", errors.ServiceDown),
    (404, "Not Found", errors.BadRequest),
    (404, '{"error":"Project 12 not found"}', errors.UnknownProject),
    (407, "", errors.Unreachable),
    (413, '{"code":413,"error":"request exceeds max limit of 2097152 bytes"}', errors.BadRequest),
    (429, '{"error":"too many export requests in progress for this project"}', errors.TooManyAtOnce),
    (429, QUERY_LIMIT, errors.RateLimited),
    (429, "Query rate limit exceeded for project_id: 12345", errors.RateLimited),
    (500, "error completing export request", errors.ServiceDown),
    (500, "<html><body>Internal Server Error</body></html>", errors.ServiceDown),
    (502, "", errors.ServiceDown),
    (503, "upstream connect error or disconnect/reset before headers", errors.ServiceDown),
    (504, "<!DOCTYPE html><html></html>", errors.ServiceDown),
    (204, "", errors.ServiceDown),
    (418, "teapot", errors.BadRequest),
]


@pytest.mark.parametrize(("status", "body", "expected"), REFUSALS)
def test_a_refusal_is_told_by_status_and_text(status: int, body: str, expected: type[errors.ConnectorError]):
    error = classify(status, body, {})
    assert type(error) is expected
    assert error.status == status
    assert f"HTTP {status}" in error.detail


class TestWhatIsQuoted:
    def test_the_error_of_a_json_answer(self):
        assert said(QUERY_LIMIT).startswith("Query rate limit exceeded for project_id: 12345.")

    def test_the_title_of_a_page(self):
        assert said("<html><head><title>Bad\n Gateway</title></head><p>x</html>") == "an HTML page: Bad Gateway"

    def test_a_long_text_is_shortened(self):
        assert len(said("word " * 1000)) == 300

    def test_an_empty_answer_says_so(self):
        assert classify(502, " \n", {}).detail == "HTTP 502 without any text"


class TestHowLongToWait:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"Retry-After": "17"}, 17),
            ({"retry-after": "3600"}, 3600),
            ({"Retry-After": "86400"}, 3600),
            ({"Retry-After": "-5"}, 0),
            ({"Retry-After": "soon"}, None),
            ({"Retry-After": "nan"}, None),
            ({"Retry-After": "Fri, 11 Sep 2026 10:02:00 GMT", "Date": "Fri, 11 Sep 2026 10:00:00 GMT"}, 120),
            ({"Retry-After": "Fri, 11 Sep 2026 10:02:00 GMT"}, None),
            ({"RateLimit": '"project";r=0;t=1800, "project-concurrency";r=3'}, 1800),
            ({"RateLimit": '"project";r=0;t=1800, "project-concurrency";r=0;t=5'}, 1800),
            ({"RateLimit": '"project";r=12;t=1800, "project-concurrency";r=0;t=5'}, 5),
            ({"RateLimit": '"project";r=12;t=1800'}, None),
            ({"RateLimit": "nonsense"}, None),
            ({"Retry-After": "7", "RateLimit": '"project";r=0;t=1800'}, 7),
            ({}, None),
        ],
    )
    def test_is_read_from_the_headers(self, headers: dict[str, str], seconds: float | None):
        assert retry_after(headers) == seconds
        assert classify(429, "", headers).retry_after == seconds

    def test_means_nothing_where_waiting_does_not_help(self):
        assert classify(401, "", {"Retry-After": "5"}).retry_after is None

    def test_counts_for_a_service_that_is_down_too(self):
        assert classify(503, "", {"Retry-After": "5"}).retry_after == 5

    def test_the_limits_of_the_project_are_read(self):
        headers = {"RateLimit-Policy": '"project";q=120;w=3600, "project-concurrency";q=5;qu="concurrent-requests"'}
        assert rate_policy(headers) == {"project": RatePolicy(120, 3600), "project-concurrency": RatePolicy(5, None)}
        assert rate_policy({}) == {}


class TestErrorsInside200:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("Unable to authenticate request", errors.BadCredentials),
            ("Your plan does not allow API calls.", errors.PlanForbids),
            ("Date range exceeds 90 days into the past", errors.HistoryGate),
            ("Query rate limit exceeded", errors.RateLimited),
            ("Timeout Error.", errors.ExportTimeout),
            ("no such project", errors.UnknownProject),
            ("something else", errors.BadRequest),
        ],
    )
    def test_are_found(self, text: str, expected: type[errors.ConnectorError]):
        assert type(error_in({"request": "/api/2.0/x", "error": text})) is expected

    @pytest.mark.parametrize("answer", [["error"], {"data": {}}, {"error": None}, None, "error", 3])
    def test_are_not_invented(self, answer: object):
        assert error_in(answer) is None


GOOD = '{"event":"A","properties":{"time":1}}'

ENDINGS = [
    ("a, a complete record", GOOD, Ending.COMPLETE),
    ("a, with a carriage return", GOOD + "\r", Ending.COMPLETE),
    ("a, with the marker inside a value", '{"event":"A","properties":{"x":"terminated early"}}', Ending.COMPLETE),
    ("a, with the marker as the name", '{"event":"terminated early","properties":{}}', Ending.COMPLETE),
    ("a, with an error inside a value", '{"event":"A","properties":{"error":"x"}}', Ending.COMPLETE),
    ("a, with a lone surrogate", '{"event":"A","properties":{"x":"\\ud800"}}', Ending.COMPLETE),
    ("a, with separators inside", '{"event":"A","properties":{"x":"\u2028\u0085"}}', Ending.COMPLETE),
    ("a, with a raw control character", '{"event":"A","properties":{"x":"\x0b"}}', Ending.COMPLETE),
    ("a, with an endless number", '{"event":"A","properties":{"x":' + "9" * 5000 + "}}", Ending.COMPLETE),
    ("b, the marker on its own line", "terminated early", Ending.TERMINATED),
    ("c, the marker glued on", '{"event":"A","properties":{"Item Name":terminated early', Ending.TERMINATED),
    ("c, the marker inside an open string", '{"event":"A","properties":{"x":"abcterminated early', Ending.TERMINATED),
    ("e, the older wording", "export terminated early", Ending.TERMINATED),
    ("f, an error fragment", '{"event":"A","properties":{"x":{"error":"internal"}', Ending.ERROR_TEXT),
    ("f, a whole error", '{"error": "internal"}', Ending.ERROR_TEXT),
    ("g, a partial line", '{"event":"A","proper', Ending.CUT),
    ("g, a lost brace", GOOD[:-1], Ending.CUT),
    ("g, a fragment that is a number", "99", Ending.NOT_A_RECORD),
    ("g, a fragment that is a list", "[1]", Ending.NOT_A_RECORD),
    ("g, a fragment that is a string", '"time"', Ending.NOT_A_RECORD),
    ("g, an object without properties", '{"event":"A"}', Ending.NOT_A_RECORD),
    ("g, properties that are no object", '{"event":"A","properties":[]}', Ending.NOT_A_RECORD),
    ("g, an event that is no string", '{"event":1,"properties":{}}', Ending.NOT_A_RECORD),
    ("g, a page", "</html>", Ending.PAGE),
    ("g, a page in one line", "<html><title>Blocked</title></html>", Ending.PAGE),
    ("i, nothing", "", Ending.EMPTY),
    ("i, blanks", " \r", Ending.EMPTY),
]


@pytest.mark.parametrize(("tail", "expected"), [row[1:] for row in ENDINGS], ids=[row[0] for row in ENDINGS])
def test_a_body_is_judged_by_its_last_line(tail: str, expected: Ending):
    assert ending(tail.encode()) is expected


def test_a_last_line_with_invalid_utf_8_is_still_a_record():
    assert ending(b'{"event":"A\xff","properties":{}}') is Ending.COMPLETE


def test_a_hostile_nesting_is_not_a_record():
    assert ending(b'{"event":"A","properties":' + b"[" * 100_000) is Ending.CUT


@pytest.mark.parametrize(
    ("inner", "expected"),
    [
        ("[" * 9000 + "]" * 9000, Ending.COMPLETE),
        ('{"]}":' * 9000 + '"[{"' + "}" * 9000, Ending.COMPLETE),
        ("[" * 9000 + "]" * 8999, Ending.CUT),
        ("[" * 9000 + "]" * 9000 + "}} {", Ending.CUT),
    ],
)
def test_what_is_nested_too_deep_is_judged_by_whether_it_closes(inner: str, expected: Ending):
    assert ending(f'{{"event":"A","properties":{{"x":{inner}}}}}'.encode()) is expected


class TestTheWordsForABadEnding:
    def test_quote_the_page_that_came_instead(self):
        text = GOOD.encode() + b"\n<html>\n<title>Blocked</title>\n</html>"
        assert incomplete(Ending.PAGE, b"</html>", text).detail.endswith(": an HTML page: Blocked")

    def test_can_be_stored_whatever_was_said(self):
        error = incomplete(Ending.ERROR_TEXT, b'{"error":"shard \\u0000 \\ud83d gone"}')
        assert "\x00" not in error.detail
        assert error.detail.encode().decode() == error.detail

    def test_quote_the_error_of_the_server(self):
        tail = b'{"event":"A","properties":{"email":"ann@x.example","x":{"error":"shard 7 is gone"}'
        error = incomplete(Ending.ERROR_TEXT, tail)
        assert "shard 7 is gone" in error.detail
        assert "ann@x.example" not in error.detail

    @pytest.mark.parametrize("how", [Ending.TERMINATED, Ending.CUT, Ending.NOT_A_RECORD])
    def test_never_quote_event_data(self, how: Ending):
        assert "ann@x.example" not in incomplete(how, b'{"email":"ann@x.example"').detail

    def test_are_json_safe(self):
        json.dumps(incomplete(Ending.ERROR_TEXT, b'{"error":"\xff').detail)
