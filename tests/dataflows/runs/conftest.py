"""A dataflow from a scripted Mixpanel on loopback into a real Iceberg table."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from pyarrow import fs
from pyiceberg.io.pyarrow import PyArrowFileIO

from connectors.models import Account, RateBudget
from connectors.sealed import Sealed
from dataflows import stores
from dataflows.models import Dataflow, Dataset, Run, Schema, Trigger
from dataflows.runs import engine, lifecycle
from dataflows.scheduling import days_between
from tests.connectors.mixpanel.fault_server import Answer, FaultServer, gzip_answer
from tests.object_store import below

FIRST = date(2026, 9, 1)
SECOND = FIRST + timedelta(days=1)

MAPPING = [
    {"sourceType": "ATTRIBUTE", "source": "tributary.event_id", "destination": "_id"},
    {"sourceType": "ATTRIBUTE", "source": "tributary.timestamp", "destination": "timestamp"},
    {"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"},
    {"sourceType": "ATTRIBUTE", "source": "properties.distinct_id", "destination": "_tributary.distinct_id"},
    {"sourceType": "ATTRIBUTE", "source": "properties.city", "destination": "_tributary.city"},
    {
        "sourceType": "ATTRIBUTE",
        "source": "properties.mp_processing_time_ms",
        "destination": "_tributary.mp_processing_time_ms",
    },
]


def event(day: date, number: int, **properties: Any) -> bytes:
    """A record of ``day`` as Mixpanel sends it; a property given as ``None`` is left out."""
    noon = int(datetime(day.year, day.month, day.day, 12, tzinfo=UTC).timestamp())
    known = {
        "time": noon + number % 40_000,  # never past midnight
        "distinct_id": f"user-{number}",
        "$insert_id": f"{day}-{number}",
        "mp_processing_time_ms": (noon + number + 5) * 1000,
        "city": "Łódź",
    }
    kept = {name: value for name, value in (known | properties).items() if value is not None}
    return json.dumps({"event": "Purchase", "properties": kept}).encode() + b"\n"


def events(day: date, count: int, **properties: Any) -> bytes:
    return b"".join(event(day, number, **properties) for number in range(count))


@pytest.fixture
def mixpanel() -> Iterator[FaultServer]:
    with FaultServer() as server:
        yield server


@dataclass
class Bench:
    """The dataflow under test, and what a test does to it."""

    flow: Dataflow
    mixpanel: FaultServer

    def export(self, *answers: Answer | bytes) -> None:
        """Script what the export endpoint answers, in turn."""
        self.mixpanel.answer(
            "/api/2.0/export", *(gzip_answer(item) if isinstance(item, bytes) else item for item in answers)
        )

    def holds(self, of_day: Callable[[date], bytes]) -> None:
        """Let the export endpoint answer any days, each with what ``of_day`` makes of it."""

        def answer(query: dict[str, str]) -> Answer:
            asked = days_between(date.fromisoformat(query["from_date"]), date.fromisoformat(query["to_date"]))
            return gzip_answer(b"".join(map(of_day, asked)))

        self.mixpanel.answer_with("/api/2.0/export", answer)

    def start(self, first: date = FIRST, last: date | None = None) -> Run:
        days = days_between(first, last or first)
        return lifecycle.start(self.flow, trigger=Trigger.USER, days=days, now=timezone.now())

    def advance(self, run: Run, steps: int = 50) -> Run:
        """Ring as a worker would until there is nothing to do at once."""
        for _ in range(steps):
            if engine.advance(run.pk, clock=timezone.now) is engine.Next.LATER:
                break
        run.refresh_from_db()
        return run

    def hurry(self, run: Run) -> None:
        """As if the time of every retry had come."""
        run.windows.open().update(not_before=None)
        RateBudget.objects.update(blocked_until=None)

    def finish(self, run: Run) -> Run:
        for _ in range(20):
            if self.advance(run).is_finished:
                break
            self.hurry(run)
        return run

    def run(self, first: date = FIRST, last: date | None = None) -> Run:
        return self.finish(self.start(first, last))

    def data_files(self) -> int:
        """How many Parquet files lie in the dataset's place, part of the dataset or not."""
        table = stores.lake().open(self.flow.dataset.table).load()
        scheme, netloc, path = PyArrowFileIO.parse_location(f"{table.location()}/data")
        found = table.io.fs_by_scheme(scheme, netloc).get_file_info(
            fs.FileSelector(path, recursive=True, allow_not_found=True)
        )
        return sum(file.type == fs.FileType.File for file in found)

    def rows(self) -> list[dict[str, Any]]:
        """Everything in the dataset, ordered."""
        table = stores.lake().open(self.flow.dataset.table).load()
        found = table.scan().to_arrow().to_pylist()
        return sorted(found, key=lambda row: (row["_day"], row["_id"]))


@pytest.fixture(params=["folder", "object store"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where lake and landing zone are to lie: in a folder, and in a bucket."""
    return str(tmp_path) if request.param == "folder" else request.getfixturevalue("object_store").bucket()


@pytest.fixture
def places(settings: Any, tmp_path: Path, store_url: str) -> Iterator[None]:
    """Lake and landing zone of the test's own, and a folder of its own for everything else."""
    settings.LAKE_URL, settings.LANDING_URL = below(store_url, "lake"), below(store_url, "landing")
    settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path / 'catalog.sqlite3'}"
    settings.SCRATCH_DIR = tmp_path / "scratch"
    settings.EXPORTS_PER_SECOND = 1000
    settings.EXPORTS_PER_HOUR = 1000
    settings.IDLE_TIMEOUT_SECONDS = 5
    stores.lake.cache_clear()
    stores.landing.cache_clear()
    yield
    stores.lake.cache_clear()
    stores.landing.cache_clear()


@pytest.fixture
def bench(transactional_db: None, places: None, settings: Any, mixpanel: FaultServer) -> Bench:
    settings.MIXPANEL_EXTRA_HOSTS = [mixpanel.url]
    account = Account.objects.create(
        name="Shop",
        username="reader",
        secret=Sealed.seal("s3cret-of-the-shop"),
        secret_changed_at=timezone.now(),
        region=mixpanel.url,
    )
    return Bench(make_flow(account), mixpanel)


def make_flow(account: Account, **fields: Any) -> Dataflow:
    document = _schema_document()
    schema, _ = Schema.objects.get_or_create(title=document["title"], defaults={"document": document})
    dataset = Dataset.objects.create(name=fields.pop("dataset_name", "Shop events"), schema=schema)
    stores.lake().create(dataset.table, schema.xdm.arrow_schema())
    values = {
        "name": "Shop",
        "status": "enabled",
        "account": account,
        "project_id": "42",
        "timezone": "UTC",
        "time_semantic": "utc",
        "dataset": dataset,
        "mapping": MAPPING,
        "frequency": "day",
        "start_at": timezone.now(),
        "history_from": FIRST,
    }
    return Dataflow.objects.create(**values | fields)


def _schema_document() -> dict[str, Any]:
    from dataflows.schemas import mixpanel_events

    return dict(mixpanel_events(tenant="tributary"))
