"""A run is cancelled within seconds, even while Mixpanel is silent."""

from __future__ import annotations

import threading
import time

import pytest
from django.db import connection
from django.utils import timezone

from connectors.models import ExportRequest
from dataflows.models import RunStatus, WindowStatus
from dataflows.runs import engine, lifecycle
from tests.connectors.mixpanel.fault_server import Answer, gzip_answer
from tests.dataflows.runs.conftest import FIRST, Bench, events

SILENCE = 60
BODY = events(FIRST, 3000)
SILENT = {
    "before the first byte": Answer(stall=SILENCE),
    "in the middle of the answer": gzip_answer(BODY, cut_after=5000, stall=SILENCE),
    "in an answer without length": Answer(BODY, close_delimited=True, cut_after=5000, stall=SILENCE),
    "between two chunks": Answer(BODY, chunked=True, cut_after=70_000, stall=SILENCE),
}


@pytest.mark.parametrize("silent", SILENT.values(), ids=SILENT.keys())
def test_a_cancelled_copy_ends_although_mixpanel_says_nothing(bench: Bench, settings, silent: Answer):
    settings.IDLE_TIMEOUT_SECONDS = SILENCE
    settings.LEASE_SECONDS = 2
    bench.export(silent)
    run = bench.start()
    worker = threading.Thread(target=_advance, args=(run.pk,))
    worker.start()
    _await(lambda: run.windows.get().status == WindowStatus.COPYING and bench.mixpanel.requests)
    run.refresh_from_db()
    began = time.monotonic()
    lifecycle.cancel(run, now=timezone.now())
    worker.join(10)
    assert not worker.is_alive()
    assert time.monotonic() - began < 5
    lifecycle.settle(run, now=timezone.now())
    run.refresh_from_db()
    assert (run.status, run.windows.get().status) == (RunStatus.CANCELLED, WindowStatus.CANCELLED)
    entry = ExportRequest.objects.get()
    assert (entry.ended_at is not None, entry.code) == (True, "")


def _advance(run: int) -> None:
    try:
        engine.advance(run, clock=timezone.now)
    finally:
        connection.close()


def _await(condition) -> None:
    give_up = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < give_up, "waited in vain"
        time.sleep(0.02)
