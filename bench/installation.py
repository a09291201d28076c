"""A Tributary for one round: migrated, with a dataflow of fifteen fields, and a run that waits.

python -m bench.installation CONTEST URL FIRST LAST DAYS SNAPSHOTS     prints the number of the run

DAYS are in the coverage ledger and SNAPSHOTS in the dataset's history already.
"""

from __future__ import annotations

import json
import sys
from datetime import date, timedelta
from typing import Any

import django
import pyarrow as pa
import requests

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from bench import calculated  # noqa: E402
from connectors.lake import PartWriter  # noqa: E402
from connectors.models import Account  # noqa: E402
from connectors.sealed import Sealed  # noqa: E402
from dataflows import stores  # noqa: E402
from dataflows.mapping.automap import propose  # noqa: E402
from dataflows.mapping.source_fields import infer  # noqa: E402
from dataflows.models import Dataflow, Day, Run, Schema, Trigger, Window  # noqa: E402
from dataflows.runs import lifecycle  # noqa: E402
from dataflows.scheduling import days_between  # noqa: E402

FIELDS = 15


def main(contest: str, url: str, first: str, last: str, days_before: str, snapshots: str) -> None:
    call_command("migrate", verbosity=0)
    account = Account.objects.create(
        name="Bench", username="reader", secret=Sealed.seal("none"), secret_changed_at=timezone.now(), region=url
    )
    schema = Schema.objects.get()
    rows = [proposal.row for proposal in propose(infer(_some_records(url, first)), schema.xdm)][:FIELDS]
    mapping = [{"sourceType": row.source_type, "source": row.source, "destination": row.destination} for row in rows]
    if contest == "calculated":
        schema.document = calculated.extended(schema.document)
        schema.save()
        mapping += calculated.rows()
    draft = Dataflow(
        name="Bench",
        account=account,
        project_id="1",
        timezone="UTC",
        time_semantic="utc",
        new_dataset_name="Bench",
        new_dataset_schema=schema,
        mapping=mapping,
        start_at=timezone.now(),
    )
    draft.save()
    flow = lifecycle.activate(draft, by=None, now=timezone.now())
    days = days_between(date.fromisoformat(first), date.fromisoformat(last))
    _fill_ledger(flow, days[0], int(days_before))
    _fill_dataset(flow, days[0], int(snapshots))
    run = lifecycle.start(flow, trigger=Trigger.USER, days=days, now=timezone.now())
    _one_request_a_day(run)
    print(run.pk)


def _fill_ledger(flow: Dataflow, before: date, count: int) -> None:
    Day.objects.bulk_create(
        Day(
            dataflow=flow,
            day=before - timedelta(days=number + 1),
            status="loaded",
            received=333_333,
            loaded=333_333,
            published_at=timezone.now(),
        )
        for number in range(count)
    )


def _fill_dataset(flow: Dataflow, before: date, count: int) -> None:
    """A commit a day, as a daily dataflow makes them."""
    table = stores.lake().open(flow.writes_to.table)
    batch = pa.RecordBatch.from_arrays([pa.nulls(1, field.type) for field in table.schema], schema=table.schema)
    for number in range(count):
        day = before - timedelta(days=number + 1)
        with PartWriter(table, str(flow.pk), day, token=f"before-{number}") as writer:
            writer.write(batch)
            parts = writer.close()
        table.publish(str(flow.pk), [day], parts, token=f"before-{number}", still_mine=lambda: True)


def _some_records(url: str, day: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{url}/api/2.0/export", params={"from_date": day}, timeout=60, stream=True)
    lines = answer.iter_lines(1 << 16)
    return [json.loads(next(lines)) for _ in range(200)]


def _one_request_a_day(run: Run) -> None:
    """The server knows single days only."""
    run.windows.all().delete()
    Window.objects.bulk_create(
        Window(run=run, first_day=day, last_day=day) for day in days_between(run.first_day, run.last_day)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
