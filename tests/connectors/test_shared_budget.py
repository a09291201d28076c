"""Several processes and two accounts on one project: as fast as the limits allow, and never a 429."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from connectors.mixpanel.sample.limits import Limits
from connectors.mixpanel.sample.server import SampleServer
from tests.services import postgres_server

pytestmark = [pytest.mark.services, pytest.mark.xdist_group("workers")]

ROOT = Path(__file__).resolve().parents[2]
HOURLY, PROCESSES = 20, 4
LIMITS = Limits(hourly=HOURLY, per_second=3, concurrent=2)
EXPORTER = """
import sys, time
import django
django.setup()
from datetime import date
from connectors import budget
from connectors.base import DayRange
from connectors.errors import BudgetEmpty, ConnectorError
from connectors.models import Account
account, seconds = Account.objects.get(pk=sys.argv[1]), float(sys.argv[2])
source, day, end = account.open(), date.fromisoformat(sys.argv[3]), time.monotonic() + float(sys.argv[2])
sent = refused = 0
while time.monotonic() < end:
    try:
        with budget.spending(account, sys.argv[4], "run"):
            source.sample(sys.argv[4], DayRange(day, day), 5)
        sent += 1
    except BudgetEmpty as error:
        time.sleep(min(error.retry_after, 0.3))
    except ConnectorError as error:
        refused += error.status == 429
print(f'{{"sent": {sent}, "refused": {refused}}}')
"""


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[dict[str, str]]:
    with SampleServer(events_per_day=20, export_limits=LIMITS) as server:
        own = {
            "DATA_DIR": str(tmp_path),
            "MIXPANEL_EXTRA_HOSTS": server.url,
            "EXPORTS_PER_HOUR": str(HOURLY),
            "EXPORTS_AT_ONCE": "2",
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "PYTHONPATH": str(ROOT),
            "PLAIN_STATIC_FILES": "1",
        }
        if request.param == "SQLite":
            yield os.environ | own
            return
        with postgres_server(tmp_path) as database:
            yield os.environ | own | {"DATABASE_URL": database}


def python(environment: dict[str, str], *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, *arguments], env=environment, cwd=ROOT, text=True, stdout=subprocess.PIPE)


CONNECT = """
import sys
import django
django.setup()
from django.utils import timezone
from connectors.models import Account
from connectors.sealed import Sealed
for name in ("One", "Two"):
    Account.objects.create(name=name, username=sys.argv[1], secret=Sealed.seal(sys.argv[2]), region=sys.argv[3],
                           secret_changed_at=timezone.now())
"""


def test_is_used_up_and_never_exceeded(environment: dict[str, str]):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    assert python(environment, "manage.py", "migrate", "--verbosity", "0").wait() == 0
    assert python(environment, "-c", CONNECT, USERNAME, SECRET, environment["MIXPANEL_EXTRA_HOSTS"]).wait() == 0
    workers = [
        python(environment, "-c", EXPORTER, str(1 + number % 2), "18", yesterday, UTC_PROJECT_ID)
        for number in range(PROCESSES)
    ]
    told = [json.loads(worker.communicate()[0].splitlines()[-1]) for worker in workers]
    assert sum(each["refused"] for each in told) == 0
    assert sum(each["sent"] for each in told) == HOURLY
    # Nobody starves: each of the four got a share.
    assert min(each["sent"] for each in told) > 0
