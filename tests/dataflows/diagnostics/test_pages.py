"""The pages of groups: what they show, lead to, hand out and refuse."""

from __future__ import annotations

import csv
import json
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dataflows import stores
from dataflows.models import DayStatus, Trigger
from tests.dataflows.diagnostics.conftest import DAY, PRICE, read_day, record
from tests.dataflows.factories import make_flow, make_run

pytestmark = pytest.mark.django_db
SECOND = DAY + timedelta(days=1)
QUERY = {"kind": "rejected", "code": PRICE[0], "field": PRICE[1]}
HOSTILE = {
    "html": '"><script>alert(1)</script>',
    "right to left": "\u202egnp.exe שלום",
    "control": "a\x00b\x1b[2J",
}


def listing(owner) -> str:
    kind = "run" if hasattr(owner, "windows") else "dataflow"
    return reverse(f"dataflows:{kind}_diagnostics", args=[owner.pk])


def group(owner, ending: str = "") -> str:
    kind = "run" if hasattr(owner, "windows") else "dataflow"
    return reverse(f"dataflows:{kind}_group{ending}", args=[owner.pk])


def text(answer) -> str:
    return " ".join(answer.content.decode().split())


class TestTheList:
    def test_leads_to_each_group(self, browse, viewer, run):
        read_day(run, DAY, [record(1), record(2)])
        html = text(browse(viewer).get(listing(run)))
        assert "2 rejected records · all counts are exact" in html
        assert f"{group(run)}?kind=rejected&amp;code=MAPPER-3700-400&amp;field=_acme.price" in html
        assert reverse("dataflows:help_code", args=[PRICE[0]]) in html

    def test_of_a_dataflow_names_the_runs(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(1)])
        html = text(browse(viewer).get(listing(flow)))
        assert f"#{run.pk}</a>" in html

    def test_says_why_it_is_empty(self, browse, viewer, flow, run):
        assert "No day has been read yet" in text(browse(viewer).get(listing(flow)))
        read_day(run, DAY)
        assert "Nothing is wrong" in text(browse(viewer).get(listing(flow)))

    def test_says_when_the_filters_leave_nothing(self, browse, viewer, run):
        read_day(run, DAY, [record(1)])
        html = text(browse(viewer).get(listing(run), {"field": "zebra"}))
        assert "No group is like that" in html
        assert 'value="zebra"' in html

    def test_takes_no_notice_of_filters_that_make_no_sense(self, browse, viewer, run):
        read_day(run, DAY, [record(1)])
        assert PRICE[1] in text(browse(viewer).get(listing(run), {"day": "soon", "kind": "x", "code": "y"}))

    def test_is_cut_into_pages(self, browse, viewer, run):
        read_day(run, DAY, [record(n, reason=("MAPPER-3700-400", f"_acme.f{n:03}")) for n in range(60)])
        html = text(browse(viewer).get(listing(run), {"page": "2"}))
        assert "Page 2 of 3" in html

    def test_asks_the_database_no_more_for_many_days(self, browse, viewer, flow, run):
        def asked() -> int:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                browse(viewer).get(listing(flow))
            return len(queries)

        read_day(run, DAY, [record(1)])
        few = asked()
        for number in range(1, 30):
            read_day(run, DAY + timedelta(days=number), [record(1)])
        assert asked() == few

    def test_counts_without_opening_a_file(self, browse, viewer, flow, run, settings, tmp_path):
        read_day(run, DAY, [record(1)])
        (tmp_path / "file").write_text("in the way")
        settings.LANDING_URL = str(tmp_path / "file" / "landing")
        stores.landing.cache_clear()
        assert "1 rejected record " in text(browse(viewer).get(listing(flow)))

    def test_is_for_people_with_a_role(self, browse, stranger, flow, run):
        for url in (listing(run), listing(flow), group(run), group(flow), group(run, "_csv")):
            assert browse(stranger).get(url, QUERY).status_code == 403


