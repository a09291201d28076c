"""Values of records as the mapper shows them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

LONGEST_VALUE = 60


def short(value: Any) -> str:
    """A value on one line, cut to what a cell can show."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    text = " ".join(text.split())
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"


def shown(value: Any) -> str:
    """``short``, with a moment as a moment and nothing as nothing."""
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, datetime) else short(value)
