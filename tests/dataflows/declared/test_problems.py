"""Files that are wrong or hostile: everything is said at once, with its line, and nothing is written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from dataflows.declared import yaml_text
from dataflows.schemas import mixpanel_events
from tests.dataflows.declared.conftest import apply, edited, export

TITLE = mixpanel_events()["title"]
SECRET_LOOKING = "p4ss-w0rd"


def refusal(path: Path, text: str | None = None) -> str:
    """What the command says."""
    if text is not None:
        path.write_text(text)
    with pytest.raises(CommandError) as refused:
        apply(path)
    return str(refused.value)


@pytest.fixture
def file(analyst: Any, tmp_path: Path) -> Path:
    return tmp_path / "dataflows.yaml"


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"colour": "red"}, "flows[0].colour: There is no such key here. The keys are name,"),
        ({"Mappings": []}, "flows[0].Mappings: There is no such key here. Did you mean mappings?"),
        ({"mappings": []}, "flows[0].mappings: A dataflow that runs needs its mapping"),
        ({"baseConnection": "Nobody"}, "flows[0].baseConnection: There is no connection “Nobody”"),
        ({"dataSet": "Nothing"}, "flows[0].dataSet: There is no dataset “Nothing”"),
        ({"params": {"projectId": "9", "timezone": "UTC"}}, "flows[0].params.projectId: It is"),
        ({"params": {"projectId": "9", "timezone": "Mars/Crater"}}, "flows[0].params.timezone: "),
        ({"scheduleParams": {"frequency": "fortnight"}}, "There is no frequency fortnight"),
        ({"scheduleParams": {"lookBackDays": 3}}, "Did you mean lookbackDays?"),
        ({"mappings": [{"source": "event", "destination": "nowhere"}]}, "flows[0].mappings"),
        ({"state": "draft"}, "flows[0].state: A dataflow that is set up cannot become a draft again"),
        ({"state": "on"}, "Write enabled, disabled or draft."),
        ({"options": {"partialIngestionPercent": 200}}, "flows[0].options.partialIngestionPercent"),
        ({"name": "Another", "mappings": None}, "A dataflow that runs needs mappings"),
        ({"newDataSet": {"name": "X", "schemaRef": {"title": TITLE}}}, "Only a draft without dataSet"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_nothing_is_written(
    exported: Path, changed: dict[str, Any], words: str
) -> None:
    before = export()
    told = refusal(edited(exported, lambda document: document["flows"][0].update(changed)))
    assert words in told
    assert told.startswith("dataflows.yaml, line ")
    assert "Nothing was written." in told
    assert export() == before


def test_all_mistakes_are_said_at_once_in_the_order_of_lines(file: Path) -> None:
    told = refusal(
        file,
        """
flows:
  - name: A
    baseConnection: Nobody
    dataSet: Nothing
    params: {projectId: abc, timezone: UTC}
    mappings: [{source: event, destination: x}]
    scheduleParams:
      frequency: day
  - name: B
""",
    )
    lines = told.splitlines()
    assert [line.split(":")[0] for line in lines[:-1]] == [
        "dataflows.yaml, line 4, flows[0].baseConnection",
        "dataflows.yaml, line 5, flows[0].dataSet",
        "dataflows.yaml, line 6, flows[0].params.projectId",
        "dataflows.yaml, line 8, flows[0].scheduleParams.interval",
        "dataflows.yaml, line 10, flows[1]",
    ]
    assert "needs baseConnection, params, mappings, scheduleParams, dataSet" in lines[4]


def test_a_misspelt_key_hides_no_other_mistake(exported: Path) -> None:
    def spoil(document: dict[str, Any]) -> None:
        document["flows"][0] |= {"colour": "red", "baseConnection": "Nobody"}
        document["flows"][0]["scheduleParams"]["lookbackDays"] = 0

    told = refusal(edited(exported, spoil))
    for place in ("flows[0].colour", "flows[0].baseConnection: There is no", "flows[0].scheduleParams"):
        assert place in told


class TestMistakesBesideOthers:
    """What can be judged by itself is named at once, whatever else is wrong."""

    FLOW = """
connections: [{name: EU, auth: {params: {password: {env: EU_PASSWORD}}, colour: red}}]
dataSets: [{name: Shop}]
flows:
  - name: A
    state: %(state)s
    baseConnection: %(connection)s
    dataSet: %(dataset)s
    params: {projectId: abc, timezone: Mars/Crater}
    mappings: [{sourceType: EXPRESSION, source: uper(event), destination: x}]
    scheduleParams: {frequency: fortnight, startTime: 1700000000000, lookbackDays: 0, timezone: Nowhere/At}
