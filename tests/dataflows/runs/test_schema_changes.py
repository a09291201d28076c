"""A schema changes while its datasets are used: every save is a version, tables follow, runs go on."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from connectors.errors import LakeUnavailable
from connectors.lake import LakeTable
from dataflows import stores
from dataflows.models import RunStatus, Schema
from dataflows.runs import engine, lifecycle, rolling_back, schema_changes
from dataflows.runs.promotion import writing
from dataflows.runs.schema_changes import CannotChange
from dataflows.schemas import SchemaInvalid, XdmSchema
from dataflows.schemas.building import changed_field, with_field, with_identity, without_field
from dataflows.schemas.nodes import array_of, node_of, object_of
from tests.dataflows.factories import make_draft
from tests.dataflows.runs.conftest import FIRST, MAPPING, SECOND, Bench, events

PLAN = ("_tributary", "plan")
MAPS_PLAN = {"sourceType": "ATTRIBUTE", "source": "properties.plan", "destination": "_tributary.plan"}


@pytest.fixture
def schema(bench: Bench) -> Schema:
    return bench.flow.writes_to.schema


@pytest.fixture
def anna(transactional_db) -> User:
    return User.objects.create_user("anna")


def save(schema: Schema, document, anna=None, **more):
    return schema_changes.save(schema, document, seen=more.pop("seen", schema.version), by=anna, **more)


def with_plan(schema: Schema, **limits):
    return with_field(schema.document, PLAN, node_of("string", title="Plan", **limits))


def columns(document):
    return XdmSchema.from_json(document).arrow_schema()


def read_again(bench: Bench) -> Bench:
    bench.flow = type(bench.flow).objects.get(pk=bench.flow.pk)
    return bench


class TestVersions:
    def test_every_save_is_a_version_with_author_and_note(self, schema, anna):
        first = schema.document
        save(schema, with_plan(schema), anna, note="Plan of the customer")
        save(schema, with_field(schema.document, ("_tributary", "utm"), node_of("string")), anna)
        found = schema_changes.versions(schema)
        assert [version.number for version in found] == [3, 2, 1]
        assert (found[1].note, found[1].created_by) == ("Plan of the customer", anna)
        assert found[2].document == first
        assert found[0].document == schema.document

    def test_saving_what_is_there_makes_no_version(self, schema):
        assert not save(schema, schema.document)
        assert (schema.version, schema.versions.count()) == (1, 0)
        assert [version.number for version in schema_changes.versions(schema)] == [1]

    def test_two_who_save_at_once_do_not_overwrite_each_other(self, schema, anna):
        save(schema, with_plan(schema), anna)
        with pytest.raises(CannotChange) as caught:
            save(schema, with_field(schema.document, ("_tributary", "utm"), node_of("string")), seen=1)
        assert caught.value.code == "changed_meanwhile"
        assert "anna saved version 2" in caught.value.message

    def test_a_title_that_is_taken_is_refused(self, schema):
        schema_changes.create({**schema.document, "$id": "https://x/2", "title": "Other"}, by=None)
        with pytest.raises(CannotChange) as caught:
            save(schema, {**schema.document, "title": "Other"})
        assert caught.value.code == "title_taken"
        schema.refresh_from_db()
        assert schema.version == 1

    def test_an_id_or_a_title_that_is_taken_cannot_be_created(self, schema):
        for document, code in (
            (schema.document, "id_taken"),
            ({**schema.document, "$id": "https://x/2"}, "title_taken"),
        ):
            with pytest.raises(CannotChange) as caught:
                schema_changes.create(document, by=None)
            assert caught.value.code == code
        assert Schema.objects.filter(title=schema.title).count() == 1

    def test_what_is_no_schema_is_refused(self, schema):
        with pytest.raises(SchemaInvalid):
            save(schema, {**schema.document, "properties": {}})

    def test_only_what_nothing_uses_is_deleted(self, schema):
        with pytest.raises(CannotChange):
            schema_changes.delete(schema)
        other = schema_changes.create({**schema.document, "$id": "https://x/2", "title": "Other"}, by=None)
        draft = make_draft(new_dataset_schema=other)
        with pytest.raises(CannotChange):
            schema_changes.delete(other)
        draft.delete()
        schema_changes.delete(other)
        assert not Schema.objects.filter(title="Other").exists()


class TestBeforeData:
    def test_anything_goes_and_the_table_follows(self, bench: Bench, schema):
        document = without_field(schema.document, ("_tributary", "os"))
        document = without_field(document, ("_tributary", "item_price"))
        document = with_field(document, ("_tributary", "item_price"), node_of("double"))
        save(schema, document)
        inside = stores.lake().open(bench.flow.dataset.table).schema.field("_tributary").type
        assert inside.get_field_index("os") == -1
        assert str(inside.field("item_price").type) == "double"
        bench.export(events(FIRST, 3))
        assert read_again(bench).run(FIRST).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 3

    def test_nothing_is_taken_from_a_run_that_is_going_on(self, bench: Bench, schema):
        bench.start(FIRST)
        with pytest.raises(CannotChange) as caught:
            save(schema, without_field(schema.document, ("_tributary", "os")))
        assert caught.value.code == "run_unfinished"
        save(schema, with_plan(schema))


class TestOnceThereIsData:
    @pytest.fixture(autouse=True)
    def _loaded(self, bench: Bench):
        bench.export(events(FIRST, 4, plan="free"))
        assert bench.run(FIRST).status == RunStatus.SUCCEEDED

    def test_old_rows_read_null_and_later_ones_have_the_value(self, bench: Bench, schema):
        save(schema, with_plan(schema))
        bench.flow.mapping = [*MAPPING, MAPS_PLAN]
        bench.flow.save()
        bench.export(events(SECOND, 2, plan="paid"))
        assert read_again(bench).run(SECOND).status == RunStatus.SUCCEEDED
        assert [row["_tributary"]["plan"] for row in bench.rows()] == [None] * 4 + ["paid"] * 2

    def test_objects_arrays_and_maps_are_added_too(self, bench: Bench, schema):
        document = schema.document
        nodes = {
            "cart": object_of({"total": node_of("double")}),
            "items": array_of(object_of({"sku": node_of("string")})),
            "extra": node_of("map"),
        }
        for name, node in nodes.items():
            document = with_field(document, ("_tributary", name), node)
        save(schema, document)
        save(schema, with_field(schema.document, ("_tributary", "cart", "count"), node_of("long")))
        bench.flow.mapping = [
            *MAPPING,
            *(
                {"sourceType": "ATTRIBUTE", "source": f"properties.{name}", "destination": f"_tributary.{name}"}
                for name in ("items", "extra", "cart.count")
            ),
        ]
        bench.flow.save()
        bench.export(events(SECOND, 1, items=[{"sku": "a"}], extra={"k": "v"}, cart={"count": 2}))
        assert read_again(bench).run(SECOND).status == RunStatus.SUCCEEDED
        newest = bench.rows()[-1]["_tributary"]
        assert newest["items"] == [{"sku": "a"}]
        assert dict(newest["extra"]) == {"k": "v"}
        assert newest["cart"] == {"total": None, "count": 2}

    def test_what_is_not_additive_is_refused_with_its_place(self, bench: Bench, schema):
        before = stores.lake().open(bench.flow.dataset.table).metadata_location
        with pytest.raises(CannotChange) as caught:
            save(schema, without_field(schema.document, ("_tributary", "os")))
        assert caught.value.code == "not_additive"
        assert [each.path for each in caught.value.differences] == ["_tributary.os"]
        schema.refresh_from_db()
        assert schema.version == 1
        assert stores.lake().open(bench.flow.dataset.table).metadata_location == before

    def test_required_may_come_only_if_every_mapping_has_it(self, bench: Bench, schema):
        with pytest.raises(CannotChange) as caught:
            save(schema, changed_field(schema.document, ("_tributary", "os"), {}, required=True))
        assert caught.value.code == "mapping_invalid"
        assert "Shop" in caught.value.message
        save(schema, changed_field(schema.document, ("_tributary", "city"), {}, required=True))
        save(schema, changed_field(schema.document, ("_tributary", "city"), {}, required=False))

    def test_identities_may_change(self, schema):
        save(schema, with_identity(schema.document, ("_tributary", "user_id"), "CRMID", primary=True))
        assert schema.xdm.field("_tributary.user_id").identity.primary

    def test_rolling_back_to_before_and_on(self, bench: Bench, schema, anna):
        save(schema, with_plan(schema))
        bench.export(events(FIRST, 6))
        assert read_again(bench).run(FIRST).status == RunStatus.SUCCEEDED
        table = stores.lake().open(bench.flow.dataset.table)
        old, new = table.snapshots()[-1].id, table.snapshots()[0].id
        rolling_back.roll_back(bench.flow.dataset, table, old, seen=new, by=anna)
        assert [row["_tributary"]["plan"] for row in bench.rows()] == [None] * 4
        assert len(table.preview(10)[1]) == 4
        bench.export(events(FIRST, 7))
        assert read_again(bench).run(FIRST).status == RunStatus.SUCCEEDED
        assert len(bench.rows()) == 7

    def test_a_second_dataflow_into_the_grown_dataset_is_set_up(self, bench: Bench, schema):
        save(schema, with_plan(schema))
        draft = make_draft(dataset=bench.flow.dataset, account=bench.flow.account, mapping=MAPPING, timezone="UTC")
        assert lifecycle.activate(draft, by=None, now=bench.flow.created_at).status == "enabled"


class TestARunThatIsGoingOn:
    """The schema grows between compiling the plan, writing the parts and the commit."""

    @pytest.mark.parametrize("moment", ["open", "PartWriter", "publish"])
    def test_publishes_what_it_compiled(self, bench: Bench, schema, monkeypatch, moment):
        done = []

        def grow():
            if not done:
                done.append(save(Schema.objects.get(pk=schema.pk), with_plan(schema)))

        def before(real):
            def called(*args, **kwargs):
                grow()
                return real(*args, **kwargs)

            return called

        owner = {"open": engine, "PartWriter": writing, "publish": LakeTable}[moment]
        name = {"open": "plan_of", "PartWriter": "PartWriter", "publish": "publish"}[moment]
        monkeypatch.setattr(owner, name, before(getattr(owner, name)))
        bench.export(events(FIRST, 5, plan="paid"))
        assert bench.run(FIRST).status == RunStatus.SUCCEEDED
        assert done
        assert [row["_tributary"]["plan"] for row in bench.rows()] == [None] * 5


class TestWhenTheLakeIsAway:
    def test_nothing_is_saved(self, bench: Bench, schema, settings, tmp_path):
        bench.export(events(FIRST, 1))
        bench.run(FIRST)
        (tmp_path / "file").write_text("in the way")
        settings.LAKE_CATALOG_URL = f"sqlite:///{tmp_path}/file/catalog.sqlite3"
        stores.lake.cache_clear()
        with pytest.raises(LakeUnavailable):
            save(schema, with_plan(schema))
        schema.refresh_from_db()
        assert schema.version == 1


def test_a_column_left_by_a_save_that_died_is_no_trap(bench: Bench, schema):
    bench.export(events(FIRST, 1))
    bench.run(FIRST)
    grown = columns(with_plan(schema))
    stores.lake().open(bench.flow.dataset.table).evolve(grown)
    save(schema, with_plan(schema))
    utm = with_field(schema.document, ("_tributary", "utm"), node_of("string"))
    stores.lake().open(bench.flow.dataset.table).evolve(columns(utm))
    with pytest.raises(CannotChange) as caught:
        save(schema, with_field(schema.document, ("_tributary", "utm"), node_of("double")))
    assert caught.value.code == "column_taken"
