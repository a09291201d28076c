"""Stories of others: late events that are lost, and events that come out twice or fall into one.

How far back a run reads when nothing is loaded yet, and what a backfill reads, is told in
``tests/dataflows/runs/test_planner.py`` and ``test_backfill.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.utils import timezone

from dataflows.models import Run, RunStatus, Trigger, WindowStatus
from dataflows.runs import engine, lifecycle
from tests.connectors.mixpanel.fault_server import gzip_answer
from tests.dataflows.runs.conftest import FIRST, MAPPING, SECOND, Bench, event, events

THIRD = FIRST + timedelta(days=2)
MORNING = datetime(2026, 9, 8, 6, tzinfo=UTC)
EVENT_PROPERTIES = {"distinct_id": "user-1", "$insert_id": "insert-1"}


def scheduled(bench: Bench, now: datetime) -> Run:
    return bench.finish(lifecycle.start(bench.flow, trigger=Trigger.SCHEDULE, now=now))


def at(day: date, hour: int, minute: int = 0, second: int = 0) -> int:
    return int(datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC).timestamp())


class TestLateEvents:
    def test_are_kept_out_by_a_filter_on_time_inside_the_look_back(self, bench: Bench):
        """estuary/connectors#3546: ``where time >= cursor`` made the look-back of the Mixpanel export useless."""
        late = FIRST + timedelta(days=4)
        bench.holds(lambda day: events(day, 3))
        scheduled(bench, MORNING)
        bench.holds(lambda day: events(day, 4 if day == late else 3))
        scheduled(bench, MORNING + timedelta(days=1))
        assert len([row for row in bench.rows() if row["_day"] == late]) == 4
        assert all(set(asked.query) == {"project_id", "from_date", "to_date"} for asked in bench.mixpanel.requests)

    def test_come_five_months_late(self, bench: Bench):
        """meltano/squared#677: events up to 150 days late; mixpanel/docs-legacy#1946; fivetran/dbt_jira#117."""
        bench.flow.lookback_days = 160
        bench.flow.history_from = FIRST
        bench.export(events(FIRST + timedelta(days=149), 2))
        bench.run(FIRST + timedelta(days=149))
        now = datetime.combine(FIRST + timedelta(days=150), MORNING.timetz())
        assert lifecycle.due_days(bench.flow, now) == (FIRST, FIRST + timedelta(days=149))

    def test_are_missing_and_others_are_stale(self, bench: Bench):
        """PostHog/posthog#64417: 273 rows were missing and 2,133 stale without a look-back."""
        old = {number: event(FIRST, number, city="old") for number in range(20)}
        new = {number: event(FIRST, number, city="new") for number in range(10, 30)}
        bench.export(b"".join(old.values()), b"".join((old | new).values()))
        bench.run()
        run = bench.run()
        cities = sorted(row["_tributary"]["city"] for row in bench.rows())
        assert cities == ["new"] * 20 + ["old"] * 10
        assert run.loaded == 30


class TestTheCursor:
    def test_is_the_greatest_time_and_a_wrong_clock_ends_everything(self, bench: Bench):
        """airbytehq/airbyte#70257: the cursor was MAX(time), and nothing came any more."""
        bench.flow.error_threshold = 50
        bench.flow.save()
        ahead = event(SECOND, 7, time=at(date(2027, 9, 1), 12))
        bench.export(events(SECOND, 9) + ahead, events(FIRST, 9))
        bench.run(FIRST, SECOND)
        assert lifecycle.due_days(bench.flow, MORNING) is not None
        assert lifecycle.due_days(bench.flow, MORNING)[1] == MORNING.date() - timedelta(days=1)
        bench.holds(lambda day: events(day, 5))
        assert scheduled(bench, MORNING).loaded > 0

    def test_is_written_only_at_the_end(self, bench: Bench):
        """airbytehq/airbyte#11832, #2627: no state after a failure, so everything began again."""
        bench.export(events(THIRD, 3), events(SECOND, 2), gzip_answer(events(FIRST, 9), cut_after=60), events(FIRST, 1))
        run = bench.advance(bench.start(FIRST, THIRD))
        assert {row["_day"] for row in bench.rows()} == {SECOND, THIRD}
        assert bench.finish(run).status == RunStatus.SUCCEEDED
        asked = [request.query["from_date"] for request in bench.mixpanel.requests]
        assert asked == ["2026-09-03", "2026-09-02", "2026-09-01", "2026-09-01"]


