"""The connection test as the user sees it, against servers that play the regions."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime

import pytest

from connectors.base import CheckStep, StepState
from connectors.errors import BudgetEmpty, ConnectorError
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.hosts import Hosts
from connectors.mixpanel.source import MixpanelSource
from tests.connectors.mixpanel.conftest import SECRET, line
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, json_answer, me

NOW = datetime(2026, 9, 10, 4, 0, tzinfo=UTC)  # still the 9th in Los Angeles
PROD = {"name": "Prod", "organization_id": 100, "timezone": "US/Pacific", "domain": "mixpanel.com"}
REFUSED = json_answer({"error": "Invalid credentials", "status": "error"}, 401)
ORDER = ["reachable", "credentials", "project", "export", "timezone", "budget"]


class Ledger:
    """The product's budget, as far as the test may know it."""

    def __init__(self, limit: int = 60) -> None:
        self.purposes: list[str] = []
        self.failures: list[str] = []
        self.limit = limit

    @contextmanager
    def spend(self, purpose: str) -> Iterator[object]:
        if len(self.purposes) >= self.limit:
            raise BudgetEmpty("60 of 60 requests used this hour", retry_after=600)
        self.purposes.append(purpose)
        try:
            yield object()
        except ConnectorError as error:
            self.failures.append(error.code)
            raise

    def left(self) -> tuple[int, int]:
        return len(self.purposes), self.limit


@pytest.fixture
def world() -> Iterator[dict[str, FaultServer]]:
    """Three regions: the account and its project are at home in the US."""
    with ExitStack() as stack:
        servers = {slug: stack.enter_context(FaultServer()) for slug in ("us", "eu", "in")}
        for server in servers.values():
            server.answer("/api", REFUSED)
        servers["us"].answer("/api/app/me", json_answer(me({"7": PROD, "8": {**PROD, "name": "Staging"}})))
        servers["us"].answer("/api/2.0/export", Answer(line(1)))
        yield servers


class AccountCheck:
    def __init__(self, world: dict[str, FaultServer]) -> None:
        self.world, self.ledger = world, Ledger()
        self.account = Credentials("service_account", "reader", SECRET)

    def source(self, region: str) -> MixpanelSource:
        regions = {slug: Hosts(slug, slug.upper(), *[server.url] * 3) for slug, server in self.world.items()}
        return MixpanelSource(self.account, region, connect_timeout=1, idle_timeout=0.5, regions=regions)

    def __call__(self, project_id: str = "7", region: str = "us", timezone: str = "") -> dict[str, CheckStep]:
        steps = self.source(region).check(
            project_id, timezone=timezone, now=NOW, spend=self.ledger.spend, budget_left=self.ledger.left
        )
        return {step.slug: step for step in steps}


@pytest.fixture
def check(world: dict[str, FaultServer]) -> AccountCheck:
    return AccountCheck(world)


def states(steps: dict[str, CheckStep]) -> str:
    """O, W, F or S per step, in order."""
    return "".join(steps[slug].state.name[0] for slug in ORDER)


def expect_failure(steps: dict[str, CheckStep], pattern: str, slug: str, code: str) -> CheckStep:
    assert states(steps) == pattern
    assert (steps[slug].state, steps[slug].code) == (StepState.FAILED, code)
    assert steps[slug].remedy
    assert all(SECRET not in step.detail + step.remedy for step in steps.values())
    return steps[slug]


