"""docs/exactness.md and the cases of hostile records say the same, one to one."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.dataflows.mapping.record_cases import CASES, fate_of

DOCUMENT = Path(__file__).parents[3] / "docs" / "exactness.md"
ROW = re.compile(
    r"^\| (?P<title>.+?) \| (?P<has>.*?) \| (?P<fate>kept|left out, `\S+`|rejected, `\S+`) \|", re.MULTILINE
)


def rows() -> list[re.Match[str]]:
    return list(ROW.finditer(DOCUMENT.read_text()))


def test_every_case_is_in_the_document_once_and_every_row_is_a_case():
    titles = Counter(row["title"] for row in rows())
    assert titles == Counter(case["name"] for case in CASES)


def test_the_fate_of_each_case_is_the_documented_one():
    written = {row["title"]: row["fate"] for row in rows()}
    assert written == {case["name"]: fate_of(case) for case in CASES}
