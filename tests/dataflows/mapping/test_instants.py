from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dataflows.mapping.instants import TimeReading, micros_of, raw_time, true_instant, true_instants

BERLIN = TimeReading("legacy", "Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def wall(text):
    """What a legacy project writes for a wall clock reading: the reading as if it were UTC, in seconds."""
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


def utc(text):
    return (datetime.fromisoformat(text).replace(tzinfo=UTC) - EPOCH) // timedelta(microseconds=1)


def read(text, reading=BERLIN, received=0, imported=False):
    return true_instant(micros_of(wall(text)), reading, received, imported)


class TestRawTime:
    @pytest.mark.parametrize("value", [1700000000, 1700000000.0, "1700000000", " 1700000000 "])
    def test_takes_whole_numbers_and_their_digits(self, value):
        assert raw_time(value) == 1700000000

    @pytest.mark.parametrize(
        "value",
        [None, True, "yesterday", "", 1700000000.5, "1e9", [1700000000], {}, 10**30, -(10**12), float("nan"), "1_0"],
    )
    def test_takes_nothing_else(self, value):
        assert raw_time(value) is None

    def test_above_ten_thousand_million_it_is_milliseconds(self):
        assert micros_of(10_000_000_000) == 10_000_000_000_000_000
        assert micros_of(10_000_000_001) == 10_000_000_001_000


class TestLegacyTime:
    def test_is_read_in_the_zone_of_the_project(self):
        assert read("2026-07-01T10:00:00") == (utc("2026-07-01T08:00:00"), None)
        assert read("2026-01-01T10:00:00") == (utc("2026-01-01T09:00:00"), None)

    def test_a_utc_project_is_left_alone(self):
        assert read("2026-07-01T10:00:00", TimeReading("utc", "Europe/Berlin"))[0] == utc("2026-07-01T10:00:00")

    def test_the_hour_that_spring_skips_moves_forward_and_is_flagged(self):
        assert read("2026-03-29T02:30:00") == (utc("2026-03-29T01:30:00"), "nonexistent_local_time")

    def test_the_hour_that_autumn_repeats_takes_the_latest_before_receipt(self):
        after_second = utc("2026-10-25T01:30:02") // 1000
        assert read("2026-10-25T02:30:00", received=after_second) == (utc("2026-10-25T01:30:00"), None)
        after_first = utc("2026-10-25T00:30:02") // 1000
        assert read("2026-10-25T02:30:00", received=after_first) == (utc("2026-10-25T00:30:00"), None)

    def test_without_a_receipt_it_takes_the_first_and_is_flagged(self):
        first = (utc("2026-10-25T00:30:00"), "ambiguous_local_time")
        assert read("2026-10-25T02:30:00") == first
        assert read("2026-10-25T02:30:00", received=utc("2026-10-26T00:00:00") // 1000, imported=True) == first

    def test_the_edges_of_gap_and_overlap_are_exact(self):
        assert read("2026-03-29T01:59:59") == (utc("2026-03-29T00:59:59"), None)
        assert read("2026-03-29T03:00:00") == (utc("2026-03-29T01:00:00"), None)
        assert read("2026-10-25T01:59:59") == (utc("2026-10-24T23:59:59"), None)
        assert read("2026-10-25T03:00:00") == (utc("2026-10-25T02:00:00"), None)


ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Asia/Kolkata",
    "Pacific/Apia",
)
CHANGE_DAYS = (
    "2026-03-29",
    "2026-10-25",
    "2026-03-08",
    "2026-11-01",
    "2026-04-05",
    "2026-10-04",
    "2011-12-30",
    "1971-01-01",
)


@st.composite
def moments(draw):
    """Wall clock microseconds, mostly near nights on which some zone changes its clock."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.integers(-62_000_000_000, 250_000_000_000)) * 1_000_000
    day = utc(draw(st.sampled_from(CHANGE_DAYS)))
    return day + draw(st.integers(-30 * 3600, 30 * 3600)) * 1_000_000 + draw(st.sampled_from((0, 0, 999_000)))


class TestBothForms:
    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(ZONES),
        st.lists(st.tuples(moments(), st.sampled_from((None, -3600, 2, 7200)), st.booleans()), max_size=20),
    )
    def test_agree(self, zone, rows):
        reading = TimeReading("legacy", zone)
        received = [0 if lag is None else max(0, at // 1000 + lag * 1000) for at, lag, _ in rows]
        one_by_one = [
            true_instant(at, reading, seen, imported) for (at, _, imported), seen in zip(rows, received, strict=True)
        ]
        instants, flags = true_instants(
            np.array([at for at, _, _ in rows], dtype=np.int64),
            reading,
            np.array(received, dtype=np.int64),
            np.array([imported for _, _, imported in rows], dtype=bool),
        )
        assert [(int(at), flags.get(index)) for index, at in enumerate(instants)] == one_by_one
