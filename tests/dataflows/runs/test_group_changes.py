"""A field group changes: every schema that is made of it follows, with its tables, or nothing changes."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from dataflows import stores
from dataflows.models import FieldGroup, RunStatus, Schema
from dataflows.runs import group_changes, schema_changes
from dataflows.runs.group_changes import SchemasRefuse
from dataflows.runs.schema_changes import CannotChange
from dataflows.schemas.building import with_field
from dataflows.schemas.nodes import node_of, object_of
from tests.dataflows.runs.conftest import FIRST, MAPPING, SECOND, Bench, events

GROUP_ID = "https://ns.adobe.com/tributary/mixins/12"
PLAN, SEATS = node_of("string", title="Plan"), node_of("long", title="Seats")
MAPS_PLAN = {"sourceType": "ATTRIBUTE", "source": "properties.plan", "destination": "_tributary.plan"}


def of(**fields: Any) -> dict[str, Any]:
    """The document of the group with these fields."""
    return {
        "$id": GROUP_ID,
        "meta:altId": "_tributary.mixins.12",
        "title": "Subscription",
        "type": "object",
        "properties": {"_tributary": object_of(fields)},
    }


@pytest.fixture
def group(transactional_db: None) -> FieldGroup:
    return FieldGroup.objects.create(title="Subscription", document=of(plan=PLAN))


@pytest.fixture
def schema(bench: Bench, group: FieldGroup) -> Schema:
    """That of the dataflow, made of the group too."""
    found = bench.flow.writes_to.schema
    document = with_field(found.document, ("_tributary", "plan"), PLAN)
    document["meta:extends"] = [*document.get("meta:extends", []), GROUP_ID]
    schema_changes.save(found, document, seen=found.version, by=None)
    bench.flow = type(bench.flow).objects.get(pk=bench.flow.pk)
    return found


@pytest.fixture
def other(schema: Schema) -> Schema:
    """A schema of the same group that no dataset has."""
    return schema_changes.create({**schema.document, "$id": "https://x/2", "title": "Other"}, by=None)


@pytest.fixture
def anna(transactional_db: None) -> User:
    return User.objects.create_user("anna")


def change(group: FieldGroup, by: User | None = None, **fields: Any) -> list[Schema]:
    return group_changes.save(group, "Subscription", of(**fields), seen=group.version, by=by)


def load(bench: Bench) -> None:
    bench.export(events(FIRST, 4, plan="free"))
    assert bench.run(FIRST).status == RunStatus.SUCCEEDED


def inside(bench: Bench) -> list[str]:
    """The tenant's columns of the table."""
    kind = stores.lake().open(bench.flow.writes_to.table).schema.field("_tributary").type
    return [kind.field(number).name for number in range(kind.num_fields)]


def versions(*schemas: Schema) -> list[int]:
    return [Schema.objects.get(pk=each.pk).version for each in schemas]


def test_every_schema_gets_a_new_field_and_says_from_where(
    bench: Bench, group: FieldGroup, schema: Schema, other: Schema, anna: User
) -> None:
    assert change(group, anna, plan=PLAN, seats=SEATS) == [schema, other]
    assert group.version == 2
    for each in (schema, other):
        newest = schema_changes.versions(Schema.objects.get(pk=each.pk))[0]
        assert newest.xdm.has(("_tributary", "seats"))
        assert (newest.note, newest.created_by) == ("The field group “Subscription” changed.", anna)
    assert "seats" in inside(bench)


def test_rows_go_on_after_a_field_came_to_loaded_data(bench: Bench, group: FieldGroup, schema: Schema) -> None:
    load(bench)
    change(group, plan=PLAN, seats=SEATS)
    bench.flow.mapping = [*MAPPING, MAPS_PLAN]
    bench.flow.save()
    bench.flow = type(bench.flow).objects.get(pk=bench.flow.pk)
    bench.export(events(SECOND, 2, plan="paid"))
    assert bench.run(SECOND).status == RunStatus.SUCCEEDED
    assert [row["_tributary"]["plan"] for row in bench.rows()] == [None] * 4 + ["paid"] * 2


@pytest.mark.parametrize("fields", [{"seats": SEATS}, {"plan": SEATS}], ids=["gone", "another type"])
def test_what_data_forbids_is_refused_and_no_schema_is_changed(
    bench: Bench, group: FieldGroup, schema: Schema, other: Schema, fields: dict[str, Any]
) -> None:
    load(bench)
    before = versions(schema, other)
    columns = inside(bench)
    with pytest.raises(SchemasRefuse) as caught:
        change(group, **fields)
    (refusal,) = caught.value.refusals
    assert (refusal.schema, refusal.code) == (schema, "not_additive")
    assert [each.path for each in refusal.differences] == ["_tributary.plan"]
    assert schema.title in str(caught.value)
    assert "_tributary.plan" in str(caught.value)
    group.refresh_from_db()
    assert (group.version, group.document) == (1, of(plan=PLAN))
    assert versions(schema, other) == before
    assert inside(bench) == columns


def test_without_data_a_field_may_go_and_the_table_follows(bench: Bench, group: FieldGroup, schema: Schema) -> None:
    change(group, seats=SEATS)
    assert not Schema.objects.get(pk=schema.pk).xdm.has(("_tributary", "plan"))
    assert {"seats", "city"} <= set(inside(bench))
    assert "plan" not in inside(bench)


def test_a_mapping_that_would_not_fit_is_named(bench: Bench, group: FieldGroup, schema: Schema) -> None:
    bench.flow.mapping = [*MAPPING, MAPS_PLAN]
    bench.flow.save()
    with pytest.raises(SchemasRefuse) as caught:
        change(group, seats=SEATS)
    assert caught.value.refusals[0].code == "mapping_invalid"
    assert "_tributary.plan" in str(caught.value)


def test_every_schema_that_cannot_follow_is_named(group: FieldGroup, schema: Schema, other: Schema) -> None:
    for each in (schema, other):
        grown = with_field(each.document, ("_tributary", "seats"), node_of("string"))
        schema_changes.save(each, grown, seen=each.version, by=None)
    with pytest.raises(SchemasRefuse) as caught:
        change(group, plan=PLAN, seats=SEATS)
    assert [refusal.schema for refusal in caught.value.refusals] == [schema, other]
    assert "_tributary.seats is described twice" in str(caught.value)


def test_another_title_alone_makes_no_version_of_a_schema(group: FieldGroup, schema: Schema) -> None:
    before = versions(schema)
    assert group_changes.save(group, "Plans", of(plan=PLAN), seen=1, by=None) == []
    assert (group.title, versions(schema)) == ("Plans", before)


def test_two_who_change_it_at_once_do_not_overwrite_each_other(group: FieldGroup) -> None:
    change(group, plan=PLAN, seats=SEATS)
    with pytest.raises(CannotChange) as caught:
        group_changes.save(group, "Subscription", of(plan=PLAN), seen=1, by=None)
    assert caught.value.code == "changed_meanwhile"