class TestAllIsWell:
    def test_every_step_passes_in_order(self, check: AccountCheck):
        steps = check(timezone="Pacific Standard Time")
        assert list(steps) == ORDER
        assert states(steps) == "OOOOOO"
        assert steps["project"].detail == "Prod (7)"
        assert not any(step.remedy or step.code for step in steps.values())

    def test_the_one_export_is_small_complete_and_in_the_ledger(
        self, check: AccountCheck, world: dict[str, FaultServer]
    ):
        steps = check()
        sent = [request.query for request in world["us"].requests if "export" in request.path]
        assert sent == [{"project_id": "7", "from_date": "2026-09-08", "to_date": "2026-09-08", "limit": "10"}]
        assert check.ledger.purposes == ["connection test"]
        assert steps["budget"].detail == "1 of 60 export requests used in the last hour."

    def test_an_empty_day_makes_it_step_back_once(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/2.0/export", Answer(b""), Answer(line(1)))
        steps = check()
        assert states(steps) == "OOOOOO"
        assert "2026-08-09 to 2026-09-07" in steps["export"].detail
        assert len(check.ledger.purposes) == 2

    def test_a_month_without_events_is_a_warning_after_two_requests(
        self, check: AccountCheck, world: dict[str, FaultServer]
    ):
        world["us"].answer("/api/2.0/export", Answer(b""))
        assert states(check()) == "OOOWOO"
        assert len(check.ledger.purposes) == 2

    def test_steps_are_handed_over_one_by_one(self, check: AccountCheck, world: dict[str, FaultServer]):
        steps = check.source("us").check("7", now=NOW, spend=check.ledger.spend, budget_left=check.ledger.left)
        assert world["us"].requests == []
        assert next(steps).slug == "reachable"
        assert world["us"].paths() == ["/api/app/me"]


class TestCredentials:
    def test_a_wrong_secret_is_named_after_all_regions_were_asked(
        self, check: AccountCheck, world: dict[str, FaultServer]
    ):
        world["us"].answer("/api/app/me", REFUSED)
        step = expect_failure(check(), "OFSSSS", "credentials", "bad_credentials")
        assert "eu: HTTP 401" in step.detail
        assert "in: HTTP 401" in step.detail
        assert check.ledger.purposes == []

    def test_an_expired_account_that_is_refused_with_400_is_the_same(
        self, check: AccountCheck, world: dict[str, FaultServer]
    ):
        world["us"].answer("/api/app/me", Answer(b"Unable to authenticate request", 400))
        expect_failure(check(), "OFSSSS", "credentials", "bad_credentials")

    def test_the_right_region_is_named(self, check: AccountCheck):
        step = expect_failure(check(region="eu"), "OFSSSS", "credentials", "wrong_region")
        assert "valid in the region “us”" in step.detail
        assert "EU" in step.detail

    def test_what_is_meant_for_an_extra_host_is_sent_to_nobody_else(self, world: dict[str, FaultServer]):
        ledger = Ledger()
        with FaultServer() as sample:
            sample.answer("/api/app/me", REFUSED)
            regions = {slug: Hosts(slug, slug, *[server.url] * 3) for slug, server in world.items()}
            account = Credentials("service_account", "reader", SECRET)
            source = MixpanelSource(account, sample.url, (sample.url,), regions=regions)
            steps = list(source.check("7", now=NOW, spend=ledger.spend, budget_left=ledger.left))
        assert steps[1].code == "bad_credentials"
        assert all(server.requests == [] for server in world.values())

    def test_an_echoed_secret_is_not_shown(self, check: AccountCheck, world: dict[str, FaultServer]):
        for server in world.values():
            server.answer("/api/app/me", Answer(f"bad secret {SECRET}".encode(), 401))
        expect_failure(check(), "OFSSSS", "credentials", "bad_credentials")

    def test_a_rate_limit_is_no_verdict(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", Answer(b"", 429))
        assert states(check())[:4] == "OWWO"


class TestReachable:
    def test_silence(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", Answer(stall=5))
        expect_failure(check(), "FSSSSS", "reachable", "unreachable")

    def test_a_page_of_somebody_in_between(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", Answer(b"<html><title>Hotel wifi</title></html>"))
        assert "Hotel wifi" in expect_failure(check(), "FSSSSS", "reachable", "service_down").detail

    def test_a_redirect_elsewhere(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", Answer(status=302, headers={"Location": world["eu"].url + "/login"}))
        expect_failure(check(), "FSSSSS", "reachable", "host_refused")
        assert world["eu"].requests == []


class TestProject:
    def test_no_project_at_all(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", json_answer(me({})))
        expect_failure(check(), "OOFSSS", "project", "no_project_access")

    def test_a_project_the_account_does_not_see(self, check: AccountCheck):
        step = expect_failure(check("99"), "OOFSSS", "project", "unknown_project")
        assert "Prod (7), Staging (8)" in step.detail

    def test_a_long_list_is_shortened(self, check: AccountCheck, world: dict[str, FaultServer]):
        many = {str(number): {**PROD, "name": f"P{number:02}"} for number in range(20)}
        world["us"].answer("/api/app/me", json_answer(me(many)))
        assert "and 15 more" in check("99")["project"].detail

    def test_a_project_that_lives_elsewhere(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", json_answer(me({"7": {**PROD, "domain": "eu.mixpanel.com"}})))
        assert "“eu”" in expect_failure(check(), "OOFSSS", "project", "wrong_region").detail

    def test_none_chosen_yet_is_no_failure(self, check: AccountCheck):
        steps = check("")
        assert states(steps) == "OOSSSS"
        assert steps["project"].detail.startswith("2 projects visible")
        assert check.ledger.purposes == []

    def test_an_account_that_may_not_list_is_judged_by_the_export(
        self, check: AccountCheck, world: dict[str, FaultServer]
    ):
        world["us"].answer("/api/app/me", json_answer({"error": "no access"}, 403))
        assert states(check()) == "OWWOWO"

    def test_an_id_that_is_no_number_is_not_sent(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", json_answer({"error": "no access"}, 403))
        expect_failure(check("Prod"), "OWFSSS", "project", "unknown_project")

    def test_a_project_secret_needs_none(self, check: AccountCheck, world: dict[str, FaultServer]):
        check.account = Credentials("project_secret", "", SECRET)
        world["us"].answer("/api/query", json_answer({"error": "Your plan does not allow API calls."}, 402))
        assert states(check("")) == "OOOOWO"
        assert not any("project_id" in request.query for request in world["us"].requests)


class TestExport:
    @pytest.mark.parametrize(
        ("answer", "code"),
        [
            (json_answer({"error": "no access"}, 403), "no_project_access"),
            (REFUSED, "bad_credentials"),
            (Answer(line(1) + b"terminated early"), "incomplete_export"),
            (Answer(b"", 503), "service_down"),
            (Answer(b"x" * 100, cut_after=5), "connection_cut"),
        ],
    )
    def test_a_failure_is_named_and_in_the_ledger(
        self, check: AccountCheck, world: dict[str, FaultServer], answer: Answer, code: str
    ):
        world["us"].answer("/api/2.0/export", answer)
        expect_failure(check(), "OOOFOO", "export", code)
        assert check.ledger.failures == [code]

    def test_an_empty_budget_is_a_warning_and_sends_nothing(self, check: AccountCheck, world: dict[str, FaultServer]):
        check.ledger.limit = 0
        steps = check()
        assert states(steps) == "OOOWOW"
        assert steps["export"].code == "budget_empty"
        assert "/api/2.0/export" not in world["us"].paths()

    def test_mixpanels_own_limit_is_a_warning(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/2.0/export", Answer(b"too many export requests in progress", 429))
        assert states(check()) == "OOOWOO"


class TestTimezone:
    def test_another_zone_is_a_mismatch(self, check: AccountCheck):
        step = expect_failure(check(timezone="Europe/Berlin"), "OOOOFO", "timezone", "timezone_mismatch")
        assert "US/Pacific" in step.detail

    def test_arizona_is_not_the_mountains(self, check: AccountCheck, world: dict[str, FaultServer]):
        world["us"].answer("/api/app/me", json_answer(me({"7": {**PROD, "timezone": "US/Mountain"}})))
        assert check(timezone="US Mountain Standard Time")["timezone"].code == "timezone_mismatch"
        assert check(timezone="Mountain Standard Time")["timezone"].state is StepState.OK

    def test_a_name_that_is_none(self, check: AccountCheck):
        step = expect_failure(check(timezone="Europe/Berln"), "OOOOFO", "timezone", "unknown_timezone")
        assert "Europe/Berlin" in step.detail

    @pytest.mark.parametrize("theirs", ["", "Mars/Base"])
    def test_a_project_that_does_not_tell_is_a_warning(
        self, check: AccountCheck, world: dict[str, FaultServer], theirs: str
    ):
        world["us"].answer("/api/app/me", json_answer(me({"7": {**PROD, "timezone": theirs}})))
        assert states(check(timezone="Europe/Berlin")) == "OOOOWO"
