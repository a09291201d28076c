"""Synthetic projects of which the truth is known."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.base import Record
from connectors.errors import UnknownTimezone
from connectors.mixpanel.semantics import detect

SUMMER = datetime(2026, 7, 1, tzinfo=UTC)
WINTER = datetime(2026, 1, 10, tzinfo=UTC)
SPRING_NIGHT = datetime(2026, 3, 5, tzinfo=UTC)  # three days before the clocks change in the US
AUTUMN_NIGHT = datetime(2026, 10, 29, tzinfo=UTC)


def project(
    stored_in: str, start: datetime, *, events: int = 400, days: float = 6, late: float = 0.2, **properties: object
) -> list[Record]:
    """Events of a project that stores the wall clock of ``stored_in``; a share ``late`` was queued for hours."""
    chance = random.Random(7)
    zone = ZoneInfo(stored_in)
    records = []
    for number in range(events):
        instant = start + timedelta(days=days * number / events)
        delay = chance.uniform(900, 100_000) if chance.random() < late else chance.expovariate(1 / 20)
        stored = instant.astimezone(zone).replace(tzinfo=UTC)
        received = int((instant.timestamp() + delay) * 1000)
        kept = {"time": int(stored.timestamp()), "$mp_api_timestamp_ms": received, **properties}
        records.append({"event": "A", "properties": kept})
    return records


@pytest.mark.parametrize("start", [SUMMER, WINTER, SPRING_NIGHT, AUTUMN_NIGHT])
@pytest.mark.parametrize("zone", ["US/Pacific", "Asia/Kolkata", "Asia/Kathmandu", "Australia/Sydney", "Europe/Berlin"])
class TestWhereverAndWhenever:
    def test_a_utc_project_is_recognised(self, zone: str, start: datetime):
        verdict = detect(project("UTC", start), zone)
        assert verdict.semantic == "utc"
        assert verdict.evidence["mode_offset"] == 0

    def test_a_legacy_project_is_recognised(self, zone: str, start: datetime):
        verdict = detect(project(zone, start), zone)
        assert verdict.semantic == "legacy"
        offset = start.astimezone(ZoneInfo(zone)).utcoffset() or timedelta()
        assert abs(verdict.evidence["mode_offset"] + offset.total_seconds()) in (0, 3600)


class TestEvidence:
    def test_can_be_stored_and_read(self):
        verdict = detect(project("US/Pacific", SUMMER), "US/Pacific")
        assert json.loads(json.dumps(verdict.evidence)) == verdict.evidence
        assert verdict.evidence["events"] == 400
        assert verdict.evidence["counts"]["25200"] == verdict.evidence["legacy_events"]
        assert 0.75 < verdict.evidence["share"] < 0.85
        assert "wall clock of America/Los_Angeles" in verdict.evidence["sentence"]

    def test_both_sides_of_a_clock_change_count_together(self):
        verdict = detect(project("US/Pacific", SPRING_NIGHT, late=0), "US/Pacific")
        assert {"25200", "28800"} <= verdict.evidence["counts"].keys()
        assert verdict.evidence["share"] > 0.97

    def test_imported_events_are_left_out(self):
        live, imported = project("US/Pacific", SUMMER), project("UTC", SUMMER, events=900, **{"$import": True})
        verdict = detect(live + imported, "US/Pacific")
        assert verdict.semantic == "legacy"
        assert (verdict.evidence["events"], verdict.evidence["imported"]) == (400, 900)

    def test_milliseconds_are_recognised(self):
        records = project("US/Pacific", SUMMER)
        for record in records:
            record["properties"]["time"] *= 1000
        assert detect(records, "US/Pacific").semantic == "legacy"

    def test_the_processing_time_stands_in_for_a_missing_receipt(self):
        records = project("US/Pacific", SUMMER)
        for record in records:
            record["properties"]["mp_processing_time_ms"] = record["properties"].pop("$mp_api_timestamp_ms")
        assert detect(records, "US/Pacific").semantic == "legacy"

    @pytest.mark.parametrize("broken", [None, "yesterday", True, -5, float("nan"), 10**30, []])
    def test_times_that_are_none_are_counted_and_left_out(self, broken: object):
        records = project("UTC", SUMMER) + project("UTC", SUMMER, events=30, time=broken)
        verdict = detect(records, "US/Pacific")
        assert verdict.semantic == "utc"
        assert verdict.evidence["unusable"] == 30

    def test_the_published_pacific_sample_is_seven_hours_apart(self):
        sample = {"time": 1652825148, "$mp_api_timestamp_ms": 1652850348643}
        verdict = detect([{"event": "A", "properties": sample}] * 60, "US/Pacific")
        assert verdict.semantic == "legacy"
        assert verdict.evidence["mode_offset"] == 25200


class TestWhenThereIsNoAnswer:
    def test_too_few_events_prove_nothing(self):
        verdict = detect(project("US/Pacific", SUMMER, events=49, late=0), "US/Pacific")
        assert verdict.semantic == "unknown"
        assert "at least 50" in verdict.evidence["sentence"]

    def test_no_events_prove_nothing(self):
        verdict = detect([], "US/Pacific")
        assert (verdict.semantic, verdict.evidence["mode_offset"]) == ("unknown", None)

    def test_a_winter_in_london_looks_like_both(self):
        verdict = detect(project("UTC", WINTER), "Europe/London")
        assert verdict.semantic == "unknown"
        assert "other half of the year" in verdict.evidence["sentence"]

    def test_a_summer_in_london_does_not(self):
        assert detect(project("UTC", SUMMER), "Europe/London").semantic == "utc"
        assert detect(project("Europe/London", SUMMER), "Europe/London").semantic == "legacy"

    def test_an_earlier_zone_of_the_project_is_suspected(self):
        verdict = detect(project("Asia/Tokyo", SUMMER), "US/Pacific")
        assert verdict.semantic == "unknown"
        assert "9 hours ahead" in verdict.evidence["sentence"]
        assert "changed" in verdict.evidence["sentence"]

    def test_a_mixed_history_is_not_guessed(self):
        records = project("US/Pacific", SUMMER) + project("UTC", SUMMER)
        assert detect(records, "US/Pacific").semantic == "unknown"

    def test_receipts_all_over_the_place_are_not_guessed(self):
        verdict = detect(project("UTC", SUMMER, late=1), "US/Pacific")
        assert verdict.semantic == "unknown"
        assert "do not agree" in verdict.evidence["sentence"]


@pytest.mark.parametrize("zone", ["UTC", "Etc/UTC", "Africa/Abidjan", "Atlantic/Reykjavik"])
def test_a_zone_that_is_utc_all_year_needs_no_proof(zone: str):
    assert detect(project("UTC", SUMMER, events=60), zone).semantic == "utc"


def test_an_unknown_zone_is_refused():
    with pytest.raises(UnknownTimezone):
        detect([], "Mars/Base")