"""
    USUAL = {"state": "enabled", "connection": "EU", "dataset": "Shop"}

    @pytest.mark.parametrize(
        ("wrong", "place"),
        [
            ({"connection": "Nobody"}, "flows[0].baseConnection: There is no connection “Nobody”"),
            ({"dataset": "Nothing"}, "flows[0].dataSet: There is no dataset “Nothing”"),
            ({"state": "on"}, "flows[0].state: This is none of the values"),
            ({"dataset": "[]"}, "flows[0].dataSet: A text is needed here"),
        ],
    )
    def test_of_a_dataflow(self, file: Path, wrong: dict[str, str], place: str) -> None:
        told = refusal(file, self.FLOW % (self.USUAL | wrong))
        for each in (
            place,
            "connections[0].auth.colour: There is no such key here",
            "dataSets[0].schemaRef: This is needed",
            "flows[0].params.projectId: A project id consists of digits only",
            "flows[0].params.timezone: ",
            "flows[0].mappings[0].source: There is no function uper()",
            "flows[0].scheduleParams.frequency: There is no frequency fortnight",
            "flows[0].scheduleParams.startTime: 1700000000000 is not a whole number from 0 to 4102444800.",
            "flows[0].scheduleParams.lookbackDays: 0 is not a whole number from 1 to 90",
            "flows[0].scheduleParams.timezone: ",
        ):
            assert each in told

    def test_cause_no_mistakes_that_are_none(self, file: Path) -> None:
        told = refusal(file, self.FLOW % (self.USUAL | {"state": "on"}))
        for each in ("There is no connection", "There is no dataset", "needs"):
            assert each not in told.replace("This is needed", "")

    def test_keep_the_places_of_later_entries(self, file: Path) -> None:
        told = refusal(file, "flows:\n  - 7\n  - {name: A, baseConnection: Nobody}\n  - {name: A}")
        assert "line 3, flows[1].baseConnection: There is no connection" in told
        assert "line 4, flows[2].name: The name “A” is used twice" in told

    def test_of_a_live_dataflow_are_judged_by_its_own_dataset(self, exported: Path) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["flows"][0] |= {"dataSet": "Nothing"}
            document["flows"][0]["mappings"].append({"source": "event", "destination": "nowhere"})

        told = refusal(edited(exported, spoil))
        assert "flows[0].dataSet: There is no dataset “Nothing”" in told
        assert "flows[0].mappings[4].destination" in told


@pytest.mark.parametrize(
    "password", [SECRET_LOOKING, "{env: p4ss-w0rd}", "{value: p4ss-w0rd}", "[p4ss-w0rd]", "!!str p4ss-w0rd", "${X}"]
)
def test_a_secret_in_the_file_is_refused_and_not_repeated(file: Path, password: str) -> None:
    told = refusal(
        file,
        f"""
connections:
  - name: EU
    auth:
      params:
        username: someone
        password: {password}
