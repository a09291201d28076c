"""What a run keeps of its counts: every record that came in, also those of days that it did not load."""

from __future__ import annotations

from datetime import date
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from dataflows.models import RunStatus, WindowStatus
from dataflows.runs import lifecycle
from tests.dataflows.factories import counts, day_account, make_run, make_window

pytestmark = pytest.mark.django_db
FIRST, SECOND = date(2026, 3, 1), date(2026, 3, 2)
GOOD = day_account(FIRST, loaded=70, duplicate=5)
BAD = day_account(SECOND, failed=True, loaded=10, rejected=90)


def kept(run):
    run.refresh_from_db()
    return {name: getattr(run, name) for name in ("received", "loaded", "duplicate", "rejected", "withheld")}


def test_a_run_that_failed_knows_what_it_rejected():
    run = make_run(status=RunStatus.RUNNING)
    make_window(run, SECOND, status=WindowStatus.FAILED, days=[BAD])
    lifecycle.settle(run, now=timezone.now())
    assert kept(run) == {"received": 100, "loaded": 0, "duplicate": 0, "rejected": 90, "withheld": 10}
    assert run.status == RunStatus.FAILED


def test_a_run_that_left_a_day_out_counts_it_apart():
    run = make_run(status=RunStatus.RUNNING)
    make_window(run, FIRST, SECOND, days=[GOOD, BAD], **counts(loaded=70, duplicate=5))
    lifecycle.settle(run, now=timezone.now())
    assert kept(run) == {"received": 175, "loaded": 70, "duplicate": 5, "rejected": 90, "withheld": 10}


def test_runs_of_before_are_counted_once_again():
    run = make_run(status=RunStatus.PARTIAL, **counts(loaded=70, duplicate=5))
    make_window(run, FIRST, SECOND, days=[GOOD, BAD], **counts(loaded=70, duplicate=5))
    migration = import_module("dataflows.migrations.0015_withheld")
    migration.count_what_was_not_loaded(apps, connection.schema_editor())
    assert kept(run) == {"received": 175, "loaded": 70, "duplicate": 5, "rejected": 90, "withheld": 10}
