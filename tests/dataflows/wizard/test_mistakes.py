"""What people get wrong in the later steps, and what they read then."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.urls import reverse

from dataflows.models import Dataset, Schema
from tests.dataflows.factories import make_flow
from tests.dataflows.wizard.conftest import Browser, body, sent_rows

LONG = "n" * 5000
HTML = "<script>alert('x')</script>"


class TestDataset:
    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("name", ""),
            ("name", LONG),
            ("new_dataset_name", ""),
            ("new_dataset_name", LONG),
            ("description", LONG),
            ("new_dataset_description", LONG),
            ("new_dataset_schema", ""),
            ("new_dataset_schema", "999999"),
            ("error_threshold", "0"),
            ("error_threshold", "-1"),
            ("error_threshold", "100.5"),
            ("error_threshold", "many"),
            ("error_threshold", ""),
            ("error_threshold", "NaN"),
        ],
    )
    def test_an_error_is_at_its_field_and_nothing_typed_is_lost(
        self, at_dataset: Browser, dataset_values: dict[str, Any], field: str, value: str
    ) -> None:
        answer = at_dataset.send("dataset", {**dataset_values, "description": "kept", field: value})
        form = answer.context["form"]
        assert list(form.errors) == [field]
        assert form[field].value() == value
        assert field == "description" or form["description"].value() == "kept"
        assert at_dataset.reload().reached == "dataset"

    def test_the_name_of_another_dataset_is_refused(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        Dataset.objects.create(name="Shop events", schema=Schema.objects.get())
        answer = at_dataset.send("dataset", dataset_values)
        assert "There is a dataset of this name" in str(answer.context["form"].errors["new_dataset_name"])

    def test_an_existing_dataset_must_be_chosen(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        answer = at_dataset.send("dataset", dataset_values, target="existing")
        assert "Choose a dataset." in str(answer.context["form"].errors["dataset"])

    def test_an_existing_dataset_brings_its_schema(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        dataset = Dataset.objects.create(name="Old one", schema=Schema.objects.get())
        at_dataset.send("dataset", {**dataset_values, "target": "existing", "dataset": dataset.pk})
        assert at_dataset.reload().dataset == dataset

    def test_a_dataset_that_has_the_project_already_is_refused(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        draft = at_dataset.reload()
        other = make_flow(name="Earlier", account=draft.account, project_id=draft.project_id)
        answer = at_dataset.send("dataset", dataset_values, target="existing", dataset=other.dataset.pk)
        assert "“Earlier” already loads this project" in str(answer.context["form"].errors["dataset"])

    def test_markup_in_names_is_shown_as_text(self, at_dataset: Browser, dataset_values: dict[str, Any]) -> None:
        at_dataset.send("dataset", dataset_values, name=HTML, new_dataset_name=HTML, description=HTML)
        page = body(at_dataset.see("dataset"))
        assert HTML not in page
        assert "&lt;script&gt;" in page

    def test_partial_ingestion_always_keeps_diagnostics(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        del dataset_values["error_diagnostics"]
        at_dataset.send("dataset", dataset_values)
        assert at_dataset.reload().error_diagnostics

    def test_without_partial_ingestion_no_threshold_is_needed(
        self, at_dataset: Browser, dataset_values: dict[str, Any]
    ) -> None:
        del dataset_values["partial_ingestion"]
        at_dataset.send("dataset", {**dataset_values, "error_threshold": ""})
        assert at_dataset.reload().reached == "mapping"
        assert not at_dataset.reload().partial_ingestion


class TestSchedule:
    @pytest.mark.parametrize(
        ("field", "values"),
        [
            ("interval", {"frequency": "minute", "interval": "14"}),
            ("interval", {"frequency": "minute", "interval": "0"}),
            ("interval", {"frequency": "hour", "interval": "0"}),
            ("interval", {"frequency": "day", "interval": ""}),
            ("interval", {"frequency": "week", "interval": "-1"}),
            ("interval", {"frequency": "week", "interval": "9999999999"}),
            ("frequency", {"frequency": "fortnight"}),
            ("cron", {"frequency": "cron", "cron": "every day"}),
            ("cron", {"frequency": "cron", "cron": ""}),
            ("cron", {"frequency": "cron", "cron": "* * * * *"}),
            ("start", {"start": "2020-01-01T00:00"}),
            ("start", {"start": "tomorrow"}),
            ("start", {"start": "9999-12-31T23:59", "schedule_zone": "America/Los_Angeles"}),
            ("schedule_zone", {"schedule_zone": "Mars/Olympus"}),
            ("history_from", {"history_from": ""}),
            ("history_from", {"history_from": "2010-12-31"}),
            ("history_from", {"history_from": "soon"}),
            ("lookback_days", {"lookback_days": "0"}),
            ("lookback_days", {"lookback_days": "91"}),
            ("lookback_days", {"lookback_days": ""}),
        ],
    )
    def test_an_error_is_at_its_field(
        self, at_schedule: Browser, schedule_values: dict[str, Any], field: str, values: dict[str, str]
    ) -> None:
        answer = at_schedule.send("schedule", {**schedule_values, **values})
        assert list(answer.context["form"].errors) == [field]
        assert at_schedule.reload().reached == "schedule"

    def test_history_does_not_begin_in_the_future(self, at_schedule: Browser, schedule_values: dict[str, Any]) -> None:
        later = (datetime.now(UTC) + timedelta(days=3)).date().isoformat()
        answer = at_schedule.send("schedule", schedule_values, history_from=later)
        assert "future" in str(answer.context["form"].errors["history_from"])

    def test_history_begins_seven_days_ago_unless_changed(self, at_schedule: Browser) -> None:
        proposed = at_schedule.see("schedule").context["form"]["history_from"].value()
        assert isinstance(proposed, date)
        assert timedelta(days=6) <= datetime.now(UTC).date() - proposed <= timedelta(days=8)

    def test_shows_due_times_and_requests_before_anything_is_saved(
        self, at_schedule: Browser, schedule_values: dict[str, Any]
    ) -> None:
        values = {**schedule_values, "frequency": "cron", "cron": "30 6 * * *", "schedule_zone": "Europe/Berlin"}
        answer = at_schedule.send("schedule", values, action="plan")
        plan = answer.context["form"].plan
        assert len(plan.due) == 5
        assert all("06:30" in local for local, _ in plan.due)
        assert plan.first_run.requests == plan.first_run.days <= 8
        assert "Europe/Berlin" in plan.daylight
        assert at_schedule.reload().cron == ""

    def test_a_start_is_read_in_the_zone_of_the_schedule(
        self, at_schedule: Browser, schedule_values: dict[str, Any]
    ) -> None:
        values = {**schedule_values, "start": "2099-07-01T06:30", "schedule_zone": "Europe/Berlin"}
        at_schedule.send("schedule", values)
        assert at_schedule.reload().start_at == datetime(2099, 7, 1, 4, 30, tzinfo=UTC)
        assert at_schedule.see("schedule").context["form"]["start"].value() == "2099-07-01T06:30"


class TestReview:
    def test_a_start_that_passed_meanwhile_is_named_and_nothing_is_made(self, at_review: Browser) -> None:
        draft = at_review.reload()
        draft.start_at = datetime(2025, 1, 1, tzinfo=UTC)
        draft.save()
        answer = at_review.send("review", {})
        assert "This time has passed" in body(answer)
        assert not Dataset.objects.exists()

    def test_a_dataset_name_taken_meanwhile_is_named(self, at_review: Browser) -> None:
        Dataset.objects.create(name="Shop events", schema=Schema.objects.get())
        assert "There is a dataset of this name" in body(at_review.send("review", {}))
        assert at_review.reload().is_draft

    def test_a_lake_that_cannot_be_reached_keeps_the_draft(self, at_review: Browser, settings: Any) -> None:
        from dataflows import stores

        settings.LAKE_CATALOG_URL = "sqlite:////nowhere/at/all/catalog.sqlite3"
        stores.lake.cache_clear()
        answer = at_review.send("review", {})
        assert "The lake cannot be reached" in body(answer)
        draft = at_review.reload()
        assert draft.is_draft
        assert draft.dataset is None
        assert not Dataset.objects.exists()

    def test_a_mapping_spoilt_meanwhile_is_named(self, at_review: Browser) -> None:
        draft = at_review.reload()
        draft.mapping[0]["destination"] = "nowhere"
        draft.save()
        assert "The mapping has" in body(at_review.send("review", {}))
        assert at_review.reload().is_draft

    def test_links_back_to_every_step(self, at_review: Browser) -> None:
        page = body(at_review.see("review"))
        for slug in ("account", "project", "dataset", "mapping", "schedule"):
            assert f'href="{at_review.url(slug)}"' in page


def test_steps_that_are_not_reached_lead_to_the_first_incomplete_one(at_dataset: Browser) -> None:
    for slug in ("mapping", "schedule", "review"):
        assert at_dataset.see(slug).url == at_dataset.url("dataset")


def test_a_step_that_does_not_exist_is_not_found(at_dataset: Browser) -> None:
    assert at_dataset.see("payment").status_code == 404


def test_a_mapping_of_another_schema_is_marked_not_lost(at_mapping: Browser) -> None:
    rows = sent_rows(at_mapping.see("mapping"))
    at_mapping.send("mapping", {**rows, "destination-0": "_other.field"})
    page = at_mapping.see("mapping")
    assert "not in this schema" in body(page)
    assert reverse("dataflows:wizard", args=[at_mapping.draft.pk, "mapping"]) == at_mapping.url("mapping")
