"""An installation that has been in use for a year, made by the database itself."""

from __future__ import annotations

from datetime import date, timedelta

import pyarrow as pa
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from connectors.lake import PartFile, PartWriter
from connectors.models import Account
from connectors.sealed import Sealed
from dataflows import stores
from dataflows.models import (
    Dataflow,
    DataflowStatus,
    Dataset,
    Run,
    RunStatus,
    Schema,
    SourceConnection,
    TargetConnection,
    Trigger,
    Window,
    WindowStatus,
)

ACCOUNTS, DATASETS, DAYS = 20, 200, 30
# As many of the newest datasets as the longest page shows have data.
TABLES = 30


def fill(flows: int, runs: int) -> None:
    call_command("migrate", verbosity=0)
    accounts = [_account(number) for number in range(ACCOUNTS)]
    schema = Schema.objects.get()
    datasets = [Dataset.objects.create(name=f"Dataset {number}", schema=schema) for number in range(DATASETS)]
    made = [_flow(number, accounts[number % ACCOUNTS], datasets[number % DATASETS]) for number in range(flows)]
    _runs(made[0], runs)
    for flow in made[DATASETS - TABLES : DATASETS]:
        _publish(flow)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _account(number: int) -> Account:
    return Account.objects.create(
        name=f"Account {number}",
        username="reader",
        secret=Sealed.seal("none"),
        secret_changed_at=timezone.now(),
        region="us",
    )


def _flow(number: int, account: Account, dataset: Dataset) -> Dataflow:
    source = SourceConnection.objects.create(
        name=f"Source {number}", account=account, project_id=str(number), timezone="UTC", time_semantic="utc"
    )
    target = TargetConnection.objects.create(name=f"Target {number}", dataset=dataset)
    return Dataflow.objects.create(
        name=f"Dataflow {number}",
        account=account,
        dataset=dataset,
        source_connection=source,
        target_connection=target,
        project_id=str(number),
        timezone="UTC",
        time_semantic="utc",
        status=DataflowStatus.ENABLED if number % 5 else DataflowStatus.DISABLED,
        activated_at=timezone.now(),
        mapping=[{"sourceType": "ATTRIBUTE", "source": "tributary.event_id", "destination": "_id"}],
        mapping_version=1,
    )


def _publish(flow: Dataflow) -> None:
    """A month of a few rows a day in the table of its dataset."""
    dataset = flow.writes_to
    columns = dataset.schema.xdm.arrow_schema()
    table = stores.lake().create(dataset.table, columns)
    rows = pa.RecordBatch.from_pylist([{"_id": str(number)} for number in range(10)], schema=columns)
    days = [date(2026, 1, 1) + timedelta(days=number) for number in range(DAYS)]
    parts: list[PartFile] = []
    for day in days:
        with PartWriter(table, str(flow.uuid), day, token="bench") as writer:  # noqa: S106  # of an attempt, no secret
            writer.write(rows)
            parts += writer.close()
    table.publish(str(flow.uuid), days, parts, token="bench", still_mine=lambda: True)  # noqa: S106


def _runs(flow: Dataflow, count: int) -> None:
    """Copies of one run and its window, a minute apart, over all dataflows from the first; one in twenty failed."""
    day = timezone.now().date()
    run = Run.objects.create(
        dataflow=flow, trigger=Trigger.SCHEDULE, first_day=day, last_day=day, status=RunStatus.SUCCEEDED,
        started_at=timezone.now(), finished_at=timezone.now(), received=1000, loaded=990, rejected=10,
    )  # fmt: skip
    Window.objects.create(
        run=run, first_day=day, last_day=day, status=WindowStatus.PUBLISHED, received=1000, loaded=990, rejected=10,
        finished_at=timezone.now(),
    )  # fmt: skip
    _copy(
        Run,
        count,
        {
            "uuid": "gen_random_uuid()",
            "dataflow_id": f"{flow.pk} + mod(g, {Dataflow.objects.count()})",
            "status": "CASE WHEN mod(g, 20) = 0 THEN 'failed' ELSE 'succeeded' END",
            "error_code": "CASE WHEN mod(g, 20) = 0 THEN 'service_down' ELSE '' END",
            **dict.fromkeys(("created_at", "started_at", "finished_at"), "now() - g * interval '1 minute'"),
        },
    )
    _copy(Window, count, {"run_id": f"{run.pk} + g"})


def _copy(model: type[Run] | type[Window], count: int, changed: dict[str, str]) -> None:
    """Rows like the only one there is; ``changed`` has SQL for columns, in which g counts from 1."""
    table = model._meta.db_table
    names = [field.column for field in model._meta.concrete_fields if not field.primary_key]
    values = ", ".join(changed.get(name, f"o.{name}") for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({', '.join(names)}) "  # noqa: S608  # names of our own models
            f"SELECT {values} FROM {table} o, generate_series(1, %s) g",
            [count - 1],
        )
