"""Events that arrive days after they happened, by themselves or on request."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, UTC_PROJECT_ID
from connectors.mixpanel.sample.server import SampleServer
from tests.connectors.mixpanel.sample.conftest import asker, running
from tests.connectors.mixpanel.sample.records import Record, records

DAY = date(2026, 3, 10)


def seen_on(session, today: date, project_id: str = LEGACY_PROJECT_ID) -> dict[str, Record]:
    with running(today=today, events_per_day=2000) as server:
        return read_day(server, session, project_id, DAY)


def read_day(server: SampleServer, session, project_id: str, day: date) -> dict[str, Record]:
    params = {"project_id": project_id, "from_date": day, "to_date": day}
    body = asker(server, session)("/api/2.0/export", **params).content
    return {r["properties"].get("$insert_id", repr(r)): r for r in records(body)}


class TestPhonesThatWereOffline:
    @pytest.mark.parametrize("project_id", [LEGACY_PROJECT_ID, UTC_PROJECT_ID])
    def test_a_day_grows_from_the_second_to_the_fourth_day_after_it(self, session, project_id) -> None:
        seen = [seen_on(session, DAY + timedelta(days=n), project_id).keys() for n in (1, 2, 3, 4, 9)]
        assert seen[0] < seen[1] < seen[2] < seen[3]
        assert seen[3] == seen[4]

    def test_about_one_percent_is_late_and_only_phones_send_it(self, session) -> None:
        first, final = seen_on(session, DAY + timedelta(days=1)), seen_on(session, DAY + timedelta(days=5))
        late = [final[key]["properties"] for key in final.keys() - first.keys()]
        assert 0.003 < len(late) / len(final) < 0.02
        assert {properties["mp_lib"] for properties in late} <= {"iphone", "android"}

    def test_the_processing_time_of_a_late_event_is_the_day_before_it_shows(self, session) -> None:
        before, after = seen_on(session, DAY + timedelta(days=2)), seen_on(session, DAY + timedelta(days=3))
        shown = datetime(2026, 3, 13, 7, tzinfo=UTC)  # midnight in Los Angeles
        for key in after.keys() - before.keys():
            processed = datetime.fromtimestamp(after[key]["properties"]["mp_processing_time_ms"] / 1000, UTC)
            assert shown - timedelta(hours=6, minutes=1) < processed < shown


class TestLateEventOnRequest:
    def test_it_is_there_at_once_and_counted(self, server, session) -> None:
        ask = asker(server, session)
        counts = {"project_id": UTC_PROJECT_ID, "event": '["Purchase"]', "type": "general", "unit": "day"}
        span = {"from_date": DAY, "to_date": DAY}
        before = read_day(server, session, UTC_PROJECT_ID, DAY)
        counted_before = ask("/api/query/events", **counts, **span).json()["data"]["values"]["Purchase"]
        wanted = {"project_id": UTC_PROJECT_ID, "day": DAY.isoformat()}
        added = session.post(f"{server.url}/sample/late-event", json=wanted, timeout=10).json()["results"]
        after = read_day(server, session, UTC_PROJECT_ID, DAY)
        assert after.keys() - before.keys() == {added["$insert_id"]}
        counted_after = ask("/api/query/events", **counts, **span).json()["data"]["values"]["Purchase"]
        assert counted_after["2026-03-10"] == counted_before["2026-03-10"] + 1

    def test_it_was_processed_now(self, server, session) -> None:
        added = session.post(f"{server.url}/sample/late-event", timeout=10).json()["results"]
        found = read_day(server, session, added["project_id"], date.fromisoformat(added["day"]))
        processed = datetime.fromtimestamp(
            found[added["$insert_id"]]["properties"]["mp_processing_time_ms"] / 1000, UTC
        )
        assert added["day"] == "2026-03-18"
        assert timedelta(0) <= processed - datetime(2026, 3, 20, 12, tzinfo=UTC) < timedelta(seconds=1)

    def test_each_one_is_another_event(self, server, session) -> None:
        added = [session.post(f"{server.url}/sample/late-event", timeout=10).json()["results"] for _ in range(3)]
        found = read_day(server, session, LEGACY_PROJECT_ID, date(2026, 3, 18))
        assert len({one["$insert_id"] for one in added} & found.keys()) == 3

    @pytest.mark.parametrize(
        ("body", "status", "says"),
        [
            (b'{"day": "2026-03-20"}', 400, "past days"),
            (b'{"day": "2020-01-01"}', 400, "past days"),
            (b'{"day": "soon"}', 400, "invalid date"),
            (b'{"project_id": "1"}', 404, "no such project"),
            (b"[]", 400, "JSON object"),
            (b"{", 400, "JSON object"),
        ],
    )
    def test_a_wrong_wish_is_refused(self, server, session, body, status, says) -> None:
        answer = session.post(f"{server.url}/sample/late-event", data=body, timeout=10)
        assert (answer.status_code, says in answer.json()["error"]) == (status, True)