class TestAGroup:
    def test_shows_records_with_the_value_marked(self, browse, viewer, run):
        read_day(run, DAY, [record(1234, "twelve"), record(8, reason=("INGEST-1555-400", "event"))])
        html = text(browse(viewer).get(group(run), QUERY))
        assert "<mark>&quot;twelve&quot;</mark>" in html
        assert "2026-03-01 · line 1,234" in html
        assert "line 8" not in html

    def test_marks_where_a_record_stops_being_json(self, browse, viewer, run):
        read_day(run, DAY, [record(1, raw=b'{"event": oops}', reason=("INGEST-1401-400", ""))])
        html = text(browse(viewer).get(group(run), {"code": "INGEST-1401-400"}))
        assert "<bdi>{&quot;event&quot;: </bdi><mark>o</mark>" in html

    def test_says_when_the_record_lacks_the_value(self, browse, viewer, run):
        read_day(run, DAY, [record(1, raw=b'{"event": "Buy", "properties": {}}')])
        assert "does not have this value" in text(browse(viewer).get(group(run), QUERY))

    @pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
    def test_shows_hostile_records_harmlessly(self, browse, viewer, run, value):
        raw = json.dumps({"event": "x", "properties": {"price": value}}, ensure_ascii=False).encode()
        read_day(run, DAY, [record(1, raw=raw)])
        html = browse(viewer).get(group(run), QUERY).content.decode()
        assert "<script>alert" not in html
        assert not set(html) & {"\x00", "\x1b", "\u202e"}

    def test_stays_small_with_huge_records(self, browse, viewer, run):
        read_day(run, DAY, [record(n, "x" * 2_000_000) for n in range(3)])
        assert len(browse(viewer).get(group(run), QUERY).content) < 60_000

    def test_shows_samples_of_several_days_and_how_many_each_has(self, browse, viewer, flow, run):
        for number in range(4):
            read_day(run, DAY + timedelta(days=number), [record(line) for line in range(1, 7)])
        answer = browse(viewer).get(group(flow), QUERY)
        assert {sample.day for sample in answer.context["samples"].found} == {
            DAY + timedelta(days=number) for number in range(4)
        }
        assert [count for _, count in answer.context["days"]] == [6, 6, 6, 6]

    def test_can_be_looked_at_for_one_day(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(1)])
        read_day(run, SECOND, [record(1), record(2)])
        answer = browse(viewer).get(group(flow), {**QUERY, "day": SECOND.isoformat()})
        assert answer.context["group"].count == 2
        assert "Only 2026-03-02 is shown." in text(answer)

    def test_falls_back_to_the_stored_sample_when_files_are_gone(self, browse, viewer, run):
        read_day(run, DAY, [record(1, "twelve")])
        for file in stores.landing().list("rejected"):
            stores.landing().delete(file.key)
        assert "<mark>&quot;twelve&quot;</mark>" in text(browse(viewer).get(group(run), QUERY))

    def test_shows_the_stored_sample_when_the_landing_zone_is_away(self, browse, viewer, run, settings, tmp_path):
        read_day(run, DAY, [record(1, "twelve")])
        (tmp_path / "file").write_text("in the way")
        settings.LANDING_URL = str(tmp_path / "file" / "landing")
        stores.landing.cache_clear()
        html = text(browse(viewer).get(group(run), QUERY))
        assert "The landing zone does not answer" in html
        assert "<mark>&quot;twelve&quot;</mark>" in html

    def test_says_when_records_are_only_counted(self, browse, viewer):
        flow = make_flow(error_diagnostics=False, partial_ingestion=False)
        run = make_run(flow)
        read_day(run, DAY, [record(1)], keeps=False)
        html = text(browse(viewer).get(group(run), QUERY))
        assert "counted, not kept" in html
        assert "expected data type was: number." in html

    def test_offers_a_dry_run_on_its_days_to_analysts(self, browse, analyst, viewer, flow, run):
        read_day(run, DAY, [record(1)])
        read_day(run, SECOND, [record(1)])
        html = text(browse(analyst).get(group(flow), QUERY))
        assert reverse("dataflows:dataflow_reprocess", args=[flow.pk]) in html
        assert 'name="first_day" value="2026-03-01"' in html
        assert 'name="last_day" value="2026-03-02"' in html
        assert "Dry run on these days" not in text(browse(viewer).get(group(flow), QUERY))

    def test_that_was_repaired_says_so_and_shows_the_proof(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(line) for line in range(5)], status=DayStatus.FAILED)
        again = make_run(flow, trigger=Trigger.REPROCESS)
        read_day(again, DAY)
        html = text(browse(viewer).get(group(flow), QUERY))
        assert "No day has such a record any more" in html
        assert f"{again.get_absolute_url()}#proof-title" in html
        assert '<td class="num">5</td> <td class="num">0</td>' in html

    @pytest.mark.parametrize("query", [{}, {"kind": "x", "code": "y"}, {"code": "y", "day": "soon"}])
    def test_that_makes_no_sense_is_no_page(self, browse, viewer, run, query):
        assert browse(viewer).get(group(run), query).status_code == 404

    def test_nobody_knows_is_told_from_an_error(self, browse, viewer, run):
        assert "This run has no such record" in text(browse(viewer).get(group(run), {"code": "zebra"}))


