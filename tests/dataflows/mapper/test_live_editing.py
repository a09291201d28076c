"""The mapping of a live dataflow: edited beside the one in force, saved as a version, restored, reprocessed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from connectors.mixpanel.sample.credentials import FORBIDDEN_PROJECT_ID, UTC_PROJECT_ID
from connectors.models import ExportRequest
from dataflows import stores
from dataflows.models import Run
from tests.dataflows.factories import make_draft, make_run
from tests.dataflows.mapper.conftest import DAY, EXTRA, MAPPING, Editor, text

WRONG = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "nowhere"}


class TestTheEditor:
    def test_begins_with_the_mapping_in_force(self, editor: Editor):
        shown = [line.row.stored for line in editor.see().context["desk"].table]
        assert shown == MAPPING
        assert editor.reload().mapping_draft is None

    def test_tries_the_mapping_on_records_of_recent_days_and_asks_mixpanel_nothing(self, editor: Editor):
        desk = editor.see().context["desk"]
        assert {record["properties"]["city"] for record in desk.flow.sample} == {"Łódź"}
        assert len(desk.flow.sample) == 60
        assert desk.grid.lines
        assert not ExportRequest.objects.exists()

    def test_says_so_when_no_raw_answer_is_kept(self, editor: Editor):
        editor.flow.days.update(landed_key="")
        assert "no sample records" in text(editor.see())

    def test_says_why_when_raw_answers_cannot_be_read(self, editor: Editor):
        writer = stores.landing().create("raw/0.jsonl.gz")
        writer.write(b"\x1f\x8b no gzip")
        writer.commit()
        editor.flow.days.exclude(day=DAY).delete()
        assert "incomplete_export" in text(editor.see())

    def test_says_which_fields_no_record_of_the_sample_has(self, editor: Editor):
        editor.send([*MAPPING, {**EXTRA, "source": "properties.gone"}], "check")
        page = editor.see()
        assert [line.row.source for line in page.context["desk"].table if line.unseen] == ["properties.gone"]
        assert "not in the sample" in text(page)

    def test_an_object_and_a_field_inside_it_are_marked_and_kept(self, editor: Editor):
        rows = [*MAPPING, {**EXTRA, "source": "properties.who", "destination": "_acme"}]
        answer = editor.send(rows)
        marked = answer.context["desk"].table[4]
        assert "one inside the other" in marked.problems[0].message
        assert editor.reload().mapping_draft == rows

    def test_keeps_wrong_rows_beside_the_mapping_in_force(self, editor: Editor):
        answer = editor.send([*MAPPING, WRONG])
        assert "stays until it is corrected" in text(answer)
        flow = editor.reload()
        assert (flow.mapping, flow.mapping_version) == (MAPPING, 1)
        assert flow.mapping_draft == [*MAPPING, WRONG]
        marked = [line.number for line in editor.see().context["desk"].table if line.problems]
        assert marked == [4]

    def test_discards_them_when_told_to(self, editor: Editor):
        editor.send([*MAPPING, WRONG])
        editor.client.post(editor.url("mapping_discard"))
        flow = editor.reload()
        assert (flow.mapping_draft, flow.sample, flow.mapping) == (None, [], MAPPING)

    def test_changes_rows_with_its_buttons(self, editor: Editor):
        assert editor.press("use:properties.city")[-1].source == "properties.city"
        assert [row.destination for row in editor.press("remove:2")] == ["_id", "timestamp", "_acme.distinct_id", ""]
        assert editor.reload().mapping == MAPPING

    def test_clears_all_and_brings_it_back(self, editor: Editor):
        assert [row.is_blank for row in editor.press("clear")] == [True]
        assert [row.stored for row in editor.press("undo")] == MAPPING

    def test_undoes_an_undo(self, editor: Editor):
        editor.press("clear")
        editor.press("undo")
        assert [row.is_blank for row in editor.press("undo")] == [True]


class TestSaving:
    def test_makes_a_version_for_later_runs(self, editor: Editor, analyst):
        running = make_run(editor.flow, status="running", mapping=MAPPING)
        answer = editor.send([*MAPPING, EXTRA], note="Cities are wanted.")
        assert answer.url == editor.url("mapping_history")
        flow = editor.reload()
        assert (flow.mapping, flow.mapping_version, flow.mapping_draft) == ([*MAPPING, EXTRA], 2, None)
        version = flow.mapping_versions.first()
        assert (version.author, version.note) == (analyst, "Cities are wanted.")
        running.refresh_from_db()
        assert running.mapping == MAPPING

    def test_works_for_one_time_dataflows_too(self, editor: Editor):
        type(editor.flow).objects.update(frequency="once", next_run_at=None)
        editor.send([*MAPPING, EXTRA])
        assert editor.reload().mapping_version == 2

    def test_two_people_are_told_about_each_other_and_the_second_may_overwrite(self, editor: Editor):
        seen = editor.reload().revision
        editor.send([*MAPPING, EXTRA])
        answer = editor.send(MAPPING[:3], revision=str(seen))
        assert "Somebody changed this dataflow in another window" in text(answer)
        assert [line.row.stored for line in answer.context["desk"].table] == MAPPING[:3]
        assert editor.reload().mapping == [*MAPPING, EXTRA]
        editor.send(MAPPING[:3], revision=str(answer.context["flow"].revision))
        assert editor.reload().mapping == MAPPING[:3]

    def test_a_target_that_left_the_schema_meanwhile_is_marked_and_kept(self, editor: Editor):
        schema = editor.flow.dataset.schema
        del schema.document["properties"]["eventType"]
        schema.save()
        answer = editor.send(MAPPING)
        line = answer.context["desk"].table[2]
        assert "has no field eventType" in line.problems[0].message
        assert line.row.source == "event"

    def test_a_revision_that_is_none_overwrites_nothing(self, editor: Editor):
        assert "another window" in text(editor.send([*MAPPING, EXTRA], revision="x"))
        assert editor.reload().mapping == MAPPING


class TestHistory:
    @pytest.fixture
    def history(self, editor: Editor) -> Editor:
        editor.send([*MAPPING, EXTRA], note="Cities are wanted.")
        editor.send([*MAPPING[:3], {**MAPPING[3], "source": "properties.$user_id"}, EXTRA])
        return editor

    def test_shows_what_every_version_changed(self, history: Editor):
        rows = history.see("mapping_history").context["rows"]
        assert [(row.version.number, row.in_force, row.is_first) for row in rows] == [
            (3, True, False),
            (2, False, False),
            (1, False, True),
        ]
        assert [(before["source"], after["source"]) for before, after in rows[0].changes.changed] == [
            ("properties.distinct_id", "properties.$user_id")
        ]
        assert [row["source"] for row in rows[1].changes.added] == ["properties.city"]

    def test_tells_which_runs_and_days_used_it(self, history: Editor):
        rows = history.see("mapping_history").context["rows"]
        assert [(row.runs, row.days) for row in rows] == [(0, 0), (0, 0), (1, 3)]
        assert rows[2].last_run == Run.objects.get()

    def test_is_found_by_field_and_by_note(self, history: Editor):
        found = [
            [row.version.number for row in history.see("mapping_history", q=q).context["rows"]]
            for q in ("distinct_id", "CITIES", "nothing like it")
        ]
        assert found == [[3, 1], [2], []]
        assert "No version matches" in text(history.see("mapping_history", q="nothing like it"))

    def test_offers_to_reprocess_the_days_an_older_version_loaded(self, history: Editor):
        page = history.see("mapping_history")
        assert "3 days were loaded with older versions." in text(page)
        assert (page.context["outdated"].kept, page.context["outdated"].troubled) == (3, 1)
        answer = history.client.post(history.url("dataflow_reprocess"), {"which": "troubled", "dry": "1"})
        tried = Run.objects.get(dry_run=True)
        assert answer.url == tried.get_absolute_url()
        assert (tried.first_day, tried.last_day, tried.mapping_version) == (DAY, DAY, 3)

    def test_restores_a_version_as_a_new_one(self, history: Editor):
        url = history.url("mapping_restore", 1)
        history.client.post(url, {"revision": str(history.reload().revision)})
        flow = history.reload()
        assert (flow.mapping, flow.mapping_version) == (MAPPING, 4)

    def test_restores_nothing_over_what_was_not_seen(self, history: Editor):
        answer = history.client.post(history.url("mapping_restore", 1), {"revision": "0"}, follow=True)
        assert "changed this dataflow in the meantime" in text(answer)
        assert history.reload().mapping_version == 3

    def test_names_what_keeps_an_old_version_from_fitting(self, history: Editor):
        schema = history.flow.dataset.schema
        del schema.document["properties"]["eventType"]
        schema.save()
        url = history.url("mapping_restore", 1)
        answer = history.client.post(url, {"revision": str(history.reload().revision)}, follow=True)
        assert "has no field eventType" in text(answer)


class TestWhoMayDoWhat:
    @pytest.mark.parametrize("name", ["mapping_edit", "mapping_discard"])
    def test_viewers_do_not_edit(self, flow, browse, viewer, name):
        url = reverse(f"dataflows:{name}", args=[flow.pk])
        assert browse(viewer).post(url).status_code == 403

    def test_viewers_see_the_history_without_its_buttons(self, flow, browse, viewer):
        url = reverse("dataflows:mapping_history", args=[flow.pk])
        page = text(browse(viewer).get(url))
        assert "Version 1" in page
        assert "Edit mapping" not in page
        restore = reverse("dataflows:mapping_restore", args=[flow.pk, 1])
        assert browse(viewer).post(restore).status_code == 403

    def test_strangers_see_nothing(self, flow, browse, stranger):
        assert browse(stranger).get(reverse("dataflows:mapping_history", args=[flow.pk])).status_code == 403

    def test_a_draft_belongs_to_the_wizard(self, browse, analyst):
        url = reverse("dataflows:mapping_edit", args=[make_draft().pk])
        assert browse(analyst).get(url).status_code == 404


class TestRecordsFromMixpanel:
    """A dataflow whose raw answers are gone."""

    @pytest.fixture
    def forgetful(self, editor: Editor, account) -> Editor:
        editor.flow.days.update(landed_key="")
        type(editor.flow).objects.update(account=account, project_id=UTC_PROJECT_ID, timezone="Europe/Berlin")
        return editor

    def test_are_asked_for_at_one_press_and_what_was_typed_is_kept(self, forgetful: Editor):
        answer = forgetful.send([*MAPPING, EXTRA], "sample")
        assert answer.status_code == 302
        flow = forgetful.reload()
        assert 0 < len(flow.sample) <= 500
        assert flow.mapping_draft == [*MAPPING, EXTRA]
        assert ExportRequest.objects.filter(purpose="preview").exists()

    def test_are_missed_with_a_reason_when_mixpanel_refuses(self, forgetful: Editor):
        type(forgetful.flow).objects.update(project_id=FORBIDDEN_PROJECT_ID)
        answer = forgetful.send([*MAPPING, EXTRA], "sample")
        assert "What to do" in text(answer)
        assert [line.row.stored for line in answer.context["desk"].table] == [*MAPPING, EXTRA]
