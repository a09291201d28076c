from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from tzlocal.windows_tz import win_tz

from connectors.errors import UnknownTimezone
from connectors.mixpanel import timezones


class TestNames:
    @pytest.mark.parametrize(
        ("given", "expected"),
        [
            ("America/Los_Angeles", "America/Los_Angeles"),
            ("US/Pacific", "America/Los_Angeles"),
            ("Pacific Standard Time", "America/Los_Angeles"),
            ("pacific standard time", "America/Los_Angeles"),
            ("US Mountain Standard Time", "America/Phoenix"),
            ("GMT Standard Time", "Europe/London"),
            ("W. Europe Standard Time", "Europe/Berlin"),
            ("India Standard Time", "Asia/Kolkata"),
            ("Nepal Standard Time", "Asia/Kathmandu"),
            ("Asia/Calcutta", "Asia/Kolkata"),
            ("  europe/berlin ", "Europe/Berlin"),
            ("Europe/Oslo", "Europe/Oslo"),
            ("UTC", "UTC"),
            ("Etc/UTC", "UTC"),
            ("Zulu", "UTC"),
            ("Etc/GMT+5", "Etc/GMT+5"),
        ],
    )
    def test_are_understood(self, given: str, expected: str):
        assert timezones.canonical(given) == expected

    @pytest.mark.parametrize("name", sorted(win_tz))
    def test_of_windows_all_lead_to_a_zone(self, name: str):
        assert ZoneInfo(timezones.canonical(name))

    def test_of_the_standard_kind_keep_daylight_saving(self):
        zone = ZoneInfo(timezones.canonical("Pacific Standard Time"))
        assert datetime(2026, 7, 1, tzinfo=zone).utcoffset() != datetime(2026, 1, 1, tzinfo=zone).utcoffset()

    @pytest.mark.parametrize(
        ("given", "suggested"),
        [
            ("Europe/Berln", "Europe/Berlin"),
            ("berlin", "Europe/Berlin"),
            ("Los Angeles", "America/Los_Angeles"),
            ("Pacific Standart Time", "America/Los_Angeles"),
        ],
    )
    def test_that_are_wrong_come_with_suggestions(self, given: str, suggested: str):
        with pytest.raises(UnknownTimezone) as caught:
            timezones.canonical(given)
        assert suggested in caught.value.suggestions
        assert len(caught.value.suggestions) <= 3

    @pytest.mark.parametrize("given", ["", "Factory", "localtime", "../../etc/passwd", "+02:00", "qqqqqq"])
    def test_that_are_none_are_refused(self, given: str):
        with pytest.raises(UnknownTimezone):
            timezones.canonical(given)


class TestChoices:
    def test_are_grouped_by_area_and_canonical(self):
        groups = dict(timezones.choices())
        assert list(groups)[:3] == ["UTC", "Africa", "America"]
        assert ("America/Argentina/Buenos_Aires", "Argentina, Buenos Aires") in groups["America"]
        names = [name for group in groups.values() for name, _ in group]
        assert len(names) == len(set(names)) > 400
        assert all(timezones.canonical(name) == name for name in names)


class TestSameRules:
    year = (date(2026, 1, 1), date(2026, 12, 31))

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("Pacific Standard Time", "US/Pacific"),
            ("Europe/Berlin", "Europe/Paris"),
            ("UTC", "Africa/Abidjan"),
            ("Asia/Calcutta", "India Standard Time"),
        ],
    )
    def test_hold_whatever_the_names(self, a: str, b: str):
        assert timezones.same_rules(a, b, *self.year)

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("US Mountain Standard Time", "Mountain Standard Time"),
            ("Europe/London", "UTC"),
            ("Europe/Berlin", "Europe/Helsinki"),
            ("Australia/Lord_Howe", "Australia/Sydney"),
        ],
    )
    def test_do_not_hold_when_clocks_differ_part_of_the_year(self, a: str, b: str):
        assert not timezones.same_rules(a, b, *self.year)

    def test_only_look_at_the_days_given(self):
        assert timezones.same_rules("Europe/London", "UTC", date(2026, 1, 5), date(2026, 2, 5))
        assert timezones.same_rules("America/Phoenix", "America/Denver", date(2026, 1, 5), date(2026, 2, 5))

    def test_look_at_the_whole_of_the_last_day(self):
        assert not timezones.same_rules("America/Phoenix", "America/Denver", date(2026, 3, 8), date(2026, 3, 8))
        assert not timezones.same_rules("Australia/Sydney", "Australia/Brisbane", date(2026, 10, 4), date(2026, 10, 4))


class TestToday:
    now = datetime(2026, 9, 1, 3, 30, tzinfo=UTC)

    def test_is_the_day_over_there(self):
        assert timezones.today("US/Pacific", self.now) == date(2026, 8, 31)
        assert timezones.today("Asia/Tokyo", self.now) == date(2026, 9, 1)
        assert timezones.today("Pacific/Kiritimati", datetime(2026, 9, 1, 12, tzinfo=UTC)) == date(2026, 9, 2)

    def test_the_latest_day_is_never_ahead_of_utc_nor_of_the_project(self):
        assert timezones.latest_day("US/Pacific", self.now) == date(2026, 8, 31)
        assert timezones.latest_day("Pacific/Kiritimati", datetime(2026, 9, 1, 12, tzinfo=UTC)) == date(2026, 9, 1)
