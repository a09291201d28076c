"""When planned windows will be done."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from dataflows.runs.forecast import Allowance, Pace, forecast
from dataflows.runs.planner import PlannedWindow

NOW = datetime(2026, 9, 10, 12, tzinfo=UTC)
DAY = date(2026, 9, 1)
PACE = Pace(answer_seconds=10, events_per_second=1000)


def windows(count: int, events: int | None = 50_000) -> list[PlannedWindow]:
    return [PlannedWindow(DAY, DAY, events)] * count


def said(count: int, *, hourly: int = 60, used: int = 0, at_once: int = 1, events: int | None = 50_000):
    sent = [NOW - timedelta(minutes=30)] * used
    return forecast(windows(count, events), Allowance(hourly, sent, at_once), PACE, now=NOW)


class TestWhileTheBudgetLasts:
    def test_windows_follow_each_other(self):
        assert said(3).duration == timedelta(minutes=3)

    def test_workers_share_them(self):
        assert said(4, at_once=2).duration == timedelta(minutes=2)

    def test_nothing_waits(self):
        assert not said(3).waits

    def test_events_are_added_up(self):
        assert said(3).events == 150_000


class TestWhenTheBudgetIsUsedUp:
    def test_the_rest_waits_for_the_hour_to_pass(self):
        # Two go at once, the third an hour after the first.
        found = said(3, hourly=2)
        assert found.finish == NOW + timedelta(hours=1, minutes=1)
        assert found.waits

    def test_requests_of_others_count(self):
        # The used one leaves the hour in half an hour.
        assert said(1, hourly=1, used=1).finish == NOW + timedelta(minutes=31)

    def test_it_goes_on_hour_by_hour(self):
        assert said(121, hourly=60, at_once=60).finish == NOW + timedelta(hours=2, minutes=1)

    def test_a_budget_of_nothing_still_ends(self):
        assert said(2, hourly=0).finish == NOW + timedelta(hours=1, minutes=1)


class TestWhatIsNotKnown:
    def test_is_said_to_be_unknown(self):
        assert said(2, events=None).events is None

    def test_takes_time_all_the_same(self):
        assert said(2, events=None).duration > timedelta(minutes=1)

    def test_nothing_to_read_takes_no_time(self):
        assert said(0).duration == timedelta(0)
