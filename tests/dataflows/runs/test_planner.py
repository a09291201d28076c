"""Days to windows."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dataflows.runs.planner import EVENTS_PER_WINDOW, PlannedWindow, interval, windows_for
from dataflows.scheduling import days_between

FIRST = date(2026, 3, 1)


def days(count: int) -> list[date]:
    return [FIRST + timedelta(days=number) for number in range(count)]


class TestWindowsFor:
    def test_asks_for_single_days_while_little_is_wanted_and_nothing_known(self):
        assert windows_for(days(3), {}) == [PlannedWindow(day, day) for day in reversed(days(3))]

    def test_asks_for_weeks_when_much_is_wanted_and_nothing_known(self):
        planned = windows_for(days(365), {})
        assert len(planned) == 53
        assert planned[0] == PlannedWindow(days(365)[-7], days(365)[-1])

    def test_packs_small_days_by_what_was_observed(self):
        observed = dict.fromkeys(days(60), 20_000)
        assert len(windows_for(days(60), observed)) == 3

    def test_leaves_a_big_day_alone(self):
        observed = dict.fromkeys(days(3), 10) | {days(3)[1]: EVENTS_PER_WINDOW * 3}
        alone = [PlannedWindow(day, day, observed[day]) for day in reversed(days(3))]
        assert windows_for(days(3), observed) == alone

    @given(st.integers(1, 400), st.lists(st.integers(0, 2_000_000), max_size=20))
    def test_covers_every_day_once_newest_first(self, count, sizes):
        planned = windows_for(days(count), dict(zip(days(count), sizes, strict=False)))
        covered = [day for window in planned for day in reversed(days_between(window.first, window.last))]
        assert covered == list(reversed(days(count)))


class TestInterval:
    def test_starts_with_the_history_that_is_wanted(self):
        found = interval(last=days(30)[-1], newest_loaded=None, history_from=days(30)[10], lookback_days=5)
        assert found == (days(30)[10], days(30)[-1])

    def test_reads_the_look_back_again(self):
        found = interval(last=days(30)[-1], newest_loaded=days(30)[-2], history_from=FIRST, lookback_days=5)
        assert found == (days(30)[-5], days(30)[-1])

    def test_catches_up_after_a_long_pause(self):
        found = interval(last=days(30)[-1], newest_loaded=days(30)[3], history_from=FIRST, lookback_days=5)
        assert found == (days(30)[4], days(30)[-1])

    def test_never_reads_before_the_history_that_is_wanted(self):
        found = interval(last=FIRST, newest_loaded=FIRST, history_from=FIRST, lookback_days=5)
        assert found == (FIRST, FIRST)

    def test_is_nothing_before_the_first_complete_day(self):
        assert interval(last=FIRST, newest_loaded=None, history_from=days(2)[1], lookback_days=5) is None


class TestDaysWithGaps:
    def test_no_window_reaches_over_a_gap_when_nothing_is_known(self):
        days = [*days_between(date(2026, 1, 1), date(2026, 1, 20)), *days_between(date(2026, 2, 1), date(2026, 2, 3))]
        found = windows_for(days, {})
        assert (found[0].first, found[0].last) == (date(2026, 2, 1), date(2026, 2, 3))
        assert sum((window.last - window.first).days + 1 for window in found) == len(days)

    def test_windows_tell_how_many_events_are_expected(self):
        days = days_between(date(2026, 1, 1), date(2026, 1, 3))
        assert [window.events for window in windows_for(days, {days[0]: 10, days[1]: 30})] == [60]
