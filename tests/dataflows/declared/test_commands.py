"""Dataflows as files: exported, reviewed, applied, and applied again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.contrib.admin.models import LogEntry
from django.core.management import CommandError
from django.utils import timezone

from connectors.mixpanel.sample.credentials import SECRET, UTC_PROJECT_ID
from connectors.models import Account, ExportRequest
from connectors.sealed import Sealed
from dataflows.models import Dataflow, Dataset, MappingVersion, Run, Schema, SchemaVersion
from dataflows.runs import amending, lifecycle
from dataflows.schemas import mixpanel_events
from tests.dataflows.declared.conftest import VARIABLE, apply, dry_run, edited, empty, export
from tests.dataflows.factories import make_draft, make_flow

TITLE = mixpanel_events()["title"]
ROW = {"sourceType": "EXPRESSION", "source": "upper(event)", "destination": "eventType"}


def everything() -> list[Any]:
    """All columns of all rows that a file could change."""
    models = (Account, Schema, SchemaVersion, Dataset, Dataflow, MappingVersion, Run, LogEntry, ExportRequest)
    return [list(model.objects.order_by("pk").values()) for model in models]


class TestExport:
    def test_names_everything_but_the_secret(self, exported: Path) -> None:
        assert SECRET not in exported.read_text()
        document = yaml.safe_load(exported.read_text())
        assert list(document) == ["connections", "schemas", "dataSets", "flows"]
        assert document["connections"][0]["auth"]["params"]["password"] == {"env": VARIABLE}
        assert document["dataSets"][0]["schemaRef"] == {"title": TITLE}
        (flow,) = document["flows"]
        assert (flow["baseConnection"], flow["dataSet"], flow["state"]) == ("Sample Mixpanel", "Shop", "enabled")
        assert flow["scheduleParams"]["interval"] == 2
        assert flow["scheduleParams"]["lookbackDays"] == 5

    def test_of_one_dataflow_has_only_what_it_needs(self, exported: Path) -> None:
        make_flow(name="Other")
        assert export("Shop events") == exported.read_text()

    def test_refuses_a_name_that_no_dataflow_has(self, exported: Path) -> None:
        with pytest.raises(CommandError, match="no dataflow called “Nobody”"):
            export("Nobody")

    def test_gives_two_accounts_two_variables(self, exported: Path, account: Account) -> None:
        make_flow(account=Account.objects.create(**_copy(account, name="sample-mixpanel")))
        names = {each["auth"]["params"]["password"]["env"] for each in yaml.safe_load(export())["connections"]}
        assert names == {VARIABLE, f"{VARIABLE}_2"}


def _copy(account: Account, **changed: Any) -> dict[str, Any]:
    names = ("username", "secret", "secret_changed_at", "region")
    return {name: getattr(account, name) for name in names} | changed


class TestApplyingWhatIsThere:
    def test_changes_nothing_at_all(self, exported: Path) -> None:
        before = everything()
        assert "0 new, 0 changed, 4 unchanged" in apply(exported)
        assert everything() == before

    def test_changes_nothing_when_the_secret_is_at_hand(self, exported: Path, secret: str) -> None:
        before = everything()
        apply(exported)
        assert everything() == before

    def test_changes_nothing_in_other_spellings(self, exported: Path) -> None:
        def respell(document: dict[str, Any]) -> None:
            flow = document["flows"][0]
            flow["params"] |= {"projectId": int(flow["params"]["projectId"]), "timezone": "W. Europe Standard Time"}
            flow["scheduleParams"]["startTime"] = str(flow["scheduleParams"]["startTime"])
            document["connections"][0]["auth"]["params"]["host"] += "/"

        before = everything()
        assert "0 changed" in apply(edited(exported, respell))
        assert everything() == before

    def test_a_dry_run_ends_with_zero(self, exported: Path) -> None:
        assert dry_run(exported) == (0, "0 new, 0 changed, 4 unchanged. What the file does not name is left alone.\n")

    def test_judges_no_host_that_stays_as_it_is(self, exported: Path, settings: Any) -> None:
        settings.MIXPANEL_EXTRA_HOSTS = []
        assert dry_run(exported)[0] == 0

        def lead_away(document: dict[str, Any]) -> None:
            document["connections"][0]["auth"]["params"]["host"] = "http://127.0.0.1:9"

        with pytest.raises(CommandError, match=r"connections\[0\]\.auth\.params\.host"):
            apply(edited(exported, lead_away))

    def test_what_the_file_leaves_out_is_left_alone(self, exported: Path) -> None:
        def forget(document: dict[str, Any]) -> None:
            flow = document["flows"][0]
            document |= {"connections": [], "schemas": [], "dataSets": []}
            document["flows"] = [{"name": flow["name"], "scheduleParams": {"lookbackDays": 5}}]

        before = everything()
        assert "0 new, 0 changed, 1 unchanged" in apply(edited(exported, forget))
        assert everything() == before


class TestAnEmptyInstallation:
    def test_becomes_what_the_file_says_and_exports_the_same(self, exported: Path, secret: str) -> None:
        Dataflow.objects.update(description="Ours", partial_ingestion=False, lookback_days=9, backfill=False)
        exported.write_text(export())
        empty()
        told = apply(exported)
        assert "+ connection “Sample Mixpanel”: new" in told
        assert secret not in told
        assert export() == exported.read_text()
        flow = Dataflow.objects.get()
        assert (flow.status, flow.mapping_version, flow.project_name != "") == ("enabled", 1, True)
        before = everything()
        assert "0 new, 0 changed" in apply(exported)
        assert everything() == before

    def test_gets_schemas_drafts_and_disabled_dataflows_too(
        self, exported: Path, secret: str, account: Account
    ) -> None:
        document = Schema.objects.get().document
        schema = Schema.objects.create(title="Own", document={**document, "$id": "https://x/own", "title": "Own"})
        make_draft(name="Begun", account=account, new_dataset_name="Planned", new_dataset_schema=schema)
        make_draft(name="Only a name")
        lifecycle.disable(Dataflow.objects.get(name="Shop events"), by=None, now=timezone.now())
        exported.write_text(export())
        empty()
        schema.delete()
        apply(exported)
        assert export() == exported.read_text()
        assert set(Dataflow.objects.values_list("name", "status")) == {
            ("Begun", "draft"),
            ("Only a name", "draft"),
            ("Shop events", "disabled"),
        }
        before = everything()
        apply(exported)
        assert everything() == before

    def test_gets_no_run_of_a_dataflow_that_is_disabled(self, exported: Path, secret: str) -> None:
        def past(document: dict[str, Any]) -> None:
            document["flows"][0]["state"] = "disabled"
            document["flows"][0]["scheduleParams"]["startTime"] = 1_700_000_000

        edited(exported, past)
        empty()
        apply(exported)
        assert Dataflow.objects.get().start_at is not None
        assert not Run.objects.exists()

    def test_finds_out_what_times_mean_where_nobody_says(self, exported: Path, secret: str) -> None:
        edited(exported, lambda document: document["flows"][0]["params"].pop("timeSemantic"))
        empty()
        apply(exported)
        assert Dataflow.objects.get().time_semantic == "utc"
        assert Dataflow.objects.get().time_evidence

    def test_says_which_variable_it_needs(self, exported: Path) -> None:
        empty()
        with pytest.raises(CommandError, match=rf"line \d+, connections.*{VARIABLE} is not set"):
            apply(exported)

    def test_stays_empty_when_mixpanel_refuses_the_secret(
        self, exported: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv(VARIABLE, "not-the-one")
        empty()
        before = everything()
        with pytest.raises(CommandError, match="Nothing was written") as refusal:
            apply(exported)
        assert "not-the-one" not in str(refusal.value)
        assert everything() == before


def test_the_example_of_the_readme_works(
    account: Account, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the sample's address, user and project in place of the reader's own."""
    text = (settings.BASE_DIR / "README.md").read_text().split("```yaml")[1].split("```")[0]
    host, username = account.region, account.username
    empty()
    for theirs, ours in (("host: eu", f"host: '{host}'"), ("2671127", UTC_PROJECT_ID)):
        assert theirs in text
        text = text.replace(theirs, ours)
    path = tmp_path / "dataflows.yaml"
    path.write_text(text.replace("reader.1a2b3c.mp-service-account", username))
    monkeypatch.setenv("MIXPANEL_EU_PASSWORD", SECRET)
    assert "3 new, 0 changed, 0 unchanged" in apply(path)
    assert Dataflow.objects.get().status == "enabled"
    before = everything()
    assert "0 new, 0 changed, 3 unchanged" in apply(path)
    assert everything() == before


