"""Mapping sets, their preview, and the mapping language."""

from __future__ import annotations

from typing import Any

import pytest

from connectors.roles import User
from dataflows.api.conversion import mappings
from dataflows.api.errors import ApiError
from dataflows.api.schemas import schema_id
from dataflows.mapping.language import FUNCTIONS, OPERATORS
from dataflows.models import MappingSet, Schema
from tests.dataflows.api.program import CONVERSION, Program, code_of
from tests.dataflows.api.tutorial import MAPPINGS, mapping_set
from tests.dataflows.factories import make_flow

RECORD = {
    "event": "Purchase",
    "properties": {"time": 1772366400, "distinct_id": "user-1", "$insert_id": "a", "mp_processing_time_ms": 1},
}

KIND = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "eventType"}
NAME = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "producedBy"}


@pytest.fixture
def standard(db: None) -> str:
    return schema_id(Schema.objects.get())


def post(program: Program, path: str, body: Any) -> Any:
    return program.call("POST", f"{CONVERSION}{path}", body)


def get(program: Program, path: str) -> Any:
    return program.call("GET", f"{CONVERSION}{path}")


class TestSets:
    def test_are_made_listed_and_deleted(self, program: Program, standard: str) -> None:
        made = post(program, "/mappingSets", mapping_set(standard, name="Shop")).json()
        assert (len(made["id"]), made["version"]) == (32, 0)
        assert made["mappings"][2]["sourceType"] == "text/x.schema-path"
        listed = get(program, "/mappingSets?limit=5").json()
        assert [each["name"] for each in listed["data"]] == ["Shop"]
        assert listed["_page"]["count"] == 1
        rows = get(program, f"/mappingSets/{made['id']}/mappings").json()
        assert get(program, f"/mappingSets/{made['id']}/mappings/{rows[1]['id']}").json() == rows[1]
        assert program.call("DELETE", f"{CONVERSION}/mappingSets/{made['id']}").status_code == 204
        assert get(program, f"/mappingSets/{made['id']}").status_code == 404

    def test_take_the_older_form_and_its_own_answers(self, program: Program, standard: str) -> None:
        older = [
            {
                "sourceType": row["sourceType"],
                "sourceAttribute": row["source"],
                "destinationXdmPath": row["destination"],
            }
            for row in MAPPINGS
        ]
        body = {"version": 0, "xdmSchema": standard, "xdmVersion": "1.0", "id": None, "mappings": older}
        made = post(program, "/mappingSets", body).json()
        again = post(program, "/mappingSets", made).json()
        assert [each["source"] for each in again["mappings"]] == [row["source"] for row in MAPPINGS]

    def test_are_refused_when_they_do_not_fit(self, program: Program, standard: str) -> None:
        wrong = [*MAPPINGS, {"sourceType": "EXPRESSION", "source": "upper(", "destination": "eventType"}]
        answer = post(program, "/mappingSets", mapping_set(standard, mappings=wrong))
        assert code_of(answer) == "1419-400"
        assert answer.json()["report"]["sub-errors"][0]["place"] == "mappings[4]"
        assert not MappingSet.objects.exists()

    def test_count_their_rows_from_zero_as_json_does(self, program: Program, standard: str) -> None:
        body = mapping_set(standard, mappings=[*MAPPINGS, MAPPINGS[1]])
        (problem,) = post(program, "/mappingSets", body).json()["report"]["sub-errors"]
        assert problem["place"] == "mappings[4]"
        assert problem["message"] == "timestamp is already mapped by mappings[1]."
        checked = post(program, "/mappingSets/validate", body).json()["validationResponse"]
        assert checked[4]["errors"][0]["message"] == problem["message"]

    def test_keep_their_versions(self, program: Program, standard: str) -> None:
        path = f"{CONVERSION}/mappingSets/{post(program, '/mappingSets', mapping_set(standard)).json()['id']}"
        program.call("PUT", path, {"mappings": [*MAPPINGS, MAPPINGS[2] | {"destination": "eventType"}]})
        assert len(program.call("GET", path).json()["mappings"]) == 5
        assert len(program.call("GET", path + "?version=0").json()["mappings"]) == 4
        assert code_of(program.call("GET", path + "?version=9")) == "1412-400"

    def test_of_the_pages_are_listed_too(self, program: Program) -> None:
        flow = make_flow()
        (listed,) = get(program, "/mappingSets?limit=5").json()["data"]
        assert (listed["id"], listed["version"]) == (flow.uuid.hex, 1)

    def test_onlookers_make_none(self, onlooker: Program, standard: str) -> None:
        assert code_of(post(onlooker, "/mappingSets", mapping_set(standard))) == "2118-403"


