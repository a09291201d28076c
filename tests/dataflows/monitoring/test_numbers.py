"""Accounting bars, schedules in words, coverage and progress: numbers as pages show them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from dataflows.models import RunStatus, WindowStatus
from dataflows.monitoring.accounting import BAR_WIDTH, THINNEST, Accounting
from dataflows.monitoring.coverage import coverage
from dataflows.monitoring.progress import live
from dataflows.monitoring.schedule_words import schedule_words
from tests.dataflows.factories import counts, make_day, make_flow, make_run, make_window

NOON = datetime(2026, 3, 20, 12, tzinfo=UTC)


class TestTheAccountingBar:
    def test_is_filled_exactly(self):
        shares = Accounting(counts(loaded=70, duplicate=20, rejected=10)).shares
        assert [round(share.width) for share in shares] == [700, 200, 100, 0, 0]
        assert [round(share.x) for share in shares] == [0, 700, 900, 1000, 1000]

    def test_shows_a_single_rejected_record_among_millions(self):
        shares = Accounting(counts(loaded=50_000_000, rejected=1)).shares
        assert shares[2].width > THINNEST / 2
        assert shares[2].x + shares[2].width == pytest.approx(BAR_WIDTH)

    def test_is_empty_without_records(self):
        assert [share.width for share in Accounting(counts()).shares] == [0, 0, 0, 0, 0]

    def test_shows_records_of_days_that_were_not_loaded(self):
        shares = Accounting({**counts(rejected=10), "received": 100, "withheld": 90}).shares
        assert [round(share.width) for share in shares] == [0, 0, 100, 0, 900]

    def test_tells_when_it_does_not_balance(self):
        assert Accounting(counts(loaded=3)).balances
        assert not Accounting({**counts(loaded=3), "received": 4}).balances


@pytest.mark.django_db
class TestASchedule:
    @pytest.mark.parametrize(
        ("fields", "said"),
        [
            ({"frequency": "once"}, "Once, on 2026-03-01 at 06:30 (UTC)"),
            ({"frequency": "minute", "interval": 15}, "Every 15 minutes"),
            ({"frequency": "hour", "interval": 1}, "Every hour"),
            ({"frequency": "day", "interval": 2}, "Every 2 days at 06:30 (UTC)"),
            ({"frequency": "day", "schedule_zone": "Asia/Kolkata"}, "Every day at 12:00 (Asia/Kolkata)"),
            ({"frequency": "week"}, "Every week on Sunday at 06:30 (UTC)"),
            ({"frequency": "cron", "cron": "30 6 * * 1-5"}, "Cron 30 6 * * 1-5 (UTC)"),
        ],
    )
    def test_is_said_in_words(self, fields, said):
        assert schedule_words(make_flow(**fields)) == said


@pytest.mark.django_db
class TestCoverage:
    def test_has_a_cell_for_every_day_from_the_first_wanted_to_yesterday(self):
        flow = make_flow(history_from=date(2026, 2, 27))
        found = coverage(flow, NOON)
        cells = [cell for month in found.months for cell in month.cells if cell]
        assert (found.first, found.last) == (date(2026, 2, 27), date(2026, 3, 19))
        assert len(cells) == 21
        assert [str(month.first) for month in found.months] == ["2026-03-01", "2026-02-01"]
        assert [len(month.cells) for month in found.months] == [31, 28]

    def test_counts_days_by_status_and_adds_up_what_is_published(self):
        flow = make_flow(history_from=date(2026, 3, 17))
        make_day(flow, date(2026, 3, 17), **counts(loaded=5, duplicate=1))
        make_day(flow, date(2026, 3, 18), **counts(loaded=7))
        found = coverage(flow, NOON)
        assert [(status, count) for status, _, count in found.counts] == [("missing", 1), ("loaded", 2)]
        assert found.totals["loaded"] == 12
        assert found.totals["received"] == 13

    def test_goes_back_to_days_that_were_loaded_on_demand(self):
        flow = make_flow(history_from=date(2026, 3, 17))
        make_day(flow, date(2025, 12, 31))
        assert coverage(flow, NOON).first == date(2025, 12, 31)

    def test_shows_a_year_and_the_rest_on_demand(self):
        flow = make_flow(history_from=date(2024, 1, 1))
        assert (len(coverage(flow, NOON).months), coverage(flow, NOON).hidden) == (12, 15)
        assert coverage(flow, NOON, every_month=True).hidden == 0

    def test_is_empty_before_the_first_day_is_over(self):
        flow = make_flow(history_from=NOON.date())
        assert coverage(flow, NOON).months == []

    def test_begins_with_the_dataflow_when_it_wants_no_history(self):
        flow = make_flow(backfill=False, history_from=date(2026, 1, 1), start_at=NOON - timedelta(days=3))
        assert coverage(flow, NOON).first == date(2026, 3, 17)


@pytest.mark.django_db
class TestProgress:
    def test_estimates_from_the_days_that_have_ended(self):
        run = make_run(status=RunStatus.RUNNING, started_at=NOON - timedelta(seconds=60), last_day=date(2026, 3, 4))
        make_window(run, date(2026, 3, 1), events_done=600)
        make_window(run, date(2026, 3, 2), date(2026, 3, 4), status=WindowStatus.COPYING, events_done=600)
        found = live(run, NOON).progress
        assert (found.windows_done, found.days_done, found.days) == (1, 1, 4)
        assert found.seconds_left == pytest.approx(180)
        assert found.events_per_second == pytest.approx(20)

    def test_counts_a_failed_window_as_ended(self):
        run = make_run(status=RunStatus.RUNNING)
        make_window(run, status=WindowStatus.FAILED)
        assert live(run, NOON).progress.windows_done == 1

    def test_waits_for_nothing_while_one_window_is_being_worked_on(self):
        run = make_run(status=RunStatus.RUNNING)
        make_window(run, date(2026, 3, 1), status=WindowStatus.COPYING, lease_until=NOON + timedelta(seconds=9))
        make_window(run, date(2026, 3, 2), status=WindowStatus.WAITING, not_before=NOON + timedelta(hours=1))
        assert live(run, NOON).waiting is None

    def test_waits_for_the_earliest_of_its_retries(self):
        run = make_run(status=RunStatus.RUNNING)
        for number, minutes in enumerate((30, 5)):
            later = NOON + timedelta(minutes=minutes)
            make_window(
                run, date(2026, 3, 1 + number), status=WindowStatus.WAITING, not_before=later, error_code="service_down"
            )
        waiting = live(run, NOON).waiting
        assert waiting is not None
        assert (waiting.kind, waiting.until) == ("retry", NOON + timedelta(minutes=5))