class TestDownloads:
    def lines(self, browse, viewer, owner, **more):
        answer = browse(viewer).get(group(owner, "_jsonl"), {**QUERY, **more})
        return [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]

    def test_have_exactly_the_group(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(1), record(2, reason=("INGEST-1555-400", "_acme.price")), record(3)])
        read_day(run, SECOND, [record(4), record(5, reason=(PRICE[0], "_acme.price2"))])
        found = self.lines(browse, viewer, flow)
        assert [(each["day"], each["line"]) for each in found] == [
            ("2026-03-02", 4),
            ("2026-03-01", 1),
            ("2026-03-01", 3),
        ]
        assert {(each["code"], each["field"]) for each in found} == {PRICE}

    def test_are_not_misled_by_a_record_that_looks_like_a_line(self, browse, viewer, run):
        raw = b'{"line": 1, "code": "MAPPER-3700-400", "field": "_acme.price", "message": "x"}'
        read_day(run, DAY, [record(1), record(2, raw=raw, reason=("INGEST-1555-400", "event"))])
        assert [each["line"] for each in self.lines(browse, viewer, run)] == [1]

    def test_take_fields_with_any_signs(self, browse, viewer, run):
        field = 'a "b", \\ é\u202e/&=?'
        read_day(run, DAY, [record(1, reason=(PRICE[0], field)), record(2)])
        assert [each["line"] for each in self.lines(browse, viewer, run, field=field)] == [1]

    def test_come_as_csv(self, browse, viewer, run):
        read_day(run, DAY, [record(1), record(2)])
        answer = browse(viewer).get(group(run, "_csv"), QUERY)
        rows = list(csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()))
        assert [row["line"] for row in rows] == ["1", "2"]
        assert f'filename="run-{run.pk}-MAPPER-3700-400-acme.price.csv"' in answer["Content-Disposition"]

    def test_are_of_one_day_when_asked(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(1)])
        read_day(run, SECOND, [record(2)])
        assert [each["line"] for each in self.lines(browse, viewer, flow, day="2026-03-01")] == [1]

    def test_are_a_page_with_words_when_nothing_is_kept(self, browse, viewer, run):
        answer = browse(viewer).get(group(run, "_csv"), QUERY)
        assert answer.status_code == 404
        assert "There is nothing to download" in text(answer)


class TestPreviewAndManifest:
    def test_the_preview_has_adobes_columns(self, browse, viewer, run):
        window = read_day(run, DAY, [record(7, "twelve")])
        html = text(browse(viewer).get(reverse("dataflows:run_preview", args=[run.pk])))
        for words in ("File name", "Error code", "Column name", "2026-03-01.jsonl.gz", "_acme.price", "&quot;twelve"):
            assert words in html
        assert window.days[0]["rejected_key"].endswith("2026-03-01.jsonl.gz")

    def test_the_preview_ends_at_a_hundred(self, browse, viewer, run):
        read_day(run, DAY, [record(line) for line in range(150)])
        answer = browse(viewer).get(reverse("dataflows:run_preview", args=[run.pk]))
        assert len(answer.context["samples"].found) == 100

    def test_the_preview_says_when_there_is_nothing(self, browse, viewer, run):
        read_day(run, DAY)
        html = text(browse(viewer).get(reverse("dataflows:run_preview", args=[run.pk])))
        assert "There is nothing to show" in html

    def test_the_manifest_names_the_files_with_their_sizes(self, browse, viewer, run):
        window = read_day(run, DAY, [record(1)])
        window.landed_size, window.events_done = 5_242_880, 11
        window.save()
        html = text(browse(viewer).get(reverse("dataflows:run_files", args=[run.pk])))
        assert "raw/2026-03-01" in html
        assert html.count("5.0 MB") == 2

    def test_the_manifest_says_when_nothing_landed(self, browse, viewer, run):
        assert "No answer has landed" in text(browse(viewer).get(reverse("dataflows:run_files", args=[run.pk])))


class TestTheWayToTheMapping:
    def html(self, browse, user, flow, **query) -> str:
        return text(browse(user).get(group(flow), {**QUERY, **query}))

    def test_leads_to_the_row_of_the_field(self, browse, analyst, flow, run):
        read_day(run, DAY, [record(1)])
        there = reverse("dataflows:mapping_edit", args=[flow.pk])
        assert f'href="{there}?target=_acme.price#row-0"' in self.html(browse, analyst, flow)

    def test_leads_to_the_row_of_the_object_that_the_field_lies_in(self, browse, analyst, flow, run):
        field = "_acme.price.currency"
        read_day(run, DAY, [record(1, reason=(PRICE[0], field))])
        assert "?target=_acme.price#row-0" in self.html(browse, analyst, flow, field=field)

    def test_leads_to_the_mapping_when_the_row_is_gone(self, browse, analyst, flow, run):
        read_day(run, DAY, [record(1)])
        flow.mapping_draft = []
        flow.save()
        assert 'target=_acme.price"' in self.html(browse, analyst, flow)

    def test_is_not_offered_for_what_no_row_can_mend(self, browse, analyst, flow, run):
        reason = ("INGEST-1555-400", "properties.time")
        read_day(run, DAY, [record(1, reason=reason)])
        assert "Fix this mapping row" not in self.html(browse, analyst, flow, code=reason[0], field=reason[1])

    def test_is_not_offered_to_viewers(self, browse, viewer, flow, run):
        read_day(run, DAY, [record(1)])
        assert "Fix this mapping row" not in self.html(browse, viewer, flow)


def test_samples_show_different_values_first(browse, viewer, run):
    read_day(run, DAY, [*(record(line, "same") for line in range(1, 40)), record(40, "other"), record(41, "third")])
    shown = browse(viewer).get(group(run), QUERY).context["samples"].found
    assert [sample.line for sample in shown] == [1, 2, 3, 4, 5, 6, 7, 8, 40, 41]
