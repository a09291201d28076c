"""An installation with one dataflow of the sample Mixpanel, and the two commands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.utils import timezone

from connectors.mixpanel.sample.credentials import SECRET
from connectors.models import Account
from dataflows.models import Dataflow, Dataset, Schema
from dataflows.runs import launching
from tests.dataflows.api import tutorial
from tests.dataflows.factories import make_dataset, make_draft

VARIABLE = "SAMPLE_MIXPANEL_PASSWORD"
LATER = 4_000_000_000
Edit = Callable[[dict[str, Any]], None]


def export(*names: str) -> str:
    out = StringIO()
    call_command("export_dataflows", *names, stdout=out, stderr=StringIO())
    return out.getvalue()


def apply(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("apply_dataflows", path, *options, stdout=out)
    return out.getvalue()


def dry_run(path: Path) -> tuple[int, str]:
    """Exit code and output."""
    out = StringIO()
    try:
        call_command("apply_dataflows", path, "--dry-run", stdout=out)
    except SystemExit as ended:
        return int(ended.code or 0), out.getvalue()
    return 0, out.getvalue()


def edited(path: Path, edit: Edit) -> Path:
    document = yaml.safe_load(path.read_text())
    edit(document)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    return path


def empty() -> None:
    """As freshly installed: only the standard schema."""
    Dataflow.objects.all().delete()
    Dataset.objects.all().delete()
    Account.objects.all().delete()


@pytest.fixture
def flow(account: Account, analyst: Any) -> Dataflow:
    """Runs every second day from 2096 on."""
    draft = make_draft(
        name="Shop events",
        account=account,
        project_id=tutorial.UTC_PROJECT_ID,
        timezone="Europe/Berlin",
        time_semantic="utc",
        dataset=make_dataset(name="Shop", schema=Schema.objects.get()),
        mapping=[dict(row) for row in tutorial.MAPPINGS],
        interval=2,
        start_at=datetime.fromtimestamp(LATER, UTC),
        history_from=timezone.now().date(),
    )
    launching.launch(draft, draft.revision, by=analyst, now=timezone.now())
    return Dataflow.objects.get(pk=draft.pk)


@pytest.fixture
def exported(flow: Dataflow, tmp_path: Path) -> Path:
    path = tmp_path / "dataflows.yaml"
    path.write_text(export())
    return path


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> str:
    """The variable that an exported file names is set."""
    monkeypatch.setenv(VARIABLE, SECRET)
    return SECRET
