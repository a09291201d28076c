"""Programs with roles."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from connectors.models import Account
from dataflows.api import clients
from dataflows.api.batches import dataset_id
from dataflows.api.schemas import schema_id
from dataflows.models import Dataset, Run, Schema
from dataflows.runs import engine
from tests.dataflows.api import tutorial
from tests.dataflows.api.program import CONVERSION, Program
from tests.dataflows.factories import make_dataset


@pytest.fixture
def program(db: None, admin: User) -> Program:
    """A program that may set up and run."""
    return Program.of(clients.create("robot", role="Analyst", by=admin))


@pytest.fixture
def onlooker(db: None, admin: User) -> Program:
    """A program that may only look."""
    return Program.of(clients.create("dashboard", role="Viewer", by=admin))


@dataclass
class Shop:
    """What a flow needs, made over the API: ids by kind."""

    program: Program
    account: Account
    dataset: Dataset
    ids: dict[str, str] = field(default_factory=dict)

    def prepare(self) -> None:
        base = str(self.account.uuid)
        for path, body in (
            ("sourceConnections", tutorial.source_connection(base)),
            ("targetConnections", tutorial.target_connection(dataset_id(self.dataset.uuid))),
        ):
            answer = self.program.post(f"/{path}", body)
            assert answer.status_code == 201, answer.content
            self.ids[path] = answer.json()["id"]
        self.ids["mappingSets"] = self.map()

    def map(self, **changed: Any) -> str:
        body = tutorial.mapping_set(schema_id(self.dataset.schema), **changed)
        answer = self.program.call("POST", f"{CONVERSION}/mappingSets", body)
        assert answer.status_code == 200, answer.content
        return str(answer.json()["id"])

    def body(self, **changed: Any) -> dict[str, Any]:
        ids = self.ids
        return tutorial.flow(ids["sourceConnections"], ids["targetConnections"], ids["mappingSets"], **changed)

    def flow(self, **changed: Any) -> str:
        answer = self.program.post("/flows", self.body(**changed))
        assert answer.status_code == 201, answer.content
        return str(answer.json()["id"])

    def work(self) -> None:
        """As workers would, until nothing is left to do; a wait for the rate limit is cut short."""
        for run in Run.objects.unfinished():
            for _ in range(100):
                if engine.advance(run.pk, clock=timezone.now) is engine.Next.LATER:
                    run.refresh_from_db()
                    if run.is_finished:
                        break
                    time.sleep(0.2)
                    run.windows.open().update(not_before=None)


@pytest.fixture
def shop(program: Program, account: Account) -> Shop:
    """An account, a dataset of the standard schema, and connections between them."""
    shop = Shop(program, account, make_dataset(schema=Schema.objects.get()))
    shop.prepare()
    return shop
