"""Which part of the mapper is shown; it is in the address, so that a reload and a link show the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from dataflows.mapper.rows import MOST_ROWS

ALL, MAPPED, REQUIRED, IDENTITY, ERRORS, WARNINGS = "", "mapped", "required", "identity", "errors", "warnings"
SHOWN = (ALL, MAPPED, REQUIRED, IDENTITY, ERRORS, WARNINGS)
LONGEST_SEARCH = 200
FIELD = re.compile(r"(?:source|destination|name|description)-[0-9]{1,5}")


@dataclass(frozen=True)
class View:
    """``show`` is one of SHOWN, ``search`` a part of a source or a target, ``row`` the row that is open.

    ``target`` is how links from elsewhere name that row. ``typed`` is the row in which somebody types at the moment,
    ``field`` the name of the field there, "" when it is not known.
    """

    show: str = ALL
    search: str = ""
    row: int | None = None
    target: str = ""
    typed: int | None = None
    field: str = ""

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> View:
        """From an address or a form; what makes no sense is left out."""
        show, typed = str(data.get("show") or ""), str(data.get("typed") or "")
        return cls(
            show if show in SHOWN else ALL,
            str(data.get("search") or "").strip()[:LONGEST_SEARCH],
            _row(data.get("row")),
            str(data.get("target") or ""),
            _row(typed.rpartition("-")[2]),
            typed if FIELD.fullmatch(typed) else "",
        )

    @property
    def current(self) -> int | None:
        """The row that matters most now."""
        return self.row if self.typed is None else self.typed

    def with_(self, **changes: Any) -> View:
        return replace(self, **changes)

    @property
    def query(self) -> str:
        """``?show=errors&row=3``, "" when there is nothing to say."""
        said = {"show": self.show, "search": self.search, "row": self.row}
        parameters = {name: value for name, value in said.items() if value not in ("", None)}
        return f"?{urlencode(parameters)}" if parameters else ""


def _row(sent: Any) -> int | None:
    text = str(sent or "")
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else MOST_ROWS
    return number if number < MOST_ROWS else None
