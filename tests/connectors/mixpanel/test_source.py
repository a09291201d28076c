from __future__ import annotations

from datetime import date

import pytest

from connectors import registry
from connectors.base import DayRange, Source
from connectors.errors import HostRefused, PlanForbids
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.source import MixpanelSource
from tests.connectors.mixpanel.conftest import MemoryLanding, line
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer, json_answer, me

DAY = DayRange(date(2026, 9, 1), date(2026, 9, 1))


@pytest.fixture
def source(server: FaultServer, credentials: Credentials) -> Source:
    return registry.open_source("mixpanel", credentials=credentials, region=server.url, extra_hosts=(server.url,))


class TestMixpanel:
    def test_lists_projects_and_event_names(self, server: FaultServer, source: Source):
        server.answer("/api/app/me", json_answer(me({"7": {"name": "Prod"}})))
        server.answer("/api/query/events/names", json_answer(["A"]))
        assert [project.name for project in source.projects()] == ["Prod"]
        assert source.event_names("7") == ["A"]

    def test_says_when_the_plan_has_no_queries(self, server: FaultServer, source: Source):
        server.answer("/api/query", Answer(b"", 402))
        with pytest.raises(PlanForbids):
            source.event_names("7")

    def test_copies_and_reads_back(self, server: FaultServer, source: Source, landing: MemoryLanding):
        server.answer("/api/2.0/export", gzip_answer(line(1) + line(2)))
        landed = source.copy("7", DAY, landing, "k", lambda received: None)
        assert b"".join(source.blocks(landing, landed.key)) == line(1) + line(2)

    def test_previews(self, server: FaultServer, source: Source):
        server.answer("/api/2.0/export", Answer(line(1)))
        assert source.sample("7", DAY, 5)[0]["properties"]["distinct_id"] == "u"

    def test_refuses_a_host_that_the_operator_did_not_allow(self, credentials: Credentials):
        with pytest.raises(HostRefused):
            MixpanelSource(credentials, "https://evil.example")


class TestRegistry:
    def test_every_source_has_a_card_and_every_card_a_source(self):
        assert {card.kind for card in registry.CATALOG} == set(registry.SOURCES)
        assert registry.card("mixpanel").category == "Analytics"

    @pytest.mark.parametrize("kind", ["", "amplitude", "os.system"])
    def test_an_unknown_kind_opens_nothing(self, kind: str):
        with pytest.raises(LookupError):
            registry.open_source(kind)
        with pytest.raises(LookupError):
            registry.card(kind)
