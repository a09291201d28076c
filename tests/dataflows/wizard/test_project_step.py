"""Project, time zone and preview."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from connectors import budget
from connectors.base import DayRange
from connectors.mixpanel.sample.credentials import FORBIDDEN_PROJECT_ID, LEGACY_PROJECT_ID, UTC_PROJECT_ID
from connectors.mixpanel.sample.projects import PROJECTS
from connectors.models import Account, ExportRequest
from dataflows.mapper import sampling
from tests.dataflows.wizard.conftest import PROJECT, Browser, body


class TestPreview:
    def test_shows_events_and_what_their_times_mean(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, action="preview")
        page = body(wizard.see("project"))
        draft = wizard.reload()
        assert 100 < len(draft.sample) <= 500
        assert draft.sample[0]["event"] in page
        assert draft.time_semantic == "utc"
        assert "carry true UTC times" in page

    def test_recognises_a_legacy_project_and_shows_its_times_in_utc(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, project=LEGACY_PROJECT_ID, action="preview")
        draft = wizard.reload()
        assert draft.time_semantic == "legacy"
        row = wizard.see("project").context["form"].sample[0]
        received = datetime.fromtimestamp(draft.sample[0]["properties"]["mp_processing_time_ms"] / 1000, UTC)
        wall_clock = datetime.fromtimestamp(int(row.raw_time), UTC)
        assert 6 <= (row.instant - wall_clock).total_seconds() / 3600 <= 8
        assert received >= row.instant

    def test_is_counted_in_the_rate_budget(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, action="preview")
        requests = ExportRequest.objects.filter(purpose=ExportRequest.Purpose.PREVIEW)
        assert 1 <= requests.count() <= 4
        assert all(request.status == 200 and request.ended_at for request in requests)

    def test_next_loads_it_first_when_it_is_missing(self, wizard: Browser) -> None:
        answer = wizard.send("project", PROJECT)
        assert answer.url.startswith(wizard.url("project"))
        assert wizard.reload().sample
        assert wizard.send("project", PROJECT).url == wizard.url("dataset")

    def test_says_when_the_budget_is_empty_and_keeps_what_was_typed(
        self, wizard: Browser, account: Account, settings: Any
    ) -> None:
        settings.EXPORTS_PER_HOUR = 1
        budget.reserve(account, UTC_PROJECT_ID, ExportRequest.Purpose.RUN)
        answer = wizard.send("project", PROJECT, timezone="Europe/Vienna", action="preview")
        assert "Waiting for the rate budget" in body(answer)
        assert answer.context["form"]["timezone"].value() == "Europe/Vienna"
        assert wizard.reload().project_id == ""

    def test_goes_when_the_project_changes(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, action="preview")
        wizard.send("project", PROJECT, project=LEGACY_PROJECT_ID, action="draft")
        draft = wizard.reload()
        assert (draft.project_id, draft.sample, draft.time_semantic) == (LEGACY_PROJECT_ID, [], "")

    def test_escapes_what_mixpanel_sends(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, action="preview")
        draft = wizard.reload()
        draft.sample[0]["event"] = draft.sample[0]["properties"]["x"] = "<script>alert(1)</script>"
        draft.save()
        page = body(wizard.see("project"))
        assert "<script>alert(1)" not in page
        assert "&lt;script&gt;alert(1)" in page


class TestProject:
    @pytest.mark.parametrize("typed", ["abc", "12a", "١٢٣", "-1", "1.5"])
    def test_an_id_with_other_signs_than_digits_is_an_error_at_the_field(self, wizard: Browser, typed: str) -> None:
        answer = wizard.send("project", PROJECT, project="other", other_project=typed, timezone="UTC")
        assert answer.context["form"].errors["other_project"]
        assert typed in body(answer)

    def test_no_choice_is_an_error_at_the_field(self, wizard: Browser) -> None:
        assert wizard.send("project", PROJECT, project="").context["form"].errors["project"]

    @pytest.mark.parametrize("project_id", [FORBIDDEN_PROJECT_ID, "99999999"])
    def test_one_that_mixpanel_refuses_is_an_error_at_the_field(self, wizard: Browser, project_id: str) -> None:
        values = {**PROJECT, "project": "other", "other_project": project_id, "timezone": "UTC"}
        answer = wizard.send("project", values, action="preview")
        assert answer.context["form"].errors["other_project"]
        assert wizard.reload().project_id == ""

    def test_one_that_is_typed_works_too(self, wizard: Browser) -> None:
        values = {**PROJECT, "project": "other", "other_project": UTC_PROJECT_ID}
        wizard.send("project", values, action="preview")
        assert wizard.reload().project_name == "Harbour Shop (UTC)"


class TestTimeZone:
    def test_comes_from_the_project_when_none_is_chosen(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, action="preview")
        assert wizard.reload().timezone == "Europe/Berlin"

    def test_another_name_for_the_same_rules_is_fine(self, wizard: Browser) -> None:
        wizard.send("project", PROJECT, other_timezone="W. Europe Standard Time", action="draft")
        assert wizard.reload().timezone == "Europe/Berlin"

    def test_a_windows_name_is_understood(self, wizard: Browser) -> None:
        values = {**PROJECT, "project": LEGACY_PROJECT_ID, "other_timezone": "Pacific Standard Time"}
        wizard.send("project", values, action="draft")
        assert wizard.reload().timezone == "America/Los_Angeles"

    def test_an_unknown_name_is_an_error_with_a_suggestion(self, wizard: Browser) -> None:
        answer = wizard.send("project", PROJECT, other_timezone="Europe/Berlim")
        assert "Europe/Berlin" in str(answer.context["form"].errors["other_timezone"])

    def test_other_rules_than_the_projects_are_an_error_that_names_both(self, wizard: Browser) -> None:
        answer = wizard.send("project", PROJECT, timezone="America/New_York")
        error = str(answer.context["form"].errors["timezone"])
        assert "America/New_York" in error
        assert "Europe/Berlin" in error


def test_times_that_do_not_tell_must_be_chosen(wizard: Browser) -> None:
    wizard.send("project", PROJECT, action="preview")
    draft = wizard.reload()
    draft.time_semantic, draft.time_evidence = "", "Only 3 live events tell when they were received."
    draft.save()

    answer = wizard.send("project", PROJECT)
    assert answer.context["form"].errors["time_semantic"]

    assert wizard.send("project", PROJECT, time_semantic="legacy").url == wizard.url("dataset")


def at_noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)


class TestSample:
    def test_steps_back_to_the_newest_day_that_has_events(self, account: Account) -> None:
        """Before the sample's history there is nothing; a few days into it, only the second range has events."""
        first = PROJECTS[UTC_PROJECT_ID].first_day(datetime.now(UTC).date())
        seen = sampling.take(account, UTC_PROJECT_ID, "Europe/Berlin", now=at_noon(first + timedelta(days=1)))
        assert seen.days == DayRange(first, first)
        assert 0 < len(seen.records) <= sampling.ROWS

    def test_asks_three_times_at_most_when_there_are_none(self, account: Account) -> None:
        first = PROJECTS[UTC_PROJECT_ID].first_day(datetime.now(UTC).date())
        seen = sampling.take(account, UTC_PROJECT_ID, "Europe/Berlin", now=at_noon(first))
        asked = ExportRequest.objects.order_by("-last_day")
        assert seen.records == []
        assert seen.semantic == ""
        assert [(first - one.first_day, first - one.last_day) for one in asked if one.first_day and one.last_day] == [
            (timedelta(1), timedelta(1)),
            (timedelta(8), timedelta(2)),
            (timedelta(30), timedelta(9)),
        ]

    def test_keeps_of_a_record_only_what_can_be_stored(self) -> None:
        deep: dict[str, object] = {}
        deep["x"] = {"x": {"x": {"x": {"x": 1}}}}
        record = {"event": "e\x00", "properties": {"t": "x" * 10_000, "n": float("nan"), "s": "\ud800", "deep": deep}}
        kept = sampling.trimmed(record)
        assert kept["event"] == "e\ufffd"
        assert len(kept["properties"]["t"]) == sampling.LONGEST_TEXT
        assert kept["properties"]["n"] is None
        assert kept["properties"]["s"] == "?"


def test_projects_that_cannot_be_listed_can_still_be_typed(
    wizard: Browser, account: Account, browse: Callable[[User], Client]
) -> None:
    Account.objects.update(projects=[], auth_kind="project_secret", username="")
    page = wizard.see("project")
    assert page.status_code == 200
    assert "other_project" in body(page)
