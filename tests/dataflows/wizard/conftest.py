"""A draft at each of its steps, made by the same requests a browser sends."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import F
from django.test import Client
from django.urls import reverse

from connectors.base import DayRange
from connectors.mixpanel.credentials import Credentials
from connectors.mixpanel.sample.credentials import SECRET, USERNAME, UTC_PROJECT_ID
from connectors.mixpanel.sample.server import SampleServer
from connectors.mixpanel.source import MixpanelSource
from connectors.models import Account
from dataflows.mapper.rows import EditedRow
from dataflows.mapper.sampling import trimmed
from dataflows.mapping.automap import propose
from dataflows.mapping.source_fields import infer
from dataflows.models import Dataflow, Schema
from dataflows.schemas import XdmSchema, mixpanel_events
from dataflows.wizard import drafts

# The test client adds ``context`` and ``url`` to what a view answers.
Page = Any

REVISION = re.compile(r'name="revision" value="(\d+)"')


class Browser:
    """Somebody at the wizard. ``send`` carries the revision of the page it looks at, as the form does."""

    def __init__(self, client: Client, draft: Dataflow) -> None:
        self.client, self.draft = client, draft

    def url(self, slug: str) -> str:
        return reverse("dataflows:wizard", args=[self.draft.pk, slug])

    def see(self, slug: str) -> Page:
        return self.client.get(self.url(slug))

    def revision(self, slug: str) -> str:
        found = REVISION.search(self.see(slug).content.decode())
        assert found, f"the page of {slug} has no revision"
        return found[1]

    def send(self, slug: str, values: Mapping[str, Any], *, revision: str | None = None, **more: Any) -> Page:
        shown = str(self.reload().revision) if revision is None else revision
        return self.client.post(self.url(slug), {"action": "next", **values, **more, "revision": shown})

    def put(self, **fields: Any) -> Browser:
        """As after a step that is tested elsewhere."""
        Dataflow.objects.filter(pk=self.draft.pk).update(**fields, revision=F("revision") + 1)
        return self

    def reload(self) -> Dataflow:
        return Dataflow.objects.get(pk=self.draft.pk)


def body(response: Page) -> str:
    return str(response.content.decode())


@pytest.fixture
def wizard(browse: Callable[[User], Client], analyst: User, account: Account) -> Browser:
    """A fresh draft of the sample account, at the project step."""
    return Browser(browse(analyst), drafts.begin(account=account, by=analyst))


PROJECT = {"project": UTC_PROJECT_ID, "timezone": "", "time_semantic": ""}
EVIDENCE = "498 of 500 live events (100%) carry true UTC times."


@pytest.fixture(scope="session")
def records(sample: SampleServer) -> list[dict[str, Any]]:
    """What a preview of the sample keeps, read once."""
    credentials = Credentials(kind="service_account", username=USERNAME, secret=SECRET)
    source = MixpanelSource(credentials, sample.url, (sample.url,))
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    return [trimmed(record) for record in source.sample(UTC_PROJECT_ID, DayRange(yesterday, yesterday), 100)]


@pytest.fixture
def at_dataset(wizard: Browser, records: list[dict[str, Any]]) -> Browser:
    """After a preview of the UTC project. Stored directly; the way there has tests of its own."""
    return wizard.put(
        project_id=UTC_PROJECT_ID,
        project_name="Harbour Shop (UTC)",
        timezone="Europe/Berlin",
        time_semantic="utc",
        time_evidence=EVIDENCE,
        sample=records,
        reached="dataset",
    )


@pytest.fixture
def dataset_values() -> dict[str, Any]:
    return {
        "target": "new",
        "new_dataset_name": "Shop events",
        "new_dataset_description": "",
        "new_dataset_schema": Schema.objects.get(title="Mixpanel Events (ExperienceEvent)").pk,
        "name": "Shop daily",
        "description": "",
        "partial_ingestion": "on",
        "error_threshold": "5",
        "error_diagnostics": "on",
    }


@pytest.fixture
def at_mapping(at_dataset: Browser, dataset_values: dict[str, Any]) -> Browser:
    options = {"partial_ingestion": True, "error_threshold": 5, "error_diagnostics": True}
    schema = dataset_values["new_dataset_schema"]
    names = {name: dataset_values[name] for name in ("name", "new_dataset_name")}
    return at_dataset.put(**names, **options, new_dataset_schema=schema, reached="mapping")


def sent_rows(response: Page) -> dict[str, str]:
    """The rows of the mapping page as the browser would send them back."""
    names = ("type", "source", "destination")
    return {
        f"{name}-{line.number}": value
        for line in response.context["desk"].table
        for name, value in zip(names, (line.row.source_type, line.row.source, line.row.destination), strict=True)
    }


@pytest.fixture(scope="session")
def proposed_mapping(records: list[dict[str, Any]]) -> list[dict[str, str]]:
    found = propose(infer(records), XdmSchema.from_json(mixpanel_events()))
    return [EditedRow(one.row.source_type, one.row.source, one.row.destination).stored for one in found]


@pytest.fixture
def at_schedule(at_mapping: Browser, proposed_mapping: list[dict[str, str]]) -> Browser:
    return at_mapping.put(mapping=proposed_mapping, reached="schedule")


SCHEDULE = {
    "frequency": "day",
    "interval": "1",
    "cron": "",
    "start": "",
    "schedule_zone": "UTC",
    "backfill": "on",
    "lookback_days": "5",
}


@pytest.fixture
def schedule_values(at_schedule: Browser) -> dict[str, Any]:
    history = datetime.now(UTC).date() - timedelta(days=7)
    return {**SCHEDULE, "history_from": history.isoformat()}


@pytest.fixture
def at_review(at_schedule: Browser, schedule_values: dict[str, Any]) -> Browser:
    return at_schedule.put(history_from=schedule_values["history_from"], reached="review")
