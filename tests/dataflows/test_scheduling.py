"""When a dataflow is due."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dataflows.scheduling import Schedule, ScheduleInvalid, days_between, last_day

NEW_YORK = ZoneInfo("America/New_York")


def at(text: str, zone: ZoneInfo | None = None) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=zone or UTC)


def schedule(frequency: str, interval: int = 1, *, start: datetime, zone: str = "UTC", cron: str = "") -> Schedule:
    return Schedule(frequency, interval, cron, zone, start)


class TestNextAfter:
    def test_is_the_start_until_the_start(self):
        daily = schedule("day", start=at("2026-03-01T06:00"))
        assert daily.next_after(at("2026-02-01T00:00")) == at("2026-03-01T06:00")

    def test_is_strictly_later(self):
        daily = schedule("day", start=at("2026-03-01T06:00"))
        assert daily.next_after(at("2026-03-01T06:00")) == at("2026-03-02T06:00")

    def test_is_nothing_after_a_single_run(self):
        once = schedule("once", start=at("2026-03-01T06:00"))
        assert once.next_after(at("2026-02-28T00:00")) == at("2026-03-01T06:00")
        assert once.next_after(at("2026-03-01T06:00")) is None

    def test_skips_the_slots_that_were_missed(self):
        quarter_hourly = schedule("minute", 15, start=at("2026-03-01T00:00"))
        assert quarter_hourly.next_after(at("2026-03-09T10:07")) == at("2026-03-09T10:15")

    def test_counts_weeks_from_the_start(self):
        fortnightly = schedule("week", 2, start=at("2026-03-02T06:00"))
        assert fortnightly.next_after(at("2026-03-03T00:00")) == at("2026-03-16T06:00")

    @given(
        st.sampled_from(["minute", "hour", "day", "week"]),
        st.integers(1, 50),
        st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1)),  # noqa: DTZ001
        st.timedeltas(timedelta(0), timedelta(days=700)),
    )
    def test_is_always_later_and_repeats_no_slot(self, frequency, interval, start, passed):
        flow = schedule(frequency, interval + 14, start=start.replace(tzinfo=UTC), zone="America/New_York")
        moment = start.replace(tzinfo=UTC) + passed
        due = flow.next_after(moment)
        assert due > moment
        assert flow.next_after(due - timedelta(microseconds=1)) == due


class TestDaylightSaving:
    def test_a_daily_time_keeps_the_clock_of_its_zone(self):
        daily = schedule("day", start=at("2026-03-06T09:00", NEW_YORK), zone="America/New_York")
        hours = [due.astimezone(NEW_YORK).hour for due in daily.upcoming(at("2026-03-06T00:00"), 5)]
        assert hours == [9, 9, 9, 9, 9]

    def test_a_time_in_the_spring_gap_moves_to_its_end(self):
        daily = schedule("day", start=at("2026-03-07T02:30", NEW_YORK), zone="America/New_York")
        second = daily.upcoming(at("2026-03-07T00:00"), 2)[1]
        assert second.astimezone(NEW_YORK) == at("2026-03-08T03:00", NEW_YORK)

    def test_a_time_that_happens_twice_is_used_once(self):
        daily = schedule("day", start=at("2026-10-31T01:30", NEW_YORK), zone="America/New_York")
        due = daily.upcoming(at("2026-10-31T00:00"), 3)
        assert [moment.astimezone(NEW_YORK).day for moment in due] == [31, 1, 2]
        assert due[1] == at("2026-11-01T05:30")

    def test_cron_fires_once_on_the_autumn_night_too(self):
        nightly = schedule("cron", start=at("2026-10-31T00:00", NEW_YORK), zone="America/New_York", cron="30 1 * * *")
        days = [due.astimezone(NEW_YORK).day for due in nightly.upcoming(at("2026-10-30T00:00"), 3)]
        assert days == [31, 1, 2]


class TestCheck:
    @pytest.mark.parametrize(("frequency", "interval"), [("minute", 0), ("minute", 14), ("hour", 0), ("day", 0)])
    def test_names_the_shortest_interval(self, frequency, interval):
        with pytest.raises(ScheduleInvalid, match="shortest interval") as caught:
            schedule(frequency, interval, start=at("2026-03-01T00:00")).check()
        assert caught.value.field == "interval"

    @pytest.mark.parametrize("expression", ["", "every day", "61 * * * *", "* * * *"])
    def test_says_how_a_cron_expression_looks(self, expression):
        with pytest.raises(ScheduleInvalid, match="30 6") as caught:
            schedule("cron", start=at("2026-03-01T00:00"), cron=expression).check()
        assert caught.value.field == "cron"

    def test_accepts_every_fifteen_minutes(self):
        schedule("minute", 15, start=at("2026-03-01T00:00")).check()


class TestLastDay:
    def test_is_yesterday_for_whole_days(self):
        assert last_day(at("2026-03-05T12:00"), "UTC", include_today=False) == date(2026, 3, 4)

    def test_is_the_earlier_of_utc_and_the_project(self):
        assert last_day(at("2026-03-05T03:00"), "America/Los_Angeles", include_today=True) == date(2026, 3, 4)
        assert last_day(at("2026-03-05T20:00"), "Asia/Tokyo", include_today=True) == date(2026, 3, 5)


def test_days_between_includes_both_ends():
    assert days_between(date(2026, 2, 27), date(2026, 3, 1)) == [date(2026, 2, 27), date(2026, 2, 28), date(2026, 3, 1)]
