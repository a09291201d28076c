"""The lake or the landing zone goes away in the middle of a run: nothing is half published, nothing is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from dataflows import stores
from dataflows.models import RunStatus, Window, WindowStatus
from dataflows.runs import engine
from tests.connectors.mixpanel.fault_server import gzip_answer
from tests.dataflows.runs.conftest import FIRST, Bench, events
from tests.object_store import ObjectStore

# Long enough for a thread to stop a store meanwhile.
THINKING = 0.5


@pytest.fixture
def lake_store() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        yield store


@pytest.fixture
def landing_store() -> Iterator[ObjectStore]:
    with ObjectStore() as store:
        yield store


@pytest.fixture
def places(places: None, settings: Any, lake_store: ObjectStore, landing_store: ObjectStore) -> None:
    """Lake and landing zone in two stores, so that each can go away alone."""
    settings.LAKE_URL, settings.LANDING_URL = lake_store.bucket(), landing_store.bucket()
    stores.lake.cache_clear()
    stores.landing.cache_clear()


@pytest.fixture
def store_url(tmp_path: Any) -> str:
    return str(tmp_path)


def step_while_stopping(bench: Bench, store: ObjectStore) -> Window:
    """One step of a worker; the store stops while Mixpanel still thinks about its answer."""
    run = bench.start()

    def stop() -> None:
        while not bench.mixpanel.requests:
            time.sleep(0.01)
        store.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    engine.advance(run.pk, clock=timezone.now)
    thread.join()
    return run.windows.get()


class TestAStoreThatStops:
    def test_as_the_landing_zone_has_the_window_copied_again(self, bench: Bench, landing_store: ObjectStore):
        bench.export(gzip_answer(events(FIRST, 30), stall=THINKING), events(FIRST, 30))
        window = step_while_stopping(bench, landing_store)
        assert (window.status, window.error_code) == (WindowStatus.WAITING, "landing_unavailable")
        assert (window.attempts, window.landed_key, window.not_before is None) == (1, "", False)
        assert bench.rows() == []
        landing_store.start()
        assert bench.finish(window.run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 30
        assert len(bench.mixpanel.requests) == 2

    def test_as_the_lake_has_the_window_promoted_again_without_asking_mixpanel(
        self, bench: Bench, lake_store: ObjectStore
    ):
        bench.export(gzip_answer(events(FIRST, 30), stall=THINKING))
        window = step_while_stopping(bench, lake_store)
        assert (window.status, window.error_code) == (WindowStatus.LANDED, "lake_unavailable")
        assert (window.attempts, window.not_before is None) == (1, False)
        assert not bench.flow.days.exists()
        lake_store.start()
        assert bench.finish(window.run).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 30
        assert len(bench.mixpanel.requests) == 1


class TestAccessWithdrawnInTheMiddle:
    """Each run replaces the day by one more record, and loses the store some requests later than the run before."""

    def test_of_copying_leaves_the_day_as_it_was(self, bench: Bench, landing_store: ObjectStore):
        self._withdraw(bench, landing_store, "landing_unavailable", step=1)
        landed = [file.key for file in stores.landing().list()]
        assert landed == sorted(set(Window.objects.values_list("landed_key", flat=True)))

    def test_of_promoting_and_publishing_leaves_the_day_as_it_was(self, bench: Bench, lake_store: ObjectStore):
        self._withdraw(bench, lake_store, "lake_unavailable", step=4)

    def _withdraw(self, bench: Bench, store: ObjectStore, code: str, step: int) -> None:
        records, allowed = 30, 0
        bench.export(events(FIRST, records))
        bench.run()
        while True:
            bench.export(events(FIRST, records + 1))
            run = bench.start()
            store.left = allowed
            bench.advance(run)
            store.left = None
            window = run.windows.get()
            if window.status == WindowStatus.PUBLISHED:
                break
            assert (window.status in Window.OPEN, window.error_code) == (True, code)
            assert len(bench.rows()) == bench.flow.days.get().loaded == records
            assert bench.finish(run).status == RunStatus.SUCCEEDED
            records, allowed = records + 1, allowed + step
            assert len(bench.rows()) == records
        assert allowed > 3
