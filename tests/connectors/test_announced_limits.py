"""The ledger believes what Mixpanel announces and what its refusals make felt."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from connectors import budget
from connectors.errors import Announced, BudgetEmpty, RateLimited, TooManyAtOnce
from connectors.mixpanel import outcomes
from connectors.models import Account, RateBudget
from tests.connectors.test_budget import NOON, make_account, spend

MINUTE = timedelta(minutes=1)
HEADERS = {
    "RateLimit-Policy": '"project";q=60;w=3600, "project-concurrency";q=5;qu="concurrent-requests"',
    "RateLimit": '"project";r=12;t=1800, "project-concurrency";r=3',
}


@pytest.fixture
def shop(db: None) -> Account:
    return make_account()


def entry(shop: Account):
    return budget.reserve(shop, "1", "run", now=timezone.now())


class TestHeaders:
    def test_tell_the_limits_of_the_project(self):
        assert outcomes.announced(HEADERS) == Announced(hourly=60, at_once=5, left=12, resets_in=1800)

    def test_that_tell_nothing_are_nothing(self):
        assert outcomes.announced({"Retry-After": "3600"}) is None

    def test_travel_with_a_refusal(self):
        assert outcomes.classify(429, "slow down", HEADERS).announced.hourly == 60


class TestAnAnnouncedLimit:
    def test_below_the_setting_is_kept(self, shop):
        budget.heed(entry(shop), Announced(hourly=2, left=1))
        budget.reserve(shop, "1", "run", now=timezone.now())
        with pytest.raises(BudgetEmpty, match="2 of 2 requests"):
            budget.reserve(shop, "1", "run", now=timezone.now() + timedelta(seconds=10))

    def test_above_the_setting_raises_nothing(self, shop, settings):
        settings.EXPORTS_PER_HOUR = 1
        budget.heed(entry(shop), Announced(hourly=500, left=499))
        with pytest.raises(BudgetEmpty, match="1 of 1"):
            entry(shop)

    def test_is_forgotten_when_it_was_not_heard_for_an_hour(self, shop):
        budget.heed(entry(shop), Announced(hourly=1, left=0))
        later = timezone.now() + timedelta(minutes=70)
        assert budget.state(shop, "1", now=later).limit == 60

    def test_of_requests_at_once_is_kept(self, shop):
        budget.heed(entry(shop), Announced(at_once=1))
        with pytest.raises(BudgetEmpty):
            budget.reserve(shop, "1", "run", now=timezone.now() + timedelta(seconds=10))


class TestRequestsOfOthers:
    def test_count_and_are_shown(self, shop):
        budget.heed(entry(shop), Announced(hourly=60, left=10, resets_in=600))
        state = budget.state(shop, "1")
        assert (state.used, state.foreign, state.left) == (50, 49, 10)

    def test_leave_no_room_until_they_leave_the_hour(self, shop):
        budget.heed(entry(shop), Announced(hourly=60, left=0, resets_in=600))
        with pytest.raises(BudgetEmpty, match="59 of them by others") as empty:
            budget.reserve(shop, "1", "run", now=timezone.now() + timedelta(seconds=10))
        assert 580 < empty.value.retry_after <= 600
        assert budget.reserve(shop, "1", "run", now=timezone.now() + timedelta(seconds=601))

    def test_leave_one_by_one_until_the_next_answer_tells_more(self, shop):
        budget.heed(entry(shop), Announced(hourly=60, left=0, resets_in=600))
        later = timezone.now() + timedelta(seconds=601)
        budget.reserve(shop, "1", "run", now=later)
        with pytest.raises(BudgetEmpty):
            budget.reserve(shop, "1", "run", now=later + timedelta(seconds=5))

    def test_start_a_reservation_again_that_has_not_seen_them(self, shop):
        before = RateBudget.objects.filter(pk=entry(shop).budget_id).values_list("version", flat=True)
        seen = before.get()
        budget.heed(entry(shop), Announced(hourly=60, left=0))
        assert before.get() > seen + 1


class TestA429:
    def test_without_any_header_waits_a_minute_and_doubles(self, shop):
        waits = []
        for _number in range(6):
            error = RateLimited("HTTP 429", status=429)
            request = budget.reserve(shop, "1", "run", now=timezone.now())
            budget.fail(request, error)
            waits.append(error.retry_after)
            assert RateBudget.objects.get().blocked_until > timezone.now() + timedelta(seconds=waits[-1] - 5)
            RateBudget.objects.update(blocked_until=None)
        assert waits == [60, 120, 240, 480, 900, 900]

    def test_is_forgotten_with_the_first_answer(self, shop):
        budget.fail(entry(shop), RateLimited("HTTP 429", status=429))
        RateBudget.objects.update(blocked_until=None)
        budget.finish(entry(shop), status=200)
        assert RateBudget.objects.get().refusals == 0

    def test_for_too_many_at_once_sends_fewer_and_does_not_close_the_hour(self, shop):
        now = timezone.now() - MINUTE
        requests = [budget.reserve(shop, "1", "run", now=now + timedelta(seconds=3 * n)) for n in range(6)]
        error = outcomes.classify(429, '{"error":"too many export requests in progress for this project"}', {})
        assert isinstance(error, TooManyAtOnce)
        budget.fail(requests[-1], error)
        found = RateBudget.objects.get()
        assert (found.at_once, found.blocked_until) == (2, None)
        with pytest.raises(BudgetEmpty):
            entry(shop)
        for request in requests[:4]:
            budget.finish(request, status=200)
        assert entry(shop)


class TestTheReserve:
    @pytest.fixture(autouse=True)
    def limits(self, settings):
        settings.EXPORTS_PER_HOUR = 5

    def test_is_left_by_a_backfill_and_used_by_a_scheduled_run(self, shop):
        for number in range(3):
            spend(shop, NOON + number * MINUTE)
        with pytest.raises(BudgetEmpty, match="3 of 5 requests used this hour; 2 are kept for scheduled runs"):
            budget.reserve(shop, "1", "run", spare=2, now=NOON + 5 * MINUTE)
        assert budget.reserve(shop, "1", "run", now=NOON + 5 * MINUTE)

    def test_is_half_of_the_limit_at_most(self, shop):
        for number in range(3):
            budget.reserve(shop, "1", "run", spare=50, now=NOON + number * MINUTE)
        with pytest.raises(BudgetEmpty, match="2 are kept"):
            budget.reserve(shop, "1", "run", spare=50, now=NOON + 5 * MINUTE)

    def test_never_keeps_a_backfill_out_for_ever(self, shop, settings):
        settings.EXPORTS_PER_HOUR = 1
        assert budget.reserve(shop, "1", "run", spare=50, now=NOON)
