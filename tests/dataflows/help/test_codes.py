"""The help pages: one for every code, found by its words, linked from wherever a code is shown."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template import Context, Template
from django.urls import reverse
from django.utils.html import escape

from dataflows.help import catalogue
from dataflows.help.adobe import ADOBE
from dataflows.help.meanwhile import OWN
from dataflows.help.origins import OWN as ORIGINS
from tests.dataflows.factories import make_flow, make_run
from tests.dataflows.test_messages import CODES

ROOT = Path(__file__).parents[3]


def test_every_code_that_is_written_down_has_a_page():
    assert catalogue.entries().keys() >= CODES


def test_every_code_that_the_api_answers_with_has_a_page():
    code = re.compile(r'"(\d{4}-\d{3}|4\d{5})"')
    found = {each for path in (ROOT / "dataflows" / "api").rglob("*.py") for each in code.findall(path.read_text())}
    assert len(found) > 30
    assert catalogue.entries().keys() >= found


def test_nothing_is_said_about_codes_that_do_not_exist():
    assert catalogue.entries().keys() >= ADOBE.keys() | OWN.keys() | ORIGINS.keys()


@pytest.mark.django_db
@pytest.mark.parametrize("code", sorted(catalogue.entries()))
def test_a_page_says_cause_remedy_and_what_happens_meanwhile(browse, viewer, code):
    entry = catalogue.entries()[code]
    answer = browse(viewer).get(reverse("dataflows:help_code", args=[code]))
    assert answer.status_code == 200
    for words in (entry.message.what, entry.message.why, entry.message.todo, entry.meanwhile):
        assert len(words) > 10
        assert escape(words) in answer.content.decode()


def test_codes_are_sorted_into_their_groups():
    groups = {code: entry.group for code, entry in catalogue.entries().items()}
    expected = {
        "bad_credentials": "connector",
        "CONNECTOR-1001-500": "connector",
        "too_many_rejected": "run",
        "source_unknown": "mapping",
        "MAPPER-3700-400": "ingest",
        "INGEST-1502-400": "ingest",
        "1404-412": "api",
    }
    assert {code: groups[code] for code in expected} == expected


@pytest.mark.parametrize(
    ("code", "origin"),
    [
        ("rate_limited", "mixpanel"),
        ("bad_credentials", "settings"),
        ("lake_unavailable", "installation"),
        ("internal", "installation"),
        ("MAPPER-3700-400", "mapping"),
        ("INGEST-1401-400", "records"),
        ("1404-412", "caller"),
    ],
)
def test_a_code_says_where_its_cause_lies(code, origin):
    assert catalogue.entries()[code].origin == origin


def test_related_codes_lead_both_ways():
    known = catalogue.entries()
    below = {entry.code for entry in catalogue.related(known["CONNECTOR-3001-500"])}
    assert below == {"lake_unavailable", "lake_conflict", "storage_full"}
    assert [entry.code for entry in catalogue.related(known["lake_conflict"])] == ["CONNECTOR-3001-500"]


@pytest.mark.django_db
class TestTheList:
    def html(self, client, **query) -> str:
        return client.get(reverse("dataflows:help_codes"), query).content.decode()

    def test_has_every_code(self, browse, viewer):
        html = self.html(browse(viewer))
        assert all(reverse("dataflows:help_code", args=[code]) in html for code in catalogue.entries())

    def test_is_searched_by_words_and_by_adobes_code(self, browse, viewer):
        html = self.html(browse(viewer), q="DISK full")
        assert "storage_full" in html
        assert "bad_credentials" not in html
        assert "export_timeout" in self.html(browse(viewer), q="2200")

    def test_shows_one_kind(self, browse, viewer):
        html = self.html(browse(viewer), group="mapping")
        assert "source_unknown" in html
        assert "bad_credentials" not in html

    def test_says_so_when_nothing_is_found_and_offers_all(self, browse, viewer):
        assert "No code has these words" in self.html(browse(viewer), q="<b>zebra</b>")

    def test_is_for_people_with_a_role(self, browse, stranger):
        assert browse(stranger).get(reverse("dataflows:help_codes")).status_code == 403


@pytest.mark.django_db
def test_an_unknown_code_is_no_page(browse, viewer):
    assert browse(viewer).get("/help/codes/zebra/").status_code == 404


@pytest.mark.django_db
def test_a_run_that_failed_links_its_code(browse, viewer):
    run = make_run(make_flow(), status="failed", error_code="bad_credentials")
    assert reverse("dataflows:help_code", args=["bad_credentials"]) in (
        browse(viewer).get(run.get_absolute_url()).content.decode()
    )


def test_a_code_of_a_newer_release_is_shown_without_a_link():
    shown = Template("{% load codes %}{% code value %}").render(Context({"value": "<new>"}))
    assert shown == '<span class="tag">&lt;new&gt;</span>'


def test_no_template_shows_a_code_without_its_link():
    bare = re.compile(r"\{\{[^}]*\b(error_code|\w+\.code|code)\b *(\|[^}]*)?\}\}")
    allowed = {"codes.html", "code.html", "_opening.html"}
    found = [
        (path.name, match[0])
        for path in (ROOT / "templates").rglob("*.html")
        if path.name not in allowed
        for match in bare.finditer(path.read_text())
    ]
    assert found == []
