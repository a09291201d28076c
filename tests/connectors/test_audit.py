"""Who deleted what on the pages stands in the trail that administrators read, and nothing else does."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import DELETION, LogEntry

from dataflows import stores
from tests.dataflows.factories import make_account, make_dataset, make_flow, make_run, make_schema


@pytest.fixture
def table(db):
    """A dataset with its table, as every dataset has one."""
    dataset = make_dataset(name="Shop events")
    stores.lake().create(dataset.table, dataset.schema.xdm.arrow_schema())
    return dataset


def addresses(table):
    return {
        f"/sources/accounts/{make_account(name='Shop').pk}/delete/": "Shop",
        f"/dataflows/{make_flow(name='Shop daily').pk}/delete/": "Shop daily",
        f"/schemas/{make_schema(title='Shop schema').pk}/delete/": "Shop schema",
        f"/datasets/{table.pk}/delete/": "Shop events",
    }


def test_a_deletion_on_the_pages_leaves_its_line(browse, analyst, table):
    for address, name in addresses(table).items():
        assert browse(analyst).post(address, {"name": name}).status_code == 302
        entry = LogEntry.objects.latest("pk")
        assert (entry.user, entry.action_flag, entry.object_repr) == (analyst, DELETION, name)


def test_an_administrator_sees_what_others_deleted(browse, admin, analyst, viewer, table):
    browse(analyst).post(f"/datasets/{table.pk}/delete/", {"name": "Shop events"})
    admin.is_staff = True
    admin.save()
    html = browse(admin).get("/admin/admin/logentry/?q=Shop").content.decode()
    assert "Shop events" in html
    assert "anna" in html
    assert browse(viewer).get("/admin/admin/logentry/").status_code == 302


def test_a_refused_one_leaves_none(browse, analyst, table):
    flow = make_flow(dataset=table)
    make_run(flow, status="running")
    for address in (
        f"/sources/accounts/{flow.account.pk}/delete/",
        f"/dataflows/{flow.pk}/delete/",
        f"/schemas/{table.schema.pk}/delete/",
        f"/datasets/{table.pk}/delete/",
    ):
        assert browse(analyst).post(address, {"name": "Shop events"}).status_code == 200
    assert not LogEntry.objects.exists()
