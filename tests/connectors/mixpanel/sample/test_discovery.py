"""Projects, names and counts: what a connector compares an export with."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from connectors.mixpanel.sample.credentials import FORBIDDEN_PROJECT_ID, LEGACY_PROJECT_ID, UTC_PROJECT_ID
from tests.connectors.mixpanel.sample.records import counted, records

NAMES = '["Page Viewed","Purchase","Support Ticket","Nope"]'


class TestMe:
    def test_lists_the_readable_projects_with_their_zones(self, ask) -> None:
        answer = ask("/api/app/me").json()
        projects = answer["results"]["projects"]
        zones = {project_id: project["timezone"] for project_id, project in projects.items()}
        assert answer["status"] == "ok"
        assert zones == {LEGACY_PROJECT_ID: "America/Los_Angeles", UTC_PROJECT_ID: "Europe/Berlin"}
        assert FORBIDDEN_PROJECT_ID not in projects
        assert str(projects[UTC_PROJECT_ID]["organization_id"]) in answer["results"]["organizations"]

    def test_every_project_has_a_global_workspace(self, ask) -> None:
        workspaces = ask("/api/app/me").json()["results"]["workspaces"].values()
        assert {str(w["project_id"]) for w in workspaces if w["is_global"]} == {LEGACY_PROJECT_ID, UTC_PROJECT_ID}


class TestNames:
    def test_are_those_that_the_export_sends(self, ask, export) -> None:
        names = ask("/api/query/events/names", project_id=LEGACY_PROJECT_ID, type="general").json()
        assert set(names) == {record["event"] for record in records(export("2026-03-10", "2026-03-18").content)}

    def test_limit_shortens_the_list(self, ask) -> None:
        assert len(ask("/api/query/events/names", project_id=LEGACY_PROJECT_ID, type="general", limit=2).json()) == 2

    def test_type_is_required(self, ask) -> None:
        answer = ask("/api/query/events/names", project_id=LEGACY_PROJECT_ID)
        assert (answer.status_code, "type must be" in answer.json()["error"]) == (400, True)


class TestTopProperties:
    def test_are_counted_in_what_the_export_sends(self, ask, export) -> None:
        path = "/api/query/events/properties/top"
        found = ask(path, project_id=LEGACY_PROJECT_ID, event="Purchase", limit=2000).json()
        sent = [r["properties"] for r in records(export("2026-03-19", event='["Purchase"]').content)]
        assert found["amount"] == {"count": len(sent)}
        assert found.keys() == {name for properties in sent for name in properties} - {"time"}

    def test_are_ten_unless_more_are_asked_for(self, ask) -> None:
        assert len(ask("/api/query/events/properties/top", project_id=LEGACY_PROJECT_ID).json()) == 10


class TestCounts:
    def counts(self, ask, project_id: str, **params: object) -> dict[str, dict[str, int]]:
        wanted = {"project_id": project_id, "event": NAMES, "type": "general", "unit": "day"} | params
        return ask("/api/query/events", **wanted).json()["data"]["values"]

    @pytest.mark.parametrize(("project_id", "zone"), [(LEGACY_PROJECT_ID, None), (UTC_PROJECT_ID, "Europe/Berlin")])
    def test_equal_the_unique_lines_sorted_into_days_of_the_projects_zone(self, ask, export, project_id, zone) -> None:
        first, last = date(2026, 3, 6), date(2026, 3, 10)
        body = export(first - timedelta(days=1), last + timedelta(days=1), project_id=project_id).content
        expected = counted(body, zone)
        found = self.counts(ask, project_id, from_date=first, to_date=last)
        for name in ("Page Viewed", "Purchase", "Support Ticket"):
            days = {first + timedelta(days=n) for n in range(5)}
            assert found[name] == {day.isoformat(): expected[day, name] for day in sorted(days) if expected[day, name]}
        assert sum(found["Page Viewed"].values()) > 500
        assert found["Nope"] == {}

    def test_raw_lines_are_more_than_the_counts(self, ask, export) -> None:
        span = ("2026-03-01", "2026-03-10")
        lines = [r for r in records(export(*span).content) if r["event"] == "Page Viewed"]
        found = self.counts(ask, LEGACY_PROJECT_ID, from_date=span[0], to_date=span[1])
        assert len(lines) > sum(found["Page Viewed"].values())

    def test_a_day_in_utc_is_not_a_day_in_berlin(self, ask, export) -> None:
        day = date(2026, 3, 10)
        in_utc = counted(export(day, project_id=UTC_PROJECT_ID).content, None)
        found = self.counts(ask, UTC_PROJECT_ID, from_date=day, to_date=day)
        assert found["Page Viewed"][day.isoformat()] != in_utc[day, "Page Viewed"]

    def test_an_interval_ends_today(self, ask) -> None:
        found = self.counts(ask, LEGACY_PROJECT_ID, interval=3)
        assert set(found["Page Viewed"]) == {"2026-03-18", "2026-03-19"}

    def test_days_outside_the_history_are_listed_without_counts(self, ask) -> None:
        wanted = {"project_id": LEGACY_PROJECT_ID, "event": NAMES, "type": "general", "unit": "day"}
        answer = ask("/api/query/events", **wanted, from_date="2020-01-01", to_date="2020-01-02").json()
        assert answer["data"]["series"] == ["2020-01-01", "2020-01-02"]
        assert answer["data"]["values"]["Purchase"] == {}
        assert answer["legend_size"] == 4

    @pytest.mark.parametrize(
        ("params", "says"),
        [
            ({"event": None}, "Missing required parameter: event"),
            ({"type": "median"}, "type must be one of"),
            ({"type": "unique"}, "type=general and unit=day only"),
            ({"unit": "hour"}, "type=general and unit=day only"),
            ({"from_date": None}, "Missing required parameter: from_date"),
            ({"from_date": "2020-01-01"}, "at most 400 days"),
        ],
    )
    def test_a_wrong_question_is_a_400_that_says_so(self, ask, params, says) -> None:
        good = {"event": NAMES, "type": "general", "unit": "day", "from_date": "2026-03-10", "to_date": "2026-03-10"}
        wanted = {name: value for name, value in (good | params).items() if value is not None}
        answer = ask("/api/query/events", project_id=LEGACY_PROJECT_ID, **wanted)
        assert (answer.status_code, says in answer.json()["error"]) == (400, True)
