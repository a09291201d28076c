"""The ledger of export requests: never more than allowed, and when the next one is free."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from connectors import budget
from connectors.errors import BudgetEmpty, ConnectionCut, PlanForbids, RateLimited
from connectors.models import Account, ExportRequest
from connectors.sealed import Sealed

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
# Seconds the ledger adds to the hour, because Mixpanel counts from the arrival of a request.
MARGIN = 5


def make_account(name: str = "Shop", region: str = "us") -> Account:
    return Account.objects.create(
        name=name, region=region, secret=Sealed.seal("s"), secret_changed_at=NOON, username="u"
    )


@pytest.fixture
def shop(db: None) -> Account:
    return make_account()


@pytest.fixture
def three_an_hour(settings: Any) -> None:
    settings.EXPORTS_PER_HOUR = 3


def spend(account: Account, at: datetime, project: str = "1") -> None:
    request = budget.reserve(account, project, "run", now=at)
    ExportRequest.objects.filter(pk=request.pk).update(ended_at=at)


class TestTheHour:
    def test_ends_when_the_limit_is_hit_and_says_when_the_oldest_request_leaves_it(self, shop, three_an_hour):
        for minutes in (0, 10, 20):
            spend(shop, NOON + minutes * MINUTE)
        with pytest.raises(BudgetEmpty, match="3 of 3 requests used this hour") as empty:
            spend(shop, NOON + 25 * MINUTE)
        assert empty.value.retry_after == 35 * 60 + MARGIN
        assert ExportRequest.objects.count() == 3

    def test_rolls_on(self, shop, three_an_hour):
        for minutes in (0, 10, 20):
            spend(shop, NOON + minutes * MINUTE)
        spend(shop, NOON + 60 * MINUTE + timedelta(seconds=MARGIN))
        with pytest.raises(BudgetEmpty) as empty:
            spend(shop, NOON + 65 * MINUTE)
        assert empty.value.retry_after == 5 * 60 + MARGIN

    def test_is_the_projects_own(self, shop, three_an_hour):
        for minutes in range(3):
            spend(shop, NOON + minutes * MINUTE, "1")
        spend(shop, NOON + 5 * MINUTE, "2")
        assert budget.state(shop, "2", now=NOON + 5 * MINUTE).used == 1

    def test_is_shared_by_all_accounts_of_the_project(self, shop, three_an_hour):
        other = make_account("Other")
        for minutes, account in enumerate((shop, other, shop)):
            spend(account, NOON + minutes * MINUTE)
        with pytest.raises(BudgetEmpty):
            spend(other, NOON + 5 * MINUTE)

    def test_is_not_shared_with_the_same_number_in_another_region(self, shop, three_an_hour):
        spend(shop, NOON)
        assert budget.state(make_account("Other", "eu"), "1", now=NOON).used == 0

    def test_can_be_looked_at_without_using_it(self, shop, three_an_hour):
        spend(shop, NOON)
        first, second = (budget.state(shop, "1", now=NOON + MINUTE) for _ in range(2))
        assert first == second == budget.BudgetState(used=1, limit=3, free_at=None)
        assert first.left == 2


class TestTheOtherLimits:
    def test_three_in_one_second_and_no_more(self, shop):
        for milliseconds in (0, 100, 200):
            spend(shop, NOON + timedelta(milliseconds=milliseconds))
        with pytest.raises(BudgetEmpty) as empty:
            spend(shop, NOON + timedelta(milliseconds=500))
        assert empty.value.retry_after == pytest.approx(1.5)
        spend(shop, NOON + timedelta(milliseconds=2001))

    def test_requests_that_are_still_running_count_as_at_once(self, shop, settings):
        settings.EXPORTS_AT_ONCE = 1
        budget.reserve(shop, "1", "run", now=NOON)
        with pytest.raises(BudgetEmpty):
            budget.reserve(shop, "1", "run", now=NOON + MINUTE)

    def test_a_request_whose_worker_died_blocks_nobody_for_ever(self, shop, settings):
        settings.EXPORTS_AT_ONCE = 1
        budget.reserve(shop, "1", "run", now=NOON)
        assert budget.reserve(shop, "1", "run", now=NOON + budget.ABANDONED + MINUTE).pk

    def test_mixpanels_own_429_closes_the_budget_for_as_long_as_it_asks(self, shop):
        with pytest.raises(RateLimited), budget.spending(shop, "1", "run"):
            raise RateLimited("Too many requests", status=429, retry_after=600)
        with pytest.raises(BudgetEmpty) as empty:
            budget.reserve(shop, "1", "run")
        assert empty.value.retry_after == pytest.approx(600, abs=5)


@pytest.mark.django_db
class TestSpending:
    def test_writes_what_came_of_the_request(self, shop):
        with budget.spending(shop, "1", "preview", reference="window:7") as request:
            request.size = 1234
        done = ExportRequest.objects.get()
        assert (done.status, done.size, done.reference, done.counted) == (200, 1234, "window:7", True)
        assert done.ended_at is not None

    def test_writes_the_error_and_lets_it_pass(self, shop):
        with pytest.raises(ConnectionCut), budget.spending(shop, "1", "run"):
            raise ConnectionCut("after 3 MB")
        failed = ExportRequest.objects.get()
        assert (failed.code, failed.detail, failed.counted) == ("connection_cut", "after 3 MB", True)

    def test_gives_back_what_mixpanel_refused_to_count(self, shop):
        with pytest.raises(PlanForbids), budget.spending(shop, "1", "run"):
            raise PlanForbids("no", status=402)
        assert budget.state(shop, "1").used == 0

    def test_ends_the_request_of_a_worker_that_failed_otherwise(self, shop):
        with pytest.raises(ZeroDivisionError), budget.spending(shop, "1", "run"):
            raise ZeroDivisionError
        assert ExportRequest.objects.get().ended_at is not None


@pytest.mark.django_db(transaction=True)
def test_workers_that_ask_at_the_same_moment_never_exceed_the_limit(settings):
    settings.EXPORTS_PER_HOUR, settings.EXPORTS_PER_SECOND = 10, 1000
    shop, refused, broken = make_account(), [], []
    start = threading.Barrier(6)

    def work() -> None:
        start.wait()
        try:
            for _ in range(4):
                try:
                    budget.reserve(shop, "1", "run", now=timezone.now())
                except BudgetEmpty as empty:
                    refused.append(empty)
        except Exception as error:
            broken.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert broken == []
    assert ExportRequest.objects.count() == 10
    assert len(refused) == 14
