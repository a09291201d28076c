"""Actions inside an installation, for worker tests: each prints one JSON line."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import date
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.utils import timezone  # noqa: E402

from connectors.models import Account  # noqa: E402
from connectors.sealed import Sealed  # noqa: E402
from dataflows import stores, tasks  # noqa: E402
from dataflows.models import Dataflow, Run, Trigger  # noqa: E402
from dataflows.runs import lifecycle  # noqa: E402
from dataflows.scheduling import days_between  # noqa: E402
from tests.dataflows.runs.conftest import make_flow  # noqa: E402


def setup(*dataset_names: str) -> Any:
    """An account and a dataflow for each dataset name."""
    account = Account.objects.create(
        name="Shop",
        username="reader",
        secret=Sealed.seal("s3cret-of-the-shop"),
        secret_changed_at=timezone.now(),
        region=settings.MIXPANEL_EXTRA_HOSTS[0],
    )
    return [make_flow(account, name=name, dataset_name=name).pk for name in dataset_names]


def start(flow: str, first: str, last: str) -> Any:
    """Queue a run and ring, as a page does."""
    found = Dataflow.objects.get(pk=flow)
    days = days_between(date.fromisoformat(first), date.fromisoformat(last))
    run = lifecycle.start(found, trigger=Trigger.USER, days=days, now=timezone.now())
    tasks.ring(run)
    return run.pk


def report(run: str) -> Any:
    """The run's accounting, and what is really in the dataset."""
    found = Run.objects.select_related("dataflow__dataset").get(pk=run)
    table = stores.lake().open(found.dataflow.dataset.table).load()
    ids = table.scan(selected_fields=("_id",)).to_arrow().column("_id").to_pylist()
    return {
        "status": found.status,
        "error": f"{found.error_code} {found.error_detail}",
        "received": found.received,
        "loaded": found.loaded,
        "rows": len(ids),
        "distinct": len(set(ids)),
        "attempts": sum(found.windows.values_list("attempts", flat=True)),
    }


def content(flow: str) -> Any:
    """A hash over every value of every row of the flow's dataset, whatever order and files they lie in."""
    found = Dataflow.objects.get(pk=flow)
    rows = stores.lake().open(found.writes_to.table).load().scan().to_arrow().drop_columns(["_dataflow"]).to_pylist()
    lines = sorted(repr(sorted(row.items())) for row in rows)
    return [len(lines), hashlib.sha256("\n".join(lines).encode()).hexdigest()]


def ring(run: str, times: str) -> Any:
    """Send the run's message many times over."""
    for _ in range(int(times)):
        tasks.advance_run.delay(run_id=int(run))
    return True


if __name__ == "__main__":
    actions = {"setup": setup, "start": start, "report": report, "content": content, "ring": ring}
    print(json.dumps(actions[sys.argv[1]](*sys.argv[2:])))
