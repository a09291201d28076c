"""What is kept of rejected records, by the options of the dataflow."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dataflows import stores
from dataflows.models import RunStatus
from dataflows.runs.reprocessing import reprocess
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events

BROKEN = b'{"event":"Purchase","properties":{"time":"yesterday"}}\n'


def run_with(bench: Bench, **options):
    for name, value in options.items():
        setattr(bench.flow, name, value)
    bench.flow.save()
    bench.export(events(FIRST, 99) + BROKEN)
    return bench.run()


@pytest.mark.parametrize("diagnostics", [True, False])
def test_partial_ingestion_keeps_every_rejected_record(bench: Bench, diagnostics):
    run = run_with(bench, partial_ingestion=True, error_diagnostics=diagnostics)
    assert (run.status, run.loaded, run.rejected) == (RunStatus.SUCCEEDED, 99, 1)
    account = run.windows.get().days[0]
    assert stores.landing().exists(account["rejected_key"])
    assert run.windows.get().errors[0]["sample"].strip() == BROKEN.decode().strip()


def test_diagnostics_alone_keep_them_although_the_day_is_not_published(bench: Bench):
    run = run_with(bench, partial_ingestion=False, error_diagnostics=True)
    assert run.status == RunStatus.FAILED
    assert stores.landing().exists(run.windows.get().days[0]["rejected_key"])


def warnings_of(run):
    """Code, field and count by day, from all windows."""
    return {
        day["day"]: [(reason["kind"], reason["field"], reason["count"]) for reason in day["reasons"]]
        for window in run.windows.all()
        for day in window.days
    }


def test_warnings_are_counted_by_day_with_a_record_to_look_at(bench: Bench):
    """Of the days that are promoted: what is reprocessed of one day says nothing about the other."""
    bench.holds(lambda day: events(day, 3))
    bench.run(FIRST, SECOND)
    bench.holds(lambda day: events(day, day.day, mp_processing_time_ms="zebra"))
    run = bench.run(FIRST, SECOND)
    target = "_tributary.mp_processing_time_ms"
    assert run.windows.count() == 1
    assert warnings_of(run) == {"2026-09-01": [("warning", target, 1)], "2026-09-02": [("warning", target, 2)]}
    assert '"mp_processing_time_ms": "zebra"' in run.windows.get().errors[0]["sample"]
    again = bench.finish(reprocess(bench.flow, [SECOND], now=timezone.now()))
    assert warnings_of(again) == {"2026-09-02": [("warning", target, 2)]}
    assert again.windows.get().errors[0]["count"] == 2


def test_without_both_they_are_counted_by_reason_and_not_kept(bench: Bench):
    run = run_with(bench, partial_ingestion=False, error_diagnostics=False)
    assert run.status == RunStatus.FAILED
    window = run.windows.get()
    assert (window.days[0]["rejected"], window.days[0]["rejected_key"]) == (1, "")
    assert (window.errors[0]["count"], window.errors[0]["sample"]) == (1, "")
    assert not list(stores.landing().list("rejected/"))
