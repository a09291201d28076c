"""Projects that store the wall clock of their zone, through both nights on which clocks change, end to end.

The events happen at known instants; Mixpanel stores what the clock on the wall showed, written as if it were UTC, and a
receipt in true UTC. What is in the dataset must be the instants again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dataflows.messages import message_for
from dataflows.models import Run, RunStatus
from dataflows.runs import reprocessing
from tests.dataflows.runs.conftest import MAPPING, Bench, event

RAW_TIME = {"sourceType": "ATTRIBUTE", "source": "properties.time", "destination": "_tributary.time"}
ALIKE = {"distinct_id": "same", "city": "same"}


@dataclass(frozen=True)
class Night:
    """A change of clocks at ``instant`` (UTC) by ``shift`` minutes, forward if positive; ``day`` is the local day."""

    zone: str
    day: date
    instant: datetime
    shift: int

    @property
    def size(self) -> timedelta:
        return timedelta(minutes=abs(self.shift))

    def wall(self, moment: datetime) -> datetime:
        """What the clock on the wall shows, as a naive time."""
        return moment.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)

    def around(self) -> list[datetime]:
        """Instants every five minutes from two hours before to two hours after the change."""
        return [self.instant + timedelta(minutes=minutes) for minutes in range(-120, 121, 5)]

    def __str__(self) -> str:
        return f"{self.zone} {self.day}"


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]


SPRING = [
    Night("Europe/Berlin", date(2026, 3, 29), utc(2026, 3, 29, 1), 60),
    Night("America/New_York", date(2026, 3, 8), utc(2026, 3, 8, 7), 60),
    Night("Australia/Lord_Howe", date(2026, 10, 4), utc(2026, 10, 3, 15, 30), 30),
]
AUTUMN = [
    Night("Europe/Berlin", date(2026, 10, 25), utc(2026, 10, 25, 1), -60),
    Night("America/New_York", date(2026, 11, 1), utc(2026, 11, 1, 6), -60),
    Night("Australia/Lord_Howe", date(2026, 4, 5), utc(2026, 4, 4, 15), -30),
]
in_spring = pytest.mark.parametrize("night", SPRING, ids=str)
in_autumn = pytest.mark.parametrize("night", AUTUMN, ids=str)
on_any_night = pytest.mark.parametrize("night", SPRING + AUTUMN, ids=str)


@pytest.fixture
def store_url(tmp_path: Path) -> str:
    """What is tested here does not depend on the kind of store, so a folder is enough."""
    return str(tmp_path)


def as_epoch(wall: datetime) -> int:
    return int(wall.replace(tzinfo=UTC).timestamp())


def live(night: Night, moment: datetime, number: int, **properties: Any) -> bytes:
    """An event at ``moment`` that Mixpanel received three seconds later."""
    receipt = int(moment.timestamp() * 1000) + 3000
    stamps = {"$mp_api_timestamp_ms": receipt, "mp_processing_time_ms": receipt + 1000}
    return event(night.day, number, time=as_epoch(night.wall(moment)), **{**stamps, **properties})


def wall_only(night: Night, wall: datetime, number: int, **properties: Any) -> bytes:
    """An event of which nothing but the wall clock is known."""
    return event(night.day, number, time=as_epoch(wall), mp_processing_time_ms=None, **properties)


def run(bench: Bench, night: Night, lines: Iterable[bytes]) -> Run:
    bench.flow.time_semantic, bench.flow.timezone = "legacy", night.zone
    bench.flow.mapping = [*MAPPING, RAW_TIME]
    bench.flow.save()
    bench.export(b"".join(lines))
    found = bench.run(night.day)
    assert found.status == RunStatus.SUCCEEDED, found.error_detail
    return found


def notices(found: Run) -> dict[str, int]:
    errors = found.windows.get().errors
    return {each["code"]: each["count"] for each in errors if each["kind"] == "notice" and "local_time" in each["code"]}


def instants(bench: Bench) -> list[datetime]:
    return sorted(row["timestamp"] for row in bench.rows())


class TestLiveEvents:
    @on_any_night
    def test_come_out_at_the_instants_they_happened(self, bench: Bench, night: Night):
        moments = night.around()
        found = run(bench, night, [live(night, moment, number) for number, moment in enumerate(moments)])
        assert instants(bench) == moments
        assert (found.received, found.loaded, found.rejected) == (len(moments), len(moments), 0)
        assert notices(found) == {}

    @on_any_night
    def test_keep_their_raw_time_and_the_day_they_were_asked_for(self, bench: Bench, night: Night):
        moments = night.around()
        run(bench, night, [live(night, moment, number) for number, moment in enumerate(moments)])
        raws = sorted(row["_tributary"]["time"] for row in bench.rows())
        assert raws == sorted(as_epoch(night.wall(moment)) for moment in moments)
        assert {row["_day"] for row in bench.rows()} == {night.day}

    @in_autumn
    def test_at_the_same_wall_clock_twice_stay_two(self, bench: Bench, night: Night):
        first = night.instant - night.size / 2
        second = first + night.size
        assert night.wall(first) == night.wall(second)
        run(bench, night, [live(night, first, 1, **ALIKE), live(night, second, 2, **ALIKE)])
        assert instants(bench) == [first, second]

    @on_any_night
    def test_of_a_whole_local_day_are_one_day(self, bench: Bench, night: Night):
        """The day has 23, 25, 23.5 or 24.5 hours; its first and last second belong to it, the next do not."""
        zone = ZoneInfo(night.zone)
        start = datetime(night.day.year, night.day.month, night.day.day, tzinfo=zone).astimezone(UTC)
        after = night.day + timedelta(days=1)
        end = datetime(after.year, after.month, after.day, tzinfo=zone).astimezone(UTC)
        assert end - start == timedelta(hours=24) - timedelta(minutes=night.shift)
        inside, outside = (start, end - timedelta(seconds=1)), (start - timedelta(seconds=1), end)
        bench.flow.error_threshold = 100
        found = run(bench, night, [live(night, moment, at) for at, moment in enumerate((*inside, *outside))])
        assert instants(bench) == list(inside)
        assert (found.loaded, found.rejected) == (2, 2)


class TestTheSkippedTime:
    @in_spring
    def test_is_moved_forward_flagged_and_kept_raw(self, bench: Bench, night: Night):
        before = night.wall(night.instant - timedelta(seconds=1)) + timedelta(seconds=1)
        walls = [before, before + night.size / 2, before + night.size - timedelta(seconds=1)]
        found = run(bench, night, [wall_only(night, wall, number) for number, wall in enumerate(walls)])
        assert instants(bench) == [night.instant + (wall - before) for wall in walls]
        assert notices(found) == {"nonexistent_local_time": 3}
        assert sorted(row["_tributary"]["time"] for row in bench.rows()) == [as_epoch(wall) for wall in walls]

    @in_spring
    def test_begins_and_ends_to_the_second(self, bench: Bench, night: Night):
        before = night.wall(night.instant - timedelta(seconds=1))
        after = night.wall(night.instant)
        found = run(bench, night, [wall_only(night, before, 1), wall_only(night, after, 2)])
        assert instants(bench) == [night.instant - timedelta(seconds=1), night.instant]
        assert notices(found) == {}


class TestTheRepeatedTime:
    @in_autumn
    def test_without_a_receipt_is_the_first_and_flagged(self, bench: Bench, night: Night):
        first = night.instant - night.size / 2
        found = run(bench, night, [wall_only(night, night.wall(first), 1)])
        assert instants(bench) == [first]
        assert notices(found) == {"ambiguous_local_time": 1}

    @in_autumn
    def test_of_an_imported_event_is_the_first_and_flagged(self, bench: Bench, night: Night):
        first = night.instant - night.size / 2
        receipt = int((first + timedelta(days=30)).timestamp() * 1000)
        stamps = {"$mp_api_timestamp_ms": receipt, "$import": True}
        found = run(bench, night, [wall_only(night, night.wall(first), 1, **stamps)])
        assert instants(bench) == [first]
        assert notices(found) == {"ambiguous_local_time": 1}

    @in_autumn
    def test_begins_and_ends_to_the_second(self, bench: Bench, night: Night):
        begin, end = night.instant - night.size, night.instant + night.size
        walls = [night.wall(begin - timedelta(seconds=1)), night.wall(begin), night.wall(end)]
        found = run(bench, night, [wall_only(night, wall, number) for number, wall in enumerate(walls)])
        assert instants(bench) == [begin - timedelta(seconds=1), begin, end]
        assert notices(found) == {"ambiguous_local_time": 1}


class TestTheNotices:
    @pytest.mark.parametrize("code", ["nonexistent_local_time", "ambiguous_local_time"])
    def test_have_words(self, code: str):
        assert message_for(code).todo.startswith("Nothing has to be done.")

    def test_do_not_fail_a_day_that_tolerates_nothing(self, bench: Bench):
        night = SPRING[0]
        bench.flow.partial_ingestion = False
        found = run(bench, night, [wall_only(night, datetime(2026, 3, 29, 2, 30), 1)])  # noqa: DTZ001
        assert (found.loaded, notices(found)) == (1, {"nonexistent_local_time": 1})


class TestAnotherReading:
    def test_chosen_later_gives_the_right_instants_without_asking_mixpanel(self, bench: Bench):
        night = AUTUMN[0]
        moments = night.around()[:6]
        run(bench, night, [live(night, moment, number) for number, moment in enumerate(moments)])
        bench.flow.time_semantic = "utc"
        bench.flow.save()
        again = reprocessing.reprocess(bench.flow, [night.day], now=datetime.now(UTC))
        assert bench.finish(again).status == RunStatus.SUCCEEDED
        assert instants(bench) == [night.wall(moment).replace(tzinfo=UTC) for moment in moments]
        assert len(bench.mixpanel.requests) == 1

    def test_that_the_receipts_contradict_publishes_nothing_and_pauses(self, bench: Bench):
        night = Night("America/New_York", date(2026, 7, 1), utc(2026, 7, 1, 16), 60)
        moments = [night.instant + timedelta(seconds=30 * number) for number in range(200)]
        bench.flow.timezone = night.zone
        bench.flow.save()
        bench.export(b"".join(live(night, moment, number) for number, moment in enumerate(moments)))
        found = bench.run(night.day)
        assert (found.status, found.error_code) == (RunStatus.FAILED, "time_semantic_changed")
        assert "wall clock of America/New_York" in found.error_detail
        assert bench.rows() == []
        bench.flow.refresh_from_db()
        assert bench.flow.status == "disabled"


def test_what_is_sent_is_what_mixpanel_documents():
    """The documented example: 1652825148, received at 1652850348643, is a wall clock in Pacific daylight time."""
    night = Night("America/Los_Angeles", date(2022, 5, 17), utc(2022, 5, 18, 5, 5, 48), 0)
    properties = json.loads(live(night, night.instant, 1))["properties"]
    assert properties["time"] == 1652825148
    assert properties["$mp_api_timestamp_ms"] // 1000 - 3 == 1652850348
