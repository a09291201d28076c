"""Days that a dataflow wants and does not have: noted when days change, and a reason to look at it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone

from dataflows.models import DayStatus, RunStatus, WindowStatus
from dataflows.monitoring import queries
from dataflows.runs import amending, lacking, lifecycle
from tests.dataflows.factories import make_day, make_flow, make_run, make_window

pytestmark = pytest.mark.django_db
FIRST = date(2026, 3, 1)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


@pytest.fixture
def flow():
    """The days 0 and 3 are loaded, 1 is missing and 2 has failed."""
    flow = make_flow(history_from=FIRST)
    for number in (0, 3):
        make_day(flow, day(number))
    make_day(flow, day(2), status=DayStatus.FAILED)
    return flow


def noted(flow):
    flow.refresh_from_db()
    return flow.lacking_days, flow.lacking_first, flow.lacking_last


def needing(user):
    found = set(queries.dataflows(user, {"attention": True}))
    assert queries.attention_count(user, queries.last_failed(user)) == len(found)
    return found


def test_missing_and_failed_days_count_up_to_the_newest_that_was_read(flow):
    assert lacking.lacking(flow) == [day(1), day(2)]


def test_days_before_the_first_wanted_and_days_of_a_new_dataflow_do_not(flow):
    make_day(flow, day(-3), status=DayStatus.FAILED)
    assert lacking.lacking(flow) == [day(1), day(2)]
    assert lacking.lacking(make_flow(history_from=FIRST)) == []


def test_a_held_day_waits_for_a_person_and_not_for_another_answer(flow):
    flow.days.filter(day=day(2)).update(status=DayStatus.HELD)
    assert lacking.lacking(flow) == [day(1)]


def test_a_run_notes_them_when_it_ends(flow):
    run = make_run(flow, status=RunStatus.RUNNING, first_day=day(4), last_day=day(4))
    make_window(run, day(4), status=WindowStatus.FAILED, error_code="service_down")
    lifecycle.settle(run, now=timezone.now())
    assert noted(flow) == (3, day(1), day(4))


def test_another_beginning_notes_them(flow):
    amending.amend(flow, {"history_from": day(2)}, revision=flow.revision, by=None, now=timezone.now())
    assert noted(flow) == (1, day(2), day(2))


def test_upkeep_notes_them_of_all(flow):
    lacking.note_all()
    assert noted(flow) == (2, day(1), day(2))


def test_such_a_dataflow_needs_attention(flow, viewer):
    lacking.note(flow)
    assert needing(viewer) == {flow}
    flow.days.filter(day=day(2)).update(status=DayStatus.LOADED)
    make_day(flow, day(1))
    lacking.note(flow)
    assert needing(viewer) == set()


def test_until_a_run_reads_them(flow, viewer):
    lacking.note(flow)
    run = make_run(flow, status=RunStatus.QUEUED, first_day=day(3), last_day=day(3))
    assert needing(viewer) == {flow}
    run.delete()
    make_run(flow, status=RunStatus.RUNNING, first_day=day(1), last_day=day(2), dry_run=True)
    assert needing(viewer) == {flow}
    flow.runs.update(dry_run=False)
    assert needing(viewer) == set()


def test_lists_and_its_page_lead_to_the_backfill(flow, browse, analyst):
    lacking.note(flow)
    client = browse(analyst)
    for page in ("/dataflows/?attention=on", flow.get_absolute_url()):
        html = client.get(page).content.decode()
        assert f"/dataflows/{flow.pk}/backfill/?first_day=2026-03-02&amp;last_day=2026-03-03" in html
        assert "2 days are missing or failed" in html
