"""The hostile records of ``cases/records.json``: what Mixpanel might send, and what must become of it.

``docs/exactness.md`` has the same cases in the same words, with the reasons. A line is written in Latin-1, so that it
can hold any bytes; «x*2000» in it or in an expected text stands for two thousand x.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.dataflows.mapping.conftest import event

FILE = json.loads((Path(__file__).parent / "cases" / "records.json").read_text())
CASES: list[dict[str, Any]] = FILE["cases"]
ALWAYS_MAPPED = {"id": "tributary.event_id"}
MANY = re.compile(r"«(.)\*(\d+)»")


def grown(text: Any) -> Any:
    return MANY.sub(lambda found: found[1] * int(found[2]), text) if isinstance(text, str) else text


def line_of(case: dict[str, Any]) -> bytes:
    """The record's line with its newline."""
    return grown(case["line"]).encode("latin-1") + b"\n" if "line" in case else event(**case["given"])


def row_of(case: dict[str, Any]) -> dict[str, Any]:
    """What the dataset must hold."""
    return {name: grown(value) for name, value in case["row"].items()}


def mapping_of(case: dict[str, Any]) -> dict[str, str]:
    return ALWAYS_MAPPED | case["mapping"]


def fate_of(case: dict[str, Any]) -> str:
    """In the words of the document: kept, left out (a value), rejected (the record)."""
    if "error" in case:
        return f"rejected, `{case['error'][0]}`"
    return "left out, `MAPPER-3700-400`" if "warnings" in case else "kept"
