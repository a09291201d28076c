"""Mappings as CSV files and from other dataflows: taken over whole, undone at one press, wrong ones explained."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from hypothesis import given
from hypothesis import strategies as st

from dataflows.mapper import csv_files
from dataflows.mapper.csv_files import CsvInvalid
from dataflows.mapper.rows import MOST_ROWS, TYPES, EditedRow
from dataflows.models import Dataflow
from tests.dataflows.factories import make_draft, make_flow
from tests.dataflows.mapper.conftest import EXTRA, MAPPING, Editor, text

HEADER = "sourceType,source,destination,name,description\r\n"


def upload(editor: Editor, content: bytes | str, **more: Any) -> Any:
    data = content.encode() if isinstance(content, str) else content
    file = SimpleUploadedFile("mapping.csv", data)
    values = {"from": "file", "file": file, "revision": str(editor.reload().revision), **more}
    return editor.client.post(editor.url("mapping_import"), values, follow=True)


SIGNS = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r"), max_size=12)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\x00\r\n\t "), min_size=1, max_size=12)


class TestTheFile:
    @given(st.lists(st.builds(EditedRow, st.sampled_from(TYPES), SIGNS, NAMES, SIGNS, SIGNS), min_size=1, max_size=5))
    def test_gives_back_what_was_written(self, rows: list[EditedRow]):
        readable = [row for row in rows if any(cell.strip() for cell in (row.source_type, row.source))]
        stripped = [EditedRow(r.source_type, r.source, r.destination.strip(), r.name, r.description) for r in readable]
        assert csv_files.read(csv_files.written(readable)) == stripped

    @pytest.mark.parametrize(
        "source", ["=1+1", "+49", "-5", "@x", "'-x'", "''=", "\t=", "'quoted'", "'", "=HYPERLINK()"]
    )
    def test_has_no_cell_that_a_spreadsheet_would_run(self, source: str):
        row = EditedRow("STATIC", source, "eventType")
        content = csv_files.written([row])
        cells = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))[1]
        assert not cells[1].startswith(csv_files.FORMULA)
        assert csv_files.read(content) == [row]

    def test_may_have_its_columns_in_any_order_and_others_beside_them(self):
        content = "destination,comment,source,sourceType\n_id,x,event,attribute\n"
        assert csv_files.read(content.encode()) == [EditedRow("ATTRIBUTE", "event", "_id")]

    @pytest.mark.parametrize("separator", [";", "\t"])
    def test_may_come_from_a_spreadsheet_of_another_country(self, separator: str):
        lines = [["sourceType", "source", "destination"], ["STATIC", "mixpanel", "producedBy"]]
        content = "\r\n".join(separator.join(line) for line in lines)
        assert csv_files.read(content.encode()) == [EditedRow("STATIC", "mixpanel", "producedBy")]

    @pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
    def test_may_be_of_any_unicode_encoding(self, encoding: str):
        content = f"{HEADER}STATIC,Łódź,_acme.city,,\r\n".encode(encoding)
        assert csv_files.read(content)[0].source == "Łódź"

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            (b"", "The first line does not name the columns"),
            (b"source;target\r\nevent;_id\r\n", "sourceType, destination"),
            (b"a,b,c\n1,2,3\n", "a,b,c"),
            (HEADER.encode(), "The file has no rows"),
            (
                HEADER.encode() + "STATIC,Łódź,_acme.city\r\n".encode("iso-8859-2"),
                "Line 2 holds bytes that are no UTF-8",
            ),
            (b"PK\x03\x04\x00\x00 a spreadsheet", "The file is no text"),
            (HEADER.encode() + b'STATIC,"open,_id,,\r\n', "Line"),
            (HEADER.encode() + b"STATIC,x,_id,,\r\n" * 100_000, "about 100,001 lines"),
            (b"x" * 5_000_001, "larger than 5 MB"),
            (HEADER.encode() + b"STATIC," + b"x" * 100_001 + b",_id\r\n", "longer than any source"),
        ],
    )
    def test_that_cannot_be_read_says_why_and_what_to_do(self, content: bytes, message: str):
        with pytest.raises(CsvInvalid) as caught:
            csv_files.read(content)
        assert message in str(caught.value)
        assert caught.value.remedy

    def test_may_be_as_long_as_a_mapping(self):
        rows = [EditedRow("STATIC", "x", f"f{n}") for n in range(MOST_ROWS)]
        assert csv_files.read(csv_files.written(rows)) == rows


class TestDownload:
    def test_holds_the_rows_on_the_desk(self, editor: Editor):
        editor.send([*MAPPING, EXTRA], "check")
        answer = editor.see("mapping_csv")
        assert [row.stored for row in csv_files.read(answer.content)] == [*MAPPING, EXTRA]
        assert answer["Content-Disposition"] == f'attachment; filename="mapping-{editor.flow.pk}.csv"'

    def test_keeps_what_was_typed_before(self, editor: Editor):
        assert editor.send([*MAPPING, EXTRA], "export").url == editor.url("mapping_csv")
        assert editor.reload().mapping_draft == [*MAPPING, EXTRA]


class TestUpload:
    def test_replaces_all_rows_and_can_be_undone(self, editor: Editor):
        page = upload(editor, csv_files.written([EditedRow("ATTRIBUTE", "event", "eventType")]))
        assert "1 row is taken over" in text(page)
        assert [row["destination"] for row in editor.reload().mapping_draft] == ["eventType"]
        assert editor.reload().mapping == MAPPING
        assert [row.stored for row in editor.press("undo")] == MAPPING

    def test_marks_rows_that_do_not_fit_and_loses_none(self, editor: Editor):
        content = HEADER + "ATTRIBUTE,event,nowhere,,\r\nEXPRESSION,lowr(event),eventType,,\r\nWHAT,event,_id,,\r\n"
        page = upload(editor, content)
        desk = page.context["desk"]
        assert [(line.row.destination, bool(line.problems)) for line in desk.table] == [
            ("nowhere", True), ("eventType", True), ("_id", False),
        ]  # fmt: skip

    def test_of_a_wrong_file_changes_nothing_and_says_so_at_the_field(self, editor: Editor):
        page = upload(editor, "a,b\n1,2\n")
        assert "The first line does not name the columns" in text(page)
        assert "invalid-feedback" in page.content.decode()
        assert editor.reload().mapping_draft is None

    def test_replaces_the_rows_of_a_draft_too(self, editor: Editor):
        draft = make_draft(reached="mapping", new_dataset_schema=editor.flow.schema, mapping=MAPPING)
        drafted = Editor(editor.client, draft)
        upload(drafted, csv_files.written([EditedRow("ATTRIBUTE", "event", "eventType")]))
        assert [row["destination"] for row in drafted.reload().mapping] == ["eventType"]
        assert (drafted.flow.mapping_before, drafted.flow.mapping_draft) == (MAPPING, None)

    def test_of_nothing_asks_for_a_file(self, editor: Editor):
        answer = editor.client.post(editor.url("mapping_import"), {"from": "file", "revision": "0"})
        assert "Choose a file." in text(answer)

    def test_does_not_overwrite_what_was_not_seen(self, editor: Editor):
        seen = editor.reload().revision
        editor.send([*MAPPING, EXTRA], "check")
        page = upload(editor, csv_files.written([EditedRow("ATTRIBUTE", "event", "eventType")]), revision=str(seen))
        assert "Somebody changed this mapping" in text(page)
        assert editor.reload().mapping_draft == [*MAPPING, EXTRA]


class TestFromAnotherDataflow:
    @pytest.fixture
    def other(self, flow) -> Dataflow:
        return make_flow(name="Web shop", dataset=flow.dataset, mapping=[*MAPPING, EXTRA])

    def take_over(self, editor: Editor, pk: Any) -> Any:
        values = {"flow": str(pk), "revision": str(editor.reload().revision)}
        return editor.client.post(editor.url("mapping_import"), values, follow=True)

    def test_takes_all_rows_over(self, editor: Editor, other: Dataflow):
        self.take_over(editor, other.pk)
        assert editor.reload().mapping_draft == [*MAPPING, EXTRA]
        assert [row.stored for row in editor.press("undo")] == MAPPING

    def test_is_searched_by_name_and_lists_the_same_schema_first(self, editor: Editor, other: Dataflow):
        make_flow(name="Newer, of another schema")
        found = editor.see("mapping_import").context["candidates"]
        assert [(one.flow.name, one.same_schema) for one in found] == [
            ("Web shop", True), ("Newer, of another schema", False),
        ]  # fmt: skip
        assert [one.flow.name for one in editor.see("mapping_import", q="WEB").context["candidates"]] == ["Web shop"]
        assert "No dataflow matches" in text(editor.see("mapping_import", q="nothing"))

    def test_says_when_there_is_none(self, editor: Editor):
        assert "There is no other mapping" in text(editor.see("mapping_import"))

    @pytest.mark.parametrize("pk", ["0", "x", "9" * 30, ""])
    def test_one_that_does_not_exist_changes_nothing(self, editor: Editor, pk: str):
        assert "does not exist any more" in text(self.take_over(editor, pk))
        assert editor.reload().mapping_draft is None


def test_viewers_download_but_do_not_import(editor: Editor, browse, viewer):
    client = browse(viewer)
    assert client.get(editor.url("mapping_csv")).status_code == 200
    assert client.post(editor.url("mapping_import"), {}).status_code == 403
