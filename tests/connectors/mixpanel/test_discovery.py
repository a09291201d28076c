from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from connectors import errors
from connectors.base import Project
from connectors.mixpanel import discovery
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import Hosts, extra
from tests.connectors.mixpanel.conftest import SECRET
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer, json_answer, me

PROD = {"name": "Prod", "organization_id": 100, "timezone": "US/Pacific", "domain": "mixpanel.com", "type": "PROJECT"}
REFUSED = json_answer({"error": "Invalid credentials", "status": "error"}, 401)


class TestProjects:
    def test_are_listed_by_name(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/app/me", json_answer(me({"7": PROD, "9": {**PROD, "name": "alpha"}})))
        assert discovery.projects(client) == [
            Project("9", "alpha", "US/Pacific", "Acme", "mixpanel.com"),
            Project("7", "Prod", "US/Pacific", "Acme", "mixpanel.com"),
        ]

    @pytest.mark.parametrize(
        ("entry", "expected"),
        [
            ({}, Project("7", "7")),
            ({"name": "Prod"}, Project("7", "Prod")),
            ({"name": None, "timezone": 3, "organization_id": 55}, Project("7", "7")),
            ("not an object", Project("7", "7")),
        ],
    )
    def test_may_miss_every_field(self, server: FaultServer, client: MixpanelClient, entry, expected: Project):
        server.answer("/api/app/me", json_answer(me({"7": entry})))
        assert discovery.projects(client) == [expected]

    @pytest.mark.parametrize("answer", [{}, {"results": None}, {"results": {"projects": []}}, [], "x"])
    def test_an_answer_of_another_shape_lists_none(self, server: FaultServer, client: MixpanelClient, answer: object):
        server.answer("/api/app/me", json_answer(answer))
        assert discovery.projects(client) == []

    def test_an_answer_of_fifteen_megabytes_is_read(self, server: FaultServer, client: MixpanelClient):
        answer = me({"7": PROD})
        answer["results"]["workspaces"] = {str(number): {"members": "m" * 1000} for number in range(15_000)}
        server.answer("/api/app/me", gzip_answer(json.dumps(answer).encode(), chunked=True))
        assert [project.id for project in discovery.projects(client)] == ["7"]

    def test_bad_credentials_are_told(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/app/me", REFUSED)
        with pytest.raises(errors.BadCredentials):
            discovery.projects(client)

    def test_an_account_that_may_not_list_lists_none(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/app/me", json_answer({"error": "no access"}, 403))
        assert discovery.projects(client) == []

    def test_a_project_secret_is_not_sent_where_it_means_nothing(self, server: FaultServer):
        client = MixpanelClient(Credentials("project_secret", "", SECRET), extra(server.url))
        assert discovery.projects(client) == []
        assert server.requests == []


class TestNames:
    def test_of_events_are_sorted(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/query/events/names", json_answer(["b", "View homepage", "a"]))
        assert discovery.event_names(client, "7", 10) == ["View homepage", "a", "b"]
        assert server.requests[0].query == {"project_id": "7", "type": "general", "limit": "10"}

    def test_of_properties_come_most_used_first(self, server: FaultServer, client: MixpanelClient):
        answer = {"rare": {"count": 1}, "often": {"count": 295}, "unknown": {}}
        server.answer("/api/query/events/properties/top", json_answer(answer))
        assert discovery.property_names(client, "7", "Purchase") == ["often", "rare", "unknown"]
        assert server.requests[0].query["event"] == "Purchase"

    def test_are_not_available_on_a_free_plan(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/query", json_answer({"error": "Your plan does not allow API calls."}, 402))
        with pytest.raises(errors.PlanForbids):
            discovery.event_names(client, "7")

    def test_an_error_inside_a_200_is_an_error(self, server: FaultServer, client: MixpanelClient):
        server.answer("/api/query", json_answer({"request": "/api/2.0/x", "error": "Unable to authenticate request"}))
        with pytest.raises(errors.BadCredentials):
            discovery.event_names(client, "7")


@pytest.fixture
def places() -> Iterator[dict[str, FaultServer]]:
    """Three regions and one extra host; every one refuses until told otherwise."""
    with ExitStack() as stack:
        running = {slug: stack.enter_context(FaultServer()) for slug in ("us", "eu", "in", "extra")}
        for server in running.values():
            server.answer("/api", REFUSED)
        yield running


def regions(places: dict[str, FaultServer]) -> dict[str, Hosts]:
    return {slug: Hosts(slug, slug, *[places[slug].url] * 3) for slug in ("us", "eu", "in")}


class TestFindRegion:
    @pytest.mark.parametrize("home", ["us", "eu", "in"])
    def test_finds_where_the_credentials_are_valid(
        self, places: dict[str, FaultServer], credentials: Credentials, home: str
    ):
        places[home].answer("/api/app/me", json_answer(me({})))
        assert discovery.find_region(credentials, [places["extra"].url], regions=regions(places)) == home
        assert places["extra"].requests == []

    def test_asks_the_extra_hosts_last(self, places: dict[str, FaultServer], credentials: Credentials):
        url = places["extra"].url
        places["extra"].answer("/api/app/me", json_answer(me({})))
        assert discovery.find_region(credentials, [url], regions=regions(places)) == url

    def test_tells_what_each_one_said(self, places: dict[str, FaultServer], credentials: Credentials):
        places["in"].answer("/api/app/me", Answer(b"", 503))
        with pytest.raises(errors.BadCredentials) as caught:
            discovery.find_region(credentials, regions=regions(places))
        assert "us: HTTP 401" in caught.value.detail
        assert "eu: HTTP 401" in caught.value.detail
        assert "in: HTTP 503" in caught.value.detail
        assert SECRET not in caught.value.detail

    def test_silence_everywhere_is_no_verdict_on_the_credentials(
        self, places: dict[str, FaultServer], credentials: Credentials
    ):
        for server in places.values():
            server.answer("/api", Answer(stall=5))
        with pytest.raises(errors.Unreachable):
            discovery.find_region(credentials, regions=regions(places), timeout=0.2)

    def test_a_project_secret_is_tried_on_the_query_api(self, places: dict[str, FaultServer]):
        places["eu"].answer("/api/query", json_answer({"error": "Your plan does not allow API calls."}, 402))
        account = Credentials("project_secret", "", SECRET)
        assert discovery.find_region(account, regions=regions(places)) == "eu"
        assert all(path.startswith("/api/query/") for server in places.values() for path in server.paths())
