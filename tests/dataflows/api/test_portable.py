"""Dataflows as files: exported, reviewed, applied, and applied again."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from connectors.mixpanel.sample.credentials import SECRET
from connectors.models import Account
from dataflows.models import Dataflow, Dataset, Run
from tests.dataflows.api.conftest import Shop


def export(*names: str) -> str:
    out = StringIO()
    call_command("export_dataflows", *names, stdout=out)
    return out.getvalue()


def apply(path: Path, *options: str) -> str:
    out = StringIO()
    call_command("apply_dataflows", path, *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def exported(shop: Shop, tmp_path: Path) -> Path:
    """The file of one dataflow."""
    shop.flow(scheduleParams={"startTime": 4_000_000_000, "frequency": "day", "interval": 1})
    path = tmp_path / "dataflows.yaml"
    path.write_text(export())
    return path


def edited(path: Path, **changes: Any) -> Path:
    document = yaml.safe_load(path.read_text())
    document["flows"][0].update(changes)
    path.write_text(yaml.safe_dump(document))
    return path


def test_a_file_names_everything_but_the_secret(exported: Path) -> None:
    text = exported.read_text()
    assert SECRET not in text
    document = yaml.safe_load(text)
    assert document["connections"][0]["auth"]["params"]["password"] == "${SAMPLE_MIXPANEL_PASSWORD}"
    assert document["flows"][0]["baseConnection"] == "Sample Mixpanel"
    assert document["flows"][0]["scheduleParams"]["interval"] == 1


def test_applying_what_is_there_changes_nothing(exported: Path) -> None:
    assert apply(exported) == "Nothing to change.\n"


def test_a_dry_run_shows_the_difference_and_changes_nothing(exported: Path) -> None:
    edited(exported, description="Better words")
    shown = apply(exported, "--dry-run")
    assert "-description: ''" in shown
    assert "+description: Better words" in shown
    assert Dataflow.objects.get().description == ""


def test_changes_are_made_once(exported: Path) -> None:
    document = yaml.safe_load(exported.read_text())["flows"][0]
    rows = [*document["mappings"], {"sourceType": "EXPRESSION", "source": "upper(event)", "destination": "eventType"}]
    schedule = {**document["scheduleParams"], "interval": 2}
    edited(
        exported, mappings=rows, scheduleParams=schedule, state="disabled", options={"errorDiagnosticsEnabled": True}
    )
    assert "flow Mixpanel dataflow: changed." in apply(exported)
    flow = Dataflow.objects.get()
    assert (flow.interval, flow.status, flow.mapping_version, flow.partial_ingestion) == (2, "disabled", 2, False)
    assert apply(exported) == "Nothing to change.\n"


def test_an_empty_installation_becomes_what_the_file_says(exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Dataflow.objects.all().delete()
    Dataset.objects.all().delete()
    Account.objects.all().delete()
    with pytest.raises(CommandError, match="SAMPLE_MIXPANEL_PASSWORD is not set"):
        apply(exported)
    monkeypatch.setenv("SAMPLE_MIXPANEL_PASSWORD", SECRET)
    told = apply(exported)
    assert "connection Sample Mixpanel: made." in told
    assert Dataflow.objects.get().status == "enabled"
    assert not Run.objects.exists()
    assert apply(exported) == "Nothing to change.\n"
    assert export() == exported.read_text()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"colour": "red"}, "flows.0.colour"),
        ({"mappings": []}, "flows.0.mappings"),
        ({"baseConnection": "Nobody"}, "there is no connection 'Nobody'"),
        ({"dataSet": "Nothing"}, "there is no dataset 'Nothing'"),
        ({"params": {"projectId": "9", "timezone": "UTC"}}, "cannot be changed"),
        ({"scheduleParams": {"frequency": "fortnight"}}, "There is no frequency fortnight"),
        ({"mappings": [{"source": "event", "destination": "nowhere"}]}, "has no field nowhere"),
    ],
)
def test_mistakes_are_named_and_nothing_is_changed(exported: Path, changed: dict[str, Any], words: str) -> None:
    before = export()
    with pytest.raises(CommandError, match=words):
        apply(edited(exported, **changed))
    assert export() == before


def test_a_file_that_is_no_yaml_is_refused(tmp_path: Path, db: None, analyst: Any) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("flows: [")
    with pytest.raises(CommandError, match="not YAML"):
        apply(path)


def test_an_unknown_name_is_refused(exported: Path) -> None:
    with pytest.raises(CommandError, match="no dataflow called 'Nobody'"):
        export("Nobody")
