"""Properties that come after the mapping are noticed, told, and taken in as one change."""

from __future__ import annotations

import json

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from dataflows import stores
from dataflows.models import Dataflow, PropertyState, RunStatus, SourceProperty
from dataflows.runs import evolving, lifecycle, properties, proposing, remapping, schema_changes
from dataflows.runs.evolving import Choice
from dataflows.runs.glance import MOST, Glance
from dataflows.runs.schema_changes import CannotChange
from dataflows.schemas.building import with_field
from dataflows.schemas.nodes import node_of
from tests.dataflows.factories import make_draft
from tests.dataflows.runs.conftest import FIRST, MAPPING, SECOND, Bench, events


@pytest.fixture
def anna(transactional_db) -> User:
    return User.objects.create_user("anna")


@pytest.fixture
def loaded(bench: Bench) -> Bench:
    """Four rows of the first day; the second has two properties that the first had not."""
    bench.export(events(FIRST, 4, plan="free"))
    bench.run(FIRST)
    bench.export(events(SECOND, 3, plan="paid", utm_source="mail", **{"Seat Count": 5}))
    assert bench.run(SECOND).status == RunStatus.SUCCEEDED
    bench.flow = Dataflow.objects.get(pk=bench.flow.pk)
    return bench


def new_paths(flow) -> list[str]:
    return [row.path for row in properties.new_properties(flow)]


def choices(flow) -> list[Choice]:
    found = proposing.proposals_for(properties.new_properties(flow))
    return [Choice(each.seen.source, ("_tributary", *each.path), each.node) for each in found]


class TestNoticing:
    def test_what_the_first_window_shows_is_known_and_what_later_ones_show_is_new(self, loaded: Bench):
        assert new_paths(loaded.flow) == ["properties.utm_source", "properties.${Seat Count}"]
        known = loaded.flow.properties.filter(state=PropertyState.KNOWN).values_list("path", flat=True)
        assert {"event", "properties.plan", "properties.time"} <= set(known)

    def test_what_the_wizards_sample_showed_is_known(self, bench: Bench):
        draft = make_draft(
            dataset=bench.flow.dataset,
            account=bench.flow.account,
            mapping=MAPPING,
            project_id="43",
            timezone="UTC",
            time_semantic="utc",
            sample=[{"event": "Purchase", "properties": {"plan": "free", "cart": {"total": 1}}}],
        )
        flow = lifecycle.activate(draft, by=None, now=timezone.now())
        assert set(flow.properties.values_list("path", flat=True)) == {
            "event",
            "properties.plan",
            "properties.cart.total",
        }
        properties.note(
            flow, [{"event": "x", "properties": {"plan": 1, "cart": {"total": 2, "items": 3}}}], now=timezone.now()
        )
        assert new_paths(flow) == ["properties.cart.items"]

    def test_types_and_shares_are_counted(self, loaded: Bench):
        row = loaded.flow.properties.get(path="properties.plan")
        assert (row.types, row.seen, row.looked_at) == ({"string": 7}, 7, 7)
        assert row.values == ["free", "paid"]
        seats = loaded.flow.properties.get(path="properties.${Seat Count}")
        assert (seats.seen, seats.looked_at) == (3, 3)

    def test_a_mapped_or_dismissed_property_is_not_told(self, loaded: Bench):
        loaded.flow.mapping = [
            *loaded.flow.mapping,
            {"sourceType": "EXPRESSION", "source": "lower(properties.utm_source)", "destination": "x"},
        ]
        assert new_paths(loaded.flow) == ["properties.${Seat Count}"]
        properties.settle(loaded.flow, ["properties.${Seat Count}"], PropertyState.DISMISSED)
        assert new_paths(loaded.flow) == []

    def test_a_longer_name_that_begins_the_same_does_not_hide_one(self, loaded: Bench):
        loaded.flow.mapping = [{"sourceType": "ATTRIBUTE", "source": "properties.utm_source_id", "destination": "x"}]
        assert "properties.utm_source" in new_paths(loaded.flow)

    def test_a_rare_type_shows_among_the_values(self, loaded: Bench):
        records = [{"event": "x", "properties": {"plan": value}} for value in ["a", "b", "c", "d", "e", 7, True]]
        properties.note(loaded.flow, records, now=timezone.now())
        values = loaded.flow.properties.get(path="properties.plan").values
        assert 7 in values
        assert True in values

    def test_hostile_names_and_values_do_not_cost_a_window(self, bench: Bench):
        bench.export(events(FIRST, 2))
        bench.run(FIRST)
        hostile = {
            "a\x00b": 1,
            "half \ud800": "x",
            "value": "half \ud800",
            "nul": "\x00",
            "x" * 3000: 1,
            "long": "y" * 100_000,
            "deep": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        }
        lines = [json.loads(line) for line in events(SECOND, 3).splitlines()]
        for line in lines:
            line["properties"] |= hostile
        bench.export(b"".join(json.dumps(line).encode() + b"\n" for line in lines))
        assert bench.run(SECOND).status == RunStatus.SUCCEEDED
        found = new_paths(bench.flow)
        assert "properties.long" in found
        assert not [path for path in found if "\x00" in path or len(path) > 500]

    def test_a_flood_of_names_is_cut_off(self, bench: Bench):
        properties.note(bench.flow, [{"event": "x", "properties": {}}], now=timezone.now())
        records = [{"event": "x", "properties": {f"p{n}-{m}": 1 for m in range(500)}} for n in range(10)]
        properties.note(bench.flow, records, now=timezone.now())
        assert bench.flow.properties.count() <= properties.MOST_PROPERTIES

    def test_only_some_records_of_a_large_answer_are_parsed(self):
        glance = Glance()
        blocks = [events(FIRST, 3_000)] * 60
        assert list(glance.over(blocks)) == blocks
        assert len(glance.records) <= MOST + 400


