"""The events themselves: repeatable, realistic, and with the oddities a connector must survive."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.mixpanel.sample.archive import Archive
from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, UTC_PROJECT_ID
from connectors.mixpanel.sample.projects import PROJECTS
from tests.connectors.mixpanel.sample.conftest import TODAY
from tests.connectors.mixpanel.sample.records import Record, is_valid, key, records

BUSY_DAY = date(2026, 3, 10)


def archive(seed: int = 1, today: date = TODAY, volume: int = 20_000) -> Archive:
    return Archive(seed, volume, lambda: datetime(today.year, today.month, today.day, 12, tzinfo=UTC))


def body(source: Archive, day: date, project_id: str = LEGACY_PROJECT_ID) -> bytes:
    return "".join(source.lines(PROJECTS[project_id], day, in_ms=False)).encode()


@pytest.fixture(scope="module")
def busy_day() -> list[Record]:
    return records(body(archive(), BUSY_DAY))


class TestRepeatability:
    def test_the_same_arguments_give_the_same_bytes(self) -> None:
        assert body(archive(volume=500), BUSY_DAY) == body(archive(volume=500), BUSY_DAY)

    def test_seed_project_and_day_each_change_the_events(self) -> None:
        source = archive(volume=300)
        bodies = {
            body(source, BUSY_DAY),
            body(source, BUSY_DAY - timedelta(days=1)),
            body(source, BUSY_DAY, UTC_PROJECT_ID),
            body(archive(seed=2, volume=300), BUSY_DAY),
        }
        assert len(bodies) == 4

    def test_an_old_day_does_not_change_when_today_moves_on(self) -> None:
        tomorrow = archive(today=TODAY + timedelta(days=1), volume=300)
        assert body(tomorrow, BUSY_DAY) == body(archive(volume=300), BUSY_DAY)


class TestVolume:
    def test_a_week_has_about_twenty_thousand_events_a_day_and_weekends_have_fewer(self) -> None:
        source, monday = archive(), date(2026, 3, 9)
        week = [source.tally(PROJECTS[LEGACY_PROJECT_ID], monday + timedelta(days=n)).total() for n in range(7)]
        assert 19_000 < sum(week) / 7 < 21_000
        assert max(week[5:]) < min(week[:5])

    def test_evenings_are_busier_than_nights(self, busy_day: list[Record]) -> None:
        hours = Counter(record["properties"]["time"] // 3600 % 24 for record in busy_day if is_valid(record))
        assert hours[20] > 5 * hours[3] > 0


class TestShape:
    def test_every_event_has_a_name_and_at_least_25_properties(self, busy_day: list[Record]) -> None:
        valid = [record for record in busy_day if is_valid(record) and "$insert_id" in record["properties"]]
        assert min(len(record["properties"]) for record in valid) >= 25
        assert {record["event"] for record in valid} >= {"Page Viewed", "Purchase", "Signed Up", "Support Ticket"}
        assert all(record.keys() == {"event", "properties"} for record in busy_day)

    @pytest.mark.parametrize(
        ("name", "types"),
        [
            ("$browser_version", {int, str}),
            ("item_price", {float, str}),
            ("coupon", {type(None), str}),
            ("items", {list}),
            ("address", {dict}),
            ("Is Gift", {str}),
            ("Plan Type", {str}),
            ("$import", {bool}),
            ("amount", {float}),
        ],
    )
    def test_a_property_has_the_types_senders_give_it(
        self, busy_day: list[Record], name: str, types: set[type]
    ) -> None:
        found = {type(r["properties"][name]) for r in busy_day if name in r["properties"]}
        assert found == types

    def test_prices_are_mostly_text(self, busy_day: list[Record]) -> None:
        kinds = Counter(type(r["properties"]["item_price"]) for r in busy_day if "item_price" in r["properties"])
        assert kinds[str] > 3 * kinds[float]

    def test_cities_are_written_in_their_own_script(self, busy_day: list[Record]) -> None:
        assert {"São Paulo", "東京", "Montréal"} <= {record["properties"]["$city"] for record in busy_day}

    def test_the_abort_marker_occurs_inside_a_value(self, busy_day: list[Record]) -> None:
        subjects = {r["properties"].get("subject", "") for r in busy_day}
        assert any("terminated early" in subject for subject in subjects)


class TestOddities:
    def test_half_a_percent_are_duplicates_some_identical_some_processed_later(self, busy_day: list[Record]) -> None:
        copies: dict[str, list[Record]] = {}
        for record in filter(is_valid, busy_day):
            copies.setdefault(key(record), []).append(record)
        pairs = [pair for pair in copies.values() if len(pair) == 2]
        identical = [pair for pair in pairs if pair[0] == pair[1]]
        later = [
            p
            for p in pairs
            if p[1]["properties"]["mp_processing_time_ms"] > p[0]["properties"]["mp_processing_time_ms"]
        ]
        assert 0.003 < len(pairs) / len(busy_day) < 0.007
        assert len(identical) > 10
        assert len(later) > 10
        assert len(identical) + len(later) == len(pairs)

    def test_a_few_rows_have_no_insert_id(self, busy_day: list[Record]) -> None:
        missing = [record for record in busy_day if "$insert_id" not in record["properties"]]
        assert 10 < len(missing) < 100

    def test_no_two_different_events_share_an_insert_id(self, busy_day: list[Record]) -> None:
        keys = {key(record) for record in busy_day if "$insert_id" in record["properties"] and is_valid(record)}
        assert len({json.loads(text)[3] for text in keys}) == len(keys)

    def test_every_day_has_three_to_eight_broken_records_of_several_kinds(self) -> None:
        source = archive(volume=400)
        for day in (BUSY_DAY - timedelta(days=n) for n in range(12)):
            broken = [r["properties"] for r in records(body(source, day)) if not is_valid(r)]
            assert 3 <= len(broken) <= 8
            assert any(p.get("time") == "yesterday" for p in broken)
            assert any("time" not in p for p in broken)
            assert any(isinstance(p["distinct_id"], dict) for p in broken)
