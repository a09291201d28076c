"""A dataset holds every event of a project once, whichever dataflows wrote and write to it."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from dataflows.models import Dataflow
from dataflows.runs import lifecycle
from dataflows.runs.cannot_start import CannotStart
from tests.dataflows.factories import make_account, make_draft
from tests.dataflows.runs.conftest import FIRST, SECOND, Bench, events


def successor(bench: Bench, **changed: object) -> Dataflow:
    """A complete draft that reads what the dataflow under test reads, into the same dataset."""
    kept = ("account", "project_id", "timezone", "time_semantic", "dataset", "mapping")
    values = {name: getattr(bench.flow, name) for name in kept}
    return make_draft(**{"name": "Second", **values, **changed})


def activated(draft: Dataflow) -> Dataflow:
    return lifecycle.activate(draft, by=None, now=timezone.now())


def test_a_project_is_not_loaded_twice_into_one_dataset(bench: Bench) -> None:
    with pytest.raises(CannotStart, match="every event would be there twice") as refused:
        activated(successor(bench))
    assert refused.value.code == "project_twice"
    assert Dataflow.objects.get(name="Second").is_draft


def test_other_projects_and_other_regions_may_share_a_dataset(bench: Bench) -> None:
    assert activated(successor(bench, project_id="77")).dataset == bench.flow.dataset
    elsewhere = make_account(name="elsewhere", region="eu")
    assert activated(successor(bench, account=elsewhere)).dataset == bench.flow.dataset


def test_what_a_deleted_dataflow_left_is_replaced_day_by_day(bench: Bench) -> None:
    bench.holds(lambda day: events(day, 12 if day == FIRST else 5))
    bench.run(FIRST, SECOND)
    first, dataset = bench.flow, bench.flow.dataset
    draft = successor(bench)
    lifecycle.delete(first)
    (remnant,) = dataset.remnants.all()
    assert (remnant.name, remnant.project_id) == (first.name, draft.project_id)
    bench.flow = activated(draft)
    bench.run(FIRST)
    rows = bench.rows()
    assert len(rows) == len({row["_id"] for row in rows}) == 17
    assert {row["_dataflow"] for row in rows if row["_day"] == FIRST} == {str(bench.flow.pk)}


def test_a_dataflow_that_loaded_nothing_leaves_nothing(bench: Bench) -> None:
    dataset = bench.flow.dataset
    lifecycle.delete(bench.flow)
    assert not dataset.remnants.exists()


def test_the_dataset_page_tells_of_rows_that_were_left(client, admin: User, bench: Bench) -> None:
    bench.export(events(FIRST, 3))
    bench.run(FIRST)
    dataset = bench.flow.dataset
    lifecycle.delete(bench.flow)
    client.force_login(admin)
    assert "left rows of project" in client.get(dataset.get_absolute_url()).content.decode()