""",
    )
    assert "line 7" in told
    assert SECRET_LOOKING not in told
    assert "{env: NAME}" in told or "There is no such key" in told


@pytest.mark.parametrize(
    "text",
    [f"password: '{SECRET_LOOKING}", f"a: [{SECRET_LOOKING}", f"a: {SECRET_LOOKING}: x", f"a: *{SECRET_LOOKING}"],
)
def test_a_line_that_is_no_yaml_is_not_repeated_either(file: Path, text: str) -> None:
    told = refusal(file, text)
    assert "line 1" in told or "line 2" in told
    assert SECRET_LOOKING not in told


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("flows: [", "This is not YAML"),
        ("flows: []\nflows: []", "line 2, flows: This key stands here twice"),
        ("flows: []\n---\nflows: []", "line 2, file: A file is one YAML document"),
        ("a: &a [x]\nb: [*a, *a]", "Aliases (*name) are not read"),
        ("a: &a\n  x: 1\nb:\n  <<: *a", "Aliases (*name) are not read"),
        ("flows: !!python/object/apply:os.system ['true']", "Tags (!name) are not read"),
        ("flows: !include secrets.yaml", "Tags (!name) are not read"),
        ("[" * 200 + "]" * 200, "nested at most 120 deep"),
        ("[" * 100_000, "nest"),
        ("? [a]\n: b", "A key is a plain word"),
        ("- a\n- b", "line 1, file: Keys with values are needed here. Write key: value, with the keys: connections,"),
        ("just words", "line 1, file: Keys with values are needed here."),
        ("flows: {name: A}", "line 1, flows: A list is needed here. Begin each entry with a dash."),
        ("flows: [{name: A, params: []}]", "flows[0].params: Keys with values are needed here. Write key: value, with"),
        ("flows: [{name: 7}]", "flows[0].name: A text is needed here. Write a text, a number in quotes."),
        ("flows: [{name: ''}]", "flows[0].name: This is empty."),
        ("flows: [{name: ' '}]", "flows[0].name: This is blank."),
        ("flows: [{name: A, options: {partialIngestionPercent: 0}}]", "Write a number above 0."),
        ("flows: [{name: A, options: {partialIngestionPercent: 101}}]", "Write a number up to 100."),
        ("flows: [{name: A, options: {errorDiagnosticsEnabled: perhaps}}]", "Write true or false."),
        ("flows: [1, null, text]", "flows[2]"),
        ("\x00", "not YAML"),
        ("flows:\n\t- name: x", "This is not YAML"),
        ("flows:\n  - name: yes\n    state: no", "flows[0].state"),
        ("flows:\n  - {name: A}\n  - {name: A}", "line 3, flows[1].name: The name “A” is used twice"),
        ('flows: [{name: "a\\0b"}]', "line 1, flows[0].name: The text has a character that cannot be stored"),
        ('flows: [{"a\\0b": 1}]', "The text has a character that cannot be stored"),
        ('flows: [{name: A, "b\\e[2J\\nc": 1}]', "flows[0].b?[2J?c: There is no such key here"),
        ("x: " + "a" * (yaml_text.LARGEST + 1), "more than 5,000,000 characters"),
    ],
)
def test_a_hostile_file_is_refused_in_a_sentence(file: Path, text: str, words: str) -> None:
    assert words in refusal(file, text)


def test_bytes_that_are_no_text_are_refused(file: Path) -> None:
    file.write_bytes(b"\xff\xfe\x00flows")
    assert "not in UTF-8" in refusal(file)


def test_a_file_that_is_not_there_is_named(file: Path) -> None:
    assert "cannot be read: No such file" in refusal(file)


@pytest.mark.parametrize("text", ["", "# nothing\n", "flows: []", "\ufeffflows: []"])
def test_a_file_that_names_nothing_changes_nothing(file: Path, text: str) -> None:
    file.write_text(text)
    assert "0 new, 0 changed, 0 unchanged" in apply(file)


class TestSchemas:
    def test_an_invalid_document_is_named_by_its_place(self, exported: Path) -> None:
        def spoil(document: dict[str, Any]) -> None:
            document["schemas"][0]["document"]["properties"]["colour"] = {"type": "colour"}

        told = refusal(edited(exported, spoil))
        assert "schemas[0].document.properties.colour.type: 'colour' is not a type of XDM" in told

    def test_another_title_inside_is_refused(self, exported: Path) -> None:
        told = refusal(edited(exported, lambda document: document["schemas"][0]["document"].update(title="Other")))
        assert "schemas[0].document.title: The document is called “Other”" in told

    @pytest.mark.parametrize("path", ["../outside.json", "/etc/passwd", "missing.json", "broken.json"])
    def test_a_path_that_leads_nowhere_good_is_refused(self, exported: Path, path: str) -> None:
        (exported.parent / "broken.json").write_text("[" * 100_000)

        def point(document: dict[str, Any]) -> None:
            document["schemas"] = [{"title": TITLE, "path": path}]

        told = refusal(edited(exported, point))
        assert "schemas[0].path" in told
        assert "root:" not in told

    def test_it_has_a_document_or_a_path(self, file: Path) -> None:
        told = refusal(file, "schemas:\n  - title: X\ndataSets:\n  - {name: D, schemaRef: {title: Y}}")
        assert "line 2, schemas[0]: A schema has either a document or a path." in told
        assert "line 4, dataSets[0].schemaRef.title: There is no schema “Y”" in told


def test_a_host_that_is_not_allowed_is_refused_before_any_secret_is_sent(exported: Path, secret: str) -> None:
    def lead_away(document: dict[str, Any]) -> None:
        document["connections"][0]["auth"]["params"]["host"] = "https://evil.example"

    told = refusal(edited(exported, lead_away))
    assert "connections[0].auth.params.host" in told
    assert secret not in told


def test_an_expression_is_shown_with_the_place_of_its_mistake(exported: Path) -> None:
    def spoil(document: dict[str, Any]) -> None:
        row = {"sourceType": "EXPRESSION", "source": "uper(event)", "destination": "eventType"}
        document["flows"][0]["mappings"].append(row)

    told = refusal(edited(exported, spoil))
    assert (
        "flows[0].mappings[4].source: There is no function uper(). Did you mean upper()?\n    uper(event)\n    ^"
        in told
    )


def test_a_project_that_a_dataset_has_already_is_named(exported: Path) -> None:
    def twice(document: dict[str, Any]) -> None:
        document["flows"].append(json.loads(json.dumps({**document["flows"][0], "name": "Again"})))

    with pytest.raises(CommandError, match="“Shop events” already loads this project into “Shop”"):
        apply(edited(exported, twice), "--dry-run")
