"""The rejected records of a run as a file."""

from __future__ import annotations

import csv
import json
from datetime import date

import pytest
from django.urls import reverse

from connectors.storage import open_landing
from dataflows.mapping import Rejected
from dataflows.runs.rejects import RejectedFiles
from tests.dataflows.factories import day_account, make_run, make_window

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 1)


@pytest.fixture
def run(settings):
    """A run of which two records were rejected, one of them not UTF-8."""
    files = RejectedFiles(open_landing(settings.LANDING_URL), "rejected/1/5")
    files.add(DAY, Rejected(7, b'{"event": 1}', "INGEST-1555-400", "event", "event is no text", DAY))
    files.add(DAY, Rejected(9, b"caf\xe9", "INGEST-1401-400", "", "not JSON", None))
    keys = files.commit()
    run = make_run()
    make_window(run, days=[day_account(DAY, key=keys[DAY], rejected=2)])
    return run


def address(run):
    return reverse("dataflows:run_rejected", args=[run.pk])


def test_holds_every_record_with_its_place_reason_and_raw_bytes(browse, viewer, run):
    answer = browse(viewer).get(address(run))
    records = [json.loads(line) for line in b"".join(answer.streaming_content).splitlines()]
    assert [(record["day"], record["line"], record["code"]) for record in records] == [
        ("2026-03-01", 7, "INGEST-1555-400"),
        ("2026-03-01", 9, "INGEST-1401-400"),
    ]
    assert records[1]["raw"].encode("utf-8", "surrogateescape") == b"caf\xe9"
    assert f"run-{run.pk}-rejected.jsonl" in answer["Content-Disposition"]


def csv_rows(browse, viewer, run, **query):
    answer = browse(viewer).get(reverse("dataflows:run_rejected_csv", args=[run.pk]), query)
    body = b"".join(answer.streaming_content)
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(body.decode("utf-8-sig").splitlines()))


def test_comes_as_csv_with_bytes_that_are_no_text_made_visible(browse, viewer, run):
    rows = csv_rows(browse, viewer, run)
    assert [(row["day"], row["line"], row["code"]) for row in rows] == [
        ("2026-03-01", "7", "INGEST-1555-400"),
        ("2026-03-01", "9", "INGEST-1401-400"),
    ]
    assert rows[1]["raw"] == "caf\\xe9"


@pytest.mark.parametrize("raw", [b"=HYPERLINK(1)", b"+1", b"-1", b"@SUM(1)", b"\tx"])
def test_cannot_make_a_spreadsheet_run_a_formula(browse, viewer, settings, raw):
    files = RejectedFiles(open_landing(settings.LANDING_URL), "rejected/1/6")
    files.add(DAY, Rejected(1, raw, "INGEST-1401-400", "", "not JSON", DAY))
    run = make_run()
    make_window(run, days=[day_account(DAY, key=files.commit()[DAY], rejected=1)])
    assert csv_rows(browse, viewer, run)[0]["raw"] == "'" + raw.decode()


def test_can_be_had_of_one_day(browse, viewer, run):
    assert len(csv_rows(browse, viewer, run, day="2026-03-01")) == 2
    for day, status in (("2026-03-02", 404), ("yesterday", 404)):
        assert browse(viewer).get(address(run), {"day": day}).status_code == status


def test_is_offered_on_the_page_of_the_run(browse, viewer, run):
    assert address(run) in browse(viewer).get(run.get_absolute_url()).content.decode()


def test_is_a_page_with_words_when_there_is_none(browse, viewer):
    run = make_run()
    answer = browse(viewer).get(address(run))
    assert answer.status_code == 404
    assert "There is nothing to download" in answer.content.decode()
    assert address(run) not in browse(viewer).get(run.get_absolute_url()).content.decode()


def test_is_a_page_with_words_when_the_files_are_no_longer_kept(browse, viewer, run, settings):
    storage = open_landing(settings.LANDING_URL)
    for file in storage.list("rejected"):
        storage.delete(file.key)
    answer = browse(viewer).get(address(run))
    assert answer.status_code == 404
    assert "no longer kept" in answer.content.decode()


def test_says_so_when_the_landing_zone_is_away(browse, viewer, run, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.LANDING_URL = str(tmp_path / "file" / "landing")
    answer = browse(viewer).get(address(run))
    assert answer.status_code == 503
    assert "The landing zone cannot be written or read." in answer.content.decode()


def test_is_closed_to_people_without_a_role(browse, stranger, run):
    assert browse(stranger).get(address(run)).status_code == 403
