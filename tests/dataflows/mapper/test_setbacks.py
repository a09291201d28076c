"""Restoring an old version says what it would make worse, and asks."""

from __future__ import annotations

from typing import Any

import pytest

from tests.dataflows.mapper.conftest import MAPPING, Editor, event, land, text

TAGS = {"sourceType": "ATTRIBUTE", "source": "properties.tags", "destination": "_acme.city"}
BETTER = [*MAPPING, {**TAGS, "source": "properties.city"}]
WORSE = [{**MAPPING[0], "source": "properties.tags"}, *MAPPING[1:]]


@pytest.fixture
def editor_of_objects(editor: Editor) -> Editor:
    """Whose records have an object that fits no text."""
    for number in range(3):
        land(f"raw/{number}.jsonl.gz", [event(number * 100 + each, tags={"x": 1}) for each in range(20)])
    return editor


def restore(editor: Editor, number: int, **more: Any) -> Any:
    sent = {"revision": str(editor.reload().revision), **more}
    return editor.client.post(editor.url("mapping_restore", number), sent)


class TestRestoring:
    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            (WORSE, "60 of 60 sample records would be rejected; now it is 0."),
            ([*MAPPING, TAGS], "60 of 60 sample values do not fit and would be left out"),
        ],
    )
    def test_asks_when_the_version_loads_less_than_the_one_in_force(self, editor_of_objects, rows, said):
        editor = editor_of_objects
        editor.flow.mapping_versions.filter(number=1).update(rows=rows)
        editor.send(BETTER)
        answer = restore(editor, 1)
        assert said in text(answer)
        assert editor.reload().mapping == BETTER
        restore(editor, 1, confirmed=answer.context["confirmed"])
        assert editor.reload().mapping == rows

    def test_does_not_ask_when_it_is_no_worse(self, editor: Editor):
        editor.send(BETTER)
        restore(editor, 1)
        assert editor.reload().mapping == MAPPING

    def test_does_not_ask_where_no_records_are_known(self, editor: Editor):
        editor.flow.mapping_versions.filter(number=1).update(rows=WORSE)
        editor.flow.days.update(landed_key="")
        editor.send(BETTER)
        restore(editor, 1)
        assert editor.reload().mapping == WORSE
