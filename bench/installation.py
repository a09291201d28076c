"""A Tributary for one round: migrated, with a dataflow of fifteen fields, and a run that waits.

python -m bench.installation URL FIRST LAST     prints the number of the run
"""

from __future__ import annotations

import sys
from datetime import date

import django

django.setup()

from django.core.management import call_command  # noqa: E402
from django.utils import timezone  # noqa: E402

from connectors.models import Account  # noqa: E402
from connectors.sealed import Sealed  # noqa: E402
from dataflows.mapping.automap import propose  # noqa: E402
from dataflows.models import Dataflow, Run, Schema, Trigger, Window  # noqa: E402
from dataflows.runs import lifecycle  # noqa: E402
from dataflows.scheduling import days_between  # noqa: E402

FIELDS = 15


def main(url: str, first: str, last: str) -> None:
    call_command("migrate", verbosity=0)
    account = Account.objects.create(
        name="Bench", username="reader", secret=Sealed.seal("none"), secret_changed_at=timezone.now(), region=url
    )
    schema = Schema.objects.get()
    rows = [proposal.row for proposal in propose([], schema.xdm)][:FIELDS]
    mapping = [{"sourceType": row.source_type, "source": row.source, "destination": row.destination} for row in rows]
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
    days = (date.fromisoformat(first), date.fromisoformat(last))
    run = lifecycle.start(flow, trigger=Trigger.USER, days=days, now=timezone.now())
    _one_request_a_day(run)
    print(run.pk)


def _one_request_a_day(run: Run) -> None:
    """The server knows single days only."""
    run.windows.all().delete()
    Window.objects.bulk_create(
        Window(run=run, first_day=day, last_day=day) for day in days_between(run.first_day, run.last_day)
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