class TestChanges:
    def test_are_made_once(self, exported: Path) -> None:
        def change(document: dict[str, Any]) -> None:
            flow = document["flows"][0]
            flow |= {"description": "Better", "state": "disabled", "options": {"errorDiagnosticsEnabled": True}}
            flow["mappings"].append(ROW)
            flow["scheduleParams"] |= {"interval": 3, "lookbackDays": 7}

        apply(edited(exported, change))
        flow = Dataflow.objects.get()
        assert (flow.description, flow.status, flow.partial_ingestion) == ("Better", "disabled", False)
        assert (flow.interval, flow.lookback_days, flow.mapping_version) == (3, 7, 2)
        assert flow.mapping[-1] == ROW
        before = everything()
        apply(exported)
        assert everything() == before

    def test_are_shown_by_a_dry_run_that_ends_with_two_and_writes_nothing(self, exported: Path) -> None:
        def change(document: dict[str, Any]) -> None:
            flow = document["flows"][0]
            flow["scheduleParams"]["interval"] = 3
            flow["mappings"].append(ROW)
            document["dataSets"].append({"name": "New one", "schemaRef": {"title": TITLE}})

        before = everything()
        code, told = dry_run(edited(exported, change))
        assert code == 2
        assert "~ flow “Shop events”: changed\n" in told
        assert "    scheduleParams.interval: 2 → 3\n" in told
        assert "+ EXPRESSION upper(event) → eventType\n" in told
        assert "+ dataSet “New one”: new\n" in told
        assert "1 new, 1 changed, 3 unchanged." in told
        assert everything() == before

    def test_of_the_schedule_alone_leave_the_slot_that_is_due(self, exported: Path) -> None:
        flow = Dataflow.objects.get()
        Dataflow.objects.update(next_run_at="2026-01-01T00:00Z")
        apply(edited(exported, lambda document: document["flows"][0]["scheduleParams"].update(lookbackDays=9)))
        flow.refresh_from_db()
        assert flow.lookback_days == 9
        assert flow.next_run_at is not None
        assert flow.next_run_at.year == 2026

    def test_of_the_secret_are_seen_without_being_shown(
        self, exported: Path, monkeypatch: pytest.MonkeyPatch, account: Account
    ) -> None:
        Account.objects.update(secret=Sealed.seal("an old one"))
        monkeypatch.setenv(VARIABLE, SECRET)
        code, told = dry_run(exported)
        assert code == 2
        assert f"another secret, in {VARIABLE}" in told
        assert SECRET not in told
        assert "an old one" not in told
        apply(exported)
        account.refresh_from_db()
        assert account.credentials.secret == SECRET
        assert dry_run(exported)[0] == 0

    def test_of_a_schema_are_a_new_version_and_reach_the_mapping(self, exported: Path) -> None:
        def grow(document: dict[str, Any]) -> None:
            document["schemas"][0]["document"]["properties"]["colour"] = {"type": "string", "title": "Colour"}
            document["flows"][0]["mappings"].append(
                {"sourceType": "ATTRIBUTE", "source": "properties.colour", "destination": "colour"}
            )

        apply(edited(exported, grow))
        assert Schema.objects.get().version == 2
        assert Dataflow.objects.get().mapping_version == 2
        assert dry_run(exported)[0] == 0

    def test_finish_a_draft(self, exported: Path, account: Account) -> None:
        make_draft(name="Begun", account=account, description="Kept")

        def finish(document: dict[str, Any]) -> None:
            document["flows"].append(json.loads(json.dumps({**document["flows"][0], "name": "Begun"})))
            document["flows"][1].pop("description")
            document["dataSets"].append(
                {"name": "Another dataset", "schemaRef": dict(document["dataSets"][0]["schemaRef"])}
            )
            document["flows"][1]["dataSet"] = "Another dataset"

        apply(edited(exported, finish))
        flow = Dataflow.objects.get(name="Begun")
        assert (flow.status, flow.description) == ("enabled", "Kept")
        assert dry_run(exported)[0] == 0

    def test_take_the_schema_from_a_file_beside_it(self, exported: Path) -> None:
        def move(document: dict[str, Any]) -> None:
            schema = document["schemas"][0]
            (exported.parent / "events.json").write_text(json.dumps(schema.pop("document"), indent="\t"))
            schema["path"] = "events.json"

        assert dry_run(edited(exported, move))[0] == 0

    def test_are_taken_back_together_when_one_fails(self, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Somebody saves the second dataflow between the check and the deed."""
        second = make_flow(name="Z", dataset=Dataset.objects.get(), account=Account.objects.get())
        exported.write_text(export())

        def change(document: dict[str, Any]) -> None:
            for flow in document["flows"]:
                flow["description"] = "Both"

        edited(exported, change)
        real = amending.amend

        def overtaken(flow: Dataflow, *args: Any, **more: Any) -> None:
            if flow.pk == second.pk:
                Dataflow.objects.filter(pk=flow.pk).update(revision=99)
            real(flow, *args, **more)

        monkeypatch.setattr(amending, "amend", overtaken)
        with pytest.raises(CommandError, match=r"flow “Z”: Somebody changed the same.*\nNothing was written"):
            apply(exported)
        assert not Dataflow.objects.filter(description="Both").exists()

    def test_are_in_the_audit_trail(self, exported: Path, admin: Any) -> None:
        edited(exported, lambda document: document["flows"][0].update(description="Better"))
        apply(exported, "--user", "ada")
        assert LogEntry.objects.get().user_id == admin.pk

    def test_need_somebody_with_a_role(self, exported: Path, viewer: Any) -> None:
        with pytest.raises(CommandError, match="nobody with the role Analyst"):
            apply(exported, "--user", "vic")


class TestWhatCannotBeTakenBack:
    def test_is_said_when_a_later_step_fails(self, exported: Path, secret: str) -> None:
        """The account works; its project is one that it may not read."""

        def lead_astray(document: dict[str, Any]) -> None:
            document["flows"][0]["params"] = {"projectId": "999999", "timezone": "UTC"}

        edited(exported, lead_astray)
        empty()
        with pytest.raises(CommandError, match=r"Accounts that were kept: Sample Mixpanel\. Else nothing was written"):
            apply(exported)
        assert Account.objects.count() == 1
        assert not Dataset.objects.exists()
        assert not Dataflow.objects.exists()