class TestSingleMappings:
    @pytest.fixture
    def place(self, program: Program, standard: str) -> str:
        return f"/mappingSets/{post(program, '/mappingSets', mapping_set(standard)).json()['id']}"

    def test_are_added_at_the_end_as_the_next_version(self, program: Program, place: str) -> None:
        made = post(program, f"{place}/mappings", KIND).json()
        assert (made["destination"], made["version"]) == ("eventType", 1)
        whole = get(program, place).json()
        assert (len(whole["mappings"]), whole["version"]) == (5, 1)
        assert whole["mappings"][-1] == made

    def test_keep_their_ids_while_others_go(self, program: Program, place: str) -> None:
        extra = [post(program, f"{place}/mappings", row).json()["id"] for row in (KIND, NAME)]
        for key in extra:
            assert program.call("DELETE", f"{CONVERSION}{place}/mappings/{key}").status_code == 204
        whole = get(program, place).json()
        assert [each["destination"] for each in whole["mappings"]] == [row["destination"] for row in MAPPINGS]
        assert whole["version"] == 4

    def test_are_replaced_at_their_place(self, program: Program, place: str) -> None:
        key = post(program, f"{place}/mappings", KIND).json()["id"]
        post(program, f"{place}/mappings", NAME)
        changed = KIND | {"sourceType": "EXPRESSION", "source": "upper(event)"}
        answer = program.call("PUT", f"{CONVERSION}{place}/mappings/{key}", changed).json()
        assert (answer["id"], answer["source"]) == (key, "upper(event)")
        assert [each["source"] for each in get(program, f"{place}/mappings").json()][4:] == ["upper(event)", "event"]

    def test_must_fit_with_the_rest(self, program: Program, place: str) -> None:
        twice = post(program, f"{place}/mappings", MAPPINGS[1])
        assert code_of(twice) == "1419-400"
        lacking = post(program, f"{place}/mappings", {"sourceType": "ATTRIBUTE", "source": "event"})
        assert lacking.json()["detail"].startswith("destination:")
        needed = next(row["id"] for row in get(program, f"{place}/mappings").json() if row["destination"] == "_id")
        assert code_of(program.call("DELETE", f"{CONVERSION}{place}/mappings/{needed}")) == "1419-400"
        assert get(program, place).json()["version"] == 0

    def test_there_is_none_of_another_set(self, program: Program, place: str, standard: str) -> None:
        other = post(program, "/mappingSets", mapping_set(standard)).json()["mappings"][0]["id"]
        assert get(program, f"{place}/mappings/{other}").status_code == 404
        assert program.call("DELETE", f"{CONVERSION}{place}/mappings/{other}").status_code == 404

    def test_of_a_set_that_changed_meanwhile_are_refused(self, program: Program, place: str, analyst: User) -> None:
        found = mappings.find(analyst, place.rpartition("/")[2])
        post(program, f"{place}/mappings", KIND)
        assert found.schema is not None
        with pytest.raises(ApiError) as refused:
            mappings.replace(found, found.name, found.schema, [], by=analyst, seen=found.version)
        assert refused.value.code == "1409-409"
        assert len(get(program, f"{place}/mappings").json()) == 5

    def test_onlookers_change_none(self, onlooker: Program, program: Program, place: str) -> None:
        key = get(program, f"{place}/mappings").json()[0]["id"]
        for method, path in (("POST", "/mappings"), ("PUT", f"/mappings/{key}"), ("DELETE", f"/mappings/{key}")):
            body = None if method == "DELETE" else KIND
            assert code_of(onlooker.call(method, f"{CONVERSION}{place}{path}", body)) == "2118-403"


class TestTrying:
    def test_shows_what_becomes_of_a_record(self, program: Program, standard: str) -> None:
        more = [*MAPPINGS, {"sourceType": "EXPRESSION", "source": "upper(event)", "destination": "eventType"}]
        body = {"data": RECORD, "mappingSet": mapping_set(standard, mappings=more)}
        (row,) = post(program, "/mappingSets/preview", body).json()
        assert row["errors"] is None
        assert row["warnings"] is None
        assert row["data"]["eventType"] == "PURCHASE"
        assert row["data"]["_tributary"] == {"event_name": "Purchase", "distinct_id": "user-1"}

    def test_shows_what_is_wrong_with_a_record(self, program: Program, standard: str) -> None:
        broken = {"event": "x", "properties": {"time": "never"}}
        (row,) = post(program, "/mappingSets/preview", {"data": [broken], "mappingSet": mapping_set(standard)}).json()
        assert row["errors"]

    def test_tells_what_keeps_a_record_out_from_what_leaves_a_field_empty(
        self, program: Program, standard: str
    ) -> None:
        odd = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "_tributary.mp_processing_time_ms"}
        untimely = {"sourceType": "ATTRIBUTE", "source": "event", "destination": "timestamp"}
        rows = [MAPPINGS[0], untimely, odd]
        body = {"data": RECORD, "mappingSet": mapping_set(standard, mappings=rows)}
        (row,) = post(program, "/mappingSets/preview", body).json()
        assert [each["destination"] for each in row["errors"]] == ["timestamp"]
        assert [each["destination"] for each in row["warnings"]] == ["_tributary.mp_processing_time_ms"]

    def test_names_a_time_zone_there_is_not(self, program: Program, standard: str) -> None:
        body = {"data": RECORD, "mappingSet": mapping_set(standard), "timezone": "Europe/Berln"}
        assert post(program, "/mappingSets/preview", body).json()["detail"].startswith("timezone: There is no")

    def test_validates_row_by_row(self, program: Program, standard: str) -> None:
        rows = [MAPPINGS[0], {"sourceType": "ATTRIBUTE", "source": "event", "destination": "nowhere"}]
        answer = post(program, "/mappingSets/validate", mapping_set(standard, mappings=rows)).json()
        assert [each["status"] for each in answer["validationResponse"]] == ["SUCCESS", "FAILED"]
        assert "timestamp" in answer["mappingSetErrors"][0]["message"]


class TestLanguage:
    def test_every_function_is_described(self, program: Program) -> None:
        listed = get(program, "/languages/el/functions").json()
        assert {each["function"] for each in listed} == {each.name for each in FUNCTIONS.values()}
        assert all(each["description"] and each["syntax"] and each["returnType"] for each in listed)

    def test_every_operator_is_described(self, program: Program) -> None:
        assert [each["symbol"] for each in get(program, "/languages/el/operators").json()] == [
            each.symbol for each in OPERATORS
        ]

    def test_tells_right_expressions_from_wrong_ones(self, program: Program) -> None:
        assert post(program, "/languages/el/validate", {"expression": "upper(event)"}).json() is True
        assert post(program, "/languages/el/validate", {"expression": "upper("}).json() is False
