"""A live dataflow with days that were loaded, and somebody at its mapper."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from dataflows import stores
from dataflows.mapper.rows import EditedRow, as_sent, read_stored
from dataflows.models import Dataflow
from dataflows.runs import remapping
from tests.dataflows.factories import counts, make_day, make_flow, make_run, make_window

DAY = date(2026, 3, 1)
MAPPING = [
    {"sourceType": "ATTRIBUTE", "source": "tributary.event_id", "destination": "_id"},
    {"sourceType": "ATTRIBUTE", "source": "tributary.timestamp", "destination": "timestamp"},
    {"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"},
    {"sourceType": "ATTRIBUTE", "source": "properties.distinct_id", "destination": "_acme.distinct_id"},
]
EXTRA = {"sourceType": "ATTRIBUTE", "source": "properties.city", "destination": "_acme.city"}
Page = Any


def event(number: int, name: str = "Purchase", **properties: Any) -> dict[str, Any]:
    known = {"time": 1772323200 + number, "distinct_id": f"user-{number}", "$insert_id": f"i{number}", "city": "Łódź"}
    return {"event": name, "properties": known | properties}


def land(key: str, records: list[dict[str, Any]]) -> str:
    """An answer of Mixpanel in the landing zone."""
    writer = stores.landing().create(key)
    writer.write(gzip.compress("".join(f"{json.dumps(record)}\n" for record in records).encode()))
    writer.commit()
    return key


@pytest.fixture
def flow(db: None) -> Dataflow:
    """Loaded three days with version 1; the first has a rejected record."""
    flow = make_flow(mapping=MAPPING)
    flow.mapping_versions.create(number=1, rows=MAPPING, created_at=flow.activated_at)
    run = make_run(flow)
    for number in range(3):
        day = DAY + timedelta(days=number)
        key = land(f"raw/{number}.jsonl.gz", [event(number * 100 + each) for each in range(20)])
        rejected = 1 if number == 0 else 0
        make_day(flow, day, window=make_window(run, day), landed_key=key, **counts(loaded=20, rejected=rejected))
    return flow


@dataclass
class Editor:
    """Somebody at the mapper of a live dataflow. ``send`` carries the revision of the page it looks at."""

    client: Client
    flow: Dataflow

    def url(self, name: str = "mapping_edit", *more: Any) -> str:
        return reverse(f"dataflows:{name}", args=[self.flow.pk, *more])

    def see(self, name: str = "mapping_edit", **query: Any) -> Page:
        return self.client.get(self.url(name), query)

    def send(self, rows: list[dict[str, str]], action: str = "save", **more: Any) -> Page:
        values = {"revision": str(self.reload().revision), **as_sent(read_stored(rows)), "action": action}
        return self.client.post(self.url(), {**values, **more})

    def press(self, action: str, rows: list[dict[str, str]] | None = None) -> list[EditedRow]:
        """Press a button on ``rows`` or on what is being edited; the rows afterwards."""
        self.send(remapping.edited(self.reload()) if rows is None else rows, action)
        return read_stored(remapping.edited(self.reload()))

    def reload(self) -> Dataflow:
        self.flow = Dataflow.objects.get(pk=self.flow.pk)
        return self.flow


@pytest.fixture
def editor(flow: Dataflow, browse: Callable[[User], Client], analyst: User) -> Editor:
    return Editor(browse(analyst), flow)


def text(answer: Page) -> str:
    """What a person reads of a page."""
    without_tags = re.sub(r"<[^>]+>", "", answer.content.decode())
    return re.sub(r"\s+", " ", without_tags)