class TestTakingIn:
    def test_schema_dataset_and_mapping_change_together(self, loaded: Bench, anna):
        flow = loaded.flow
        evolution = evolving.plan(flow, choices(flow))
        assert [each.path for each in evolution.comparison.differences] == [
            "_tributary.utm_source",
            "_tributary.seat_count",
        ]
        evolving.apply(flow, evolution, by=anna, now=timezone.now())
        flow = Dataflow.objects.get(pk=flow.pk)
        assert flow.writes_to.schema.version == 2
        assert flow.mapping_versions.first().author == anna
        assert flow.mapping[-1] == {
            "sourceType": "ATTRIBUTE",
            "source": "properties.${Seat Count}",
            "destination": "_tributary.seat_count",
        }
        assert new_paths(flow) == []
        loaded.flow = flow
        loaded.export(events(SECOND, 2, utm_source="web", **{"Seat Count": 9}))
        assert loaded.run(SECOND).status == RunStatus.SUCCEEDED
        rows = [(row["_tributary"]["utm_source"], row["_tributary"]["seat_count"]) for row in loaded.rows()]
        assert rows == [(None, None)] * 4 + [("web", 9)] * 2

    def test_nothing_is_changed_when_the_mapping_was_saved_meanwhile(self, loaded: Bench, anna):
        evolution = evolving.plan(loaded.flow, choices(loaded.flow))
        remapping.save(loaded.flow, MAPPING[:3], by=anna, now=timezone.now(), revision=loaded.flow.revision)
        with pytest.raises(remapping.MappingConflict):
            evolving.apply(loaded.flow, evolution, by=anna, now=timezone.now())
        schema = loaded.flow.writes_to.schema
        schema.refresh_from_db()
        assert schema.version == 1
        assert new_paths(loaded.flow)

    def test_nothing_is_changed_when_the_schema_was_saved_meanwhile(self, loaded: Bench, anna):
        evolution = evolving.plan(loaded.flow, choices(loaded.flow))
        schema = loaded.flow.writes_to.schema
        other = with_field(schema.document, ("_tributary", "other"), node_of("string"))
        schema_changes.save(type(schema).objects.get(pk=schema.pk), other, seen=1, by=anna)
        before = Dataflow.objects.get(pk=loaded.flow.pk).mapping
        with pytest.raises(CannotChange):
            evolving.apply(loaded.flow, evolution, by=anna, now=timezone.now())
        assert Dataflow.objects.get(pk=loaded.flow.pk).mapping == before

    def test_every_dataset_of_the_schema_grows(self, loaded: Bench, anna):
        schema = loaded.flow.writes_to.schema
        other = schema.datasets.create(name="Another")
        stores.lake().create(other.table, schema.xdm.arrow_schema())
        evolution = evolving.plan(loaded.flow, choices(loaded.flow))
        assert [dataset.name for dataset in evolution.datasets] == ["Another", "Shop events"]
        evolving.apply(loaded.flow, evolution, by=anna, now=timezone.now())
        inside = stores.lake().open(other.table).schema.field("_tributary").type
        assert inside.get_field_index("utm_source") >= 0


def test_deleting_a_dataflow_forgets_its_properties(loaded: Bench):
    lifecycle.delete(loaded.flow)
    assert not SourceProperty.objects.exists()