class TestDoubledEvents:
    def test_of_the_last_second_of_a_day(self, bench: Bench):
        """airbytehq/airbyte#45068: every event at 23:59:59 was exported twice."""
        last = {day: event(day, 1, time=at(day, 23, 59, 59)) for day in (FIRST, SECOND, THIRD)}
        bench.holds(lambda day: last[day])
        run = bench.run(FIRST, THIRD)
        assert (run.received, run.loaded, len(bench.rows())) == (3, 3, 3)

    def test_of_days_that_two_ranges_share(self, bench: Bench):
        """PostHog/posthog#46625: both ends are inclusive, so ranges that share a day load it twice."""
        bench.holds(lambda day: events(day, 5))
        bench.run(FIRST, SECOND)
        bench.run(SECOND, THIRD)
        assert len(bench.rows()) == 15

    def test_between_the_windows_of_one_run(self, bench: Bench):
        """PostHog/posthog#46625: slices of one run that share a day."""
        bench.holds(lambda day: events(day, 2))
        bench.run(FIRST, FIRST + timedelta(days=20))
        ends = [(request.query["from_date"], request.query["to_date"]) for request in bench.mixpanel.requests]
        asked = [day for first, last in ends for day in _days(first, last)]
        assert len(asked) == len(set(asked)) == 21

    def test_after_a_restart(self, bench: Bench):
        """airbytehq/airbyte#39583, #17797: a restart or a second run duplicates."""
        bench.export(events(FIRST, 50))
        run = bench.start()
        engine.advance(run.pk, clock=timezone.now)
        run.windows.update(status=WindowStatus.COPYING, owner="dead", lease_until=timezone.now() - timedelta(seconds=1))
        bench.finish(run)
        bench.run()
        assert len(bench.rows()) == 50

    def test_because_the_wrong_fields_made_the_key(self, bench: Bench):
        """Fivetran changelog, March 2023: the key of EVENT was changed "to avoid duplicate events from Mixpanel"."""
        copies = [event(FIRST, 1, mp_processing_time_ms=number, city=f"reading {number}") for number in (1, 2)]
        bench.export(b"".join(copies))
        assert bench.run().duplicate == 1
        assert [row["_tributary"]["city"] for row in bench.rows()] == ["reading 2"]


class TestEventsThatFallIntoOne:
    def test_because_the_key_is_the_user(self, bench: Bench):
        """airbytehq/airbyte#30469, #31955: the primary key was ``distinct_id``, which is a person."""
        bench.export(b"".join(event(FIRST, number, distinct_id="ann") for number in range(20)))
        assert bench.run().loaded == len(bench.rows()) == 20

    def test_because_the_key_is_the_insert_id_alone(self, bench: Bench):
        """estuary/connectors#1877: the wrong primary key on export; stitchdata/docs#580: the key was withdrawn."""
        different = [
            event(FIRST, 1, **EVENT_PROPERTIES),
            event(FIRST, 1, **EVENT_PROPERTIES).replace(b"Purchase", b"Refund"),
            event(FIRST, 1, **EVENT_PROPERTIES | {"distinct_id": "user-2"}),
        ]
        bench.export(b"".join(different))
        assert bench.run().loaded == len({row["_id"] for row in bench.rows()}) == 3

    def test_because_time_is_not_part_of_the_key(self, bench: Bench):
        """Fivetran: the key is a hash of insert id, distinct id and name, without time."""
        bench.export(b"".join(event(FIRST, 1, time=at(FIRST, hour), **EVENT_PROPERTIES) for hour in (9, 10)))
        assert bench.run().loaded == 2

    def test_because_there_is_no_insert_id(self, bench: Bench):
        """stitchdata/docs#580, singer-io/tap-mixpanel#64: rows without ``$insert_id`` have no key."""
        alike = [event(FIRST, 1, city=city, **{"$insert_id": None}) for city in ("a", "b", "b")]
        bench.export(b"".join(alike))
        run = bench.run()
        assert (run.loaded, run.duplicate) == (2, 1)
        (notice,) = run.windows.get().errors
        assert (notice["kind"], notice["code"], notice["count"]) == ("notice", "rows_without_insert_id", 3)

    def test_and_nobody_is_told_what_the_copies_said(self, bench: Bench):
        """mixpanel/docs-legacy#2310: duplicates in a raw export are normal; no product reports them."""
        bench.export(event(FIRST, 1, city="Oslo") + event(FIRST, 1, city="Rome", mp_processing_time_ms=2 * 10**12))
        (notice,) = bench.run().windows.get().errors
        assert (notice["kind"], notice["code"], notice["count"]) == ("notice", "rows_conflicting", 1)
        assert '"properties.city": ["Rome", "Oslo"]' in notice["sample"]


def test_the_insert_id_is_missing_in_the_table(bench: Bench):
    """airbytehq/airbyte#21460, #21837: ``insert_id`` was missing in the typed table."""
    row = {"sourceType": "ATTRIBUTE", "source": "properties.$insert_id", "destination": "_tributary.insert_id"}
    bench.flow.mapping = [*MAPPING, row]
    bench.flow.save()
    bench.export(events(FIRST, 3))
    bench.run()
    assert [row["_tributary"]["insert_id"] for row in bench.rows()] != [None] * 3
    assert {row["_tributary"]["insert_id"] for row in bench.rows()} == {f"{FIRST}-{number}" for number in range(3)}


def test_a_tie_keeps_another_copy_at_every_reading(bench: Bench):
    """mixpanel docs, event deduplication: which copy stays must not depend on the order of the export."""
    copies = [event(FIRST, 1, city=city) for city in ("Oslo", "Rome", "Bonn")]
    orders: list[Callable[[], list[bytes]]] = [lambda: copies, lambda: copies[::-1], lambda: copies[1:] + copies[:1]]
    kept = set()
    for order in orders:
        bench.export(b"".join(order()))
        bench.run()
        kept.add(bench.rows()[0]["_tributary"]["city"])
    assert len(kept) == 1


def _days(first: str, last: str) -> list[date]:
    begin, end = date.fromisoformat(first), date.fromisoformat(last)
    return [begin + timedelta(days=number) for number in range((end - begin).days + 1)]
