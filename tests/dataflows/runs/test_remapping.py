"""The mapping of a live dataflow changes by versions, for later runs only."""

from __future__ import annotations

import pytest
from django.utils import timezone

from dataflows.mapping import MappingInvalid
from dataflows.models import DataflowStatus, MappingVersion, Trigger
from dataflows.runs import lifecycle, remapping
from dataflows.runs.remapping import MappingConflict
from tests.dataflows.factories import make_draft, make_flow

pytestmark = pytest.mark.django_db
REQUIRED = [
    {"sourceType": "ATTRIBUTE", "source": "tributary.event_id", "destination": "_id"},
    {"sourceType": "ATTRIBUTE", "source": "tributary.timestamp", "destination": "timestamp"},
]
TYPED = [*REQUIRED, {"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"}]


@pytest.fixture
def flow():
    return make_flow(mapping=REQUIRED)


def save(flow, rows, **more):
    return remapping.save(flow, rows, **{"by": None, "now": timezone.now(), "revision": flow.revision, **more})


class TestSave:
    def test_makes_a_version_with_author_and_note(self, flow, analyst):
        version = save(flow, TYPED, by=analyst, note="The type was missing.")
        assert (version.number, version.rows, version.author) == (2, TYPED, analyst)
        assert version.note == "The type was missing."
        flow.refresh_from_db()
        assert (flow.mapping, flow.mapping_version) == (TYPED, 2)

    def test_leaves_runs_that_have_started_alone(self, flow):
        before = lifecycle.start(flow, trigger=Trigger.USER, days=[timezone.now().date()], now=timezone.now())
        save(flow, TYPED)
        before.refresh_from_db()
        assert (before.mapping, before.mapping_version) == (REQUIRED, 1)
        lifecycle.cancel(before, now=timezone.now())
        after = lifecycle.start(flow, trigger=Trigger.USER, days=[timezone.now().date()], now=timezone.now())
        assert (after.mapping, after.mapping_version) == (TYPED, 2)

    def test_refuses_what_does_not_fit_and_keeps_the_mapping_in_force(self, flow):
        with pytest.raises(MappingInvalid, match="timestamp is required"):
            save(flow, REQUIRED[:1])
        flow.refresh_from_db()
        assert (flow.mapping, flow.mapping_version) == (REQUIRED, 1)
        assert not flow.mapping_versions.exists()

    def test_refuses_to_overwrite_what_the_writer_has_not_seen(self, flow):
        seen = flow.revision
        save(flow, TYPED)
        with pytest.raises(MappingConflict):
            save(flow, REQUIRED, revision=seen)
        flow.refresh_from_db()
        assert flow.mapping == TYPED

    def test_twice_is_one_version(self, flow):
        seen = flow.revision
        first = save(flow, TYPED)
        assert save(flow, TYPED, revision=seen) == first
        assert MappingVersion.objects.count() == 1

    def test_ends_what_was_being_edited(self, flow):
        remapping.keep(flow, flow.revision, now=timezone.now(), mapping_draft=[], sample=[{"event": "x"}])
        save(flow, TYPED)
        flow.refresh_from_db()
        assert (flow.mapping_draft, flow.mapping_before, flow.sample) == (None, None, [])

    def test_lets_a_dataflow_go_on_that_its_mapping_had_paused(self, flow):
        type(flow).objects.update(status=DataflowStatus.DISABLED, status_reason="mapping_invalid")
        save(flow, TYPED)
        flow.refresh_from_db()
        assert (flow.status, flow.status_reason) == (DataflowStatus.ENABLED, "")

    def test_leaves_a_dataflow_off_that_a_person_has_disabled(self, flow):
        type(flow).objects.update(status=DataflowStatus.DISABLED)
        save(flow, TYPED)
        flow.refresh_from_db()
        assert flow.status == DataflowStatus.DISABLED

    def test_is_not_for_drafts(self):
        with pytest.raises(ValueError, match="is a draft"):
            save(make_draft(), REQUIRED)


class TestKeep:
    def test_does_not_touch_the_mapping_in_force(self, flow):
        assert remapping.keep(flow, flow.revision, now=timezone.now(), mapping_draft=TYPED)
        flow.refresh_from_db()
        assert (flow.mapping, flow.mapping_draft, flow.mapping_version) == (REQUIRED, TYPED, 1)

    def test_refuses_an_older_revision(self, flow):
        seen = flow.revision
        remapping.keep(flow, seen, now=timezone.now(), mapping_draft=TYPED)
        assert not remapping.keep(flow, seen, now=timezone.now(), mapping_draft=REQUIRED)
        assert flow.mapping_draft == TYPED


def test_restoring_makes_a_new_version(flow):
    old = save(flow, TYPED)
    flow.refresh_from_db()
    save(flow, REQUIRED)
    flow.refresh_from_db()
    made = remapping.restore(old, by=None, now=timezone.now(), revision=flow.revision)
    assert (made.number, made.rows, made.note) == (4, TYPED, "Restores version 2.")
