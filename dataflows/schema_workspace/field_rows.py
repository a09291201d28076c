"""Rows of fields in a table that is edited as a whole: sent as ``name-N``, ``kind-N``, ``title-N``, ``chosen-N``, …"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.utils.translation import ngettext

from dataflows.schema_workspace.forms import KINDS
from dataflows.schemas.building import BuildRefused, check_own_name, with_field
from dataflows.schemas.nodes import node_of

MOST_ROWS = 3_000
BLANK_ROWS = 3
NUMBER = re.compile(r"name-([0-9]{1,5})")
KIND_NAMES = frozenset(name for name, _words in KINDS)


@dataclass(frozen=True)
class FieldEntry:
    """A row as typed; ``error`` says what is wrong with it."""

    number: int
    name: str = ""
    title: str = ""
    kind: str = "string"
    array: bool = False
    required: bool = False
    error: str = ""

    @property
    def is_blank(self) -> bool:
        return not self.name and not self.title

    @property
    def path(self) -> tuple[str, ...]:
        return (f"_{settings.TENANT}", *self.name.split("."))

    @property
    def node(self) -> dict[str, Any]:
        return node_of(self.kind, array=self.array, title=self.title)


def blank(count: int = BLANK_ROWS, first: int = 0) -> list[FieldEntry]:
    return [FieldEntry(number) for number in range(first, first + count)]


def read_sent(data: Mapping[str, Any]) -> list[FieldEntry]:
    """Rows by their number; numbers may have gaps."""
    numbers = sorted(int(found[1]) for name in data if (found := NUMBER.fullmatch(name)))
    return [_entry(data, number) for number in numbers[:MOST_ROWS]]


def checked(entries: Sequence[FieldEntry], document: dict[str, Any]) -> tuple[list[FieldEntry], dict[str, Any]]:
    """The rows with what is wrong in each, and the document with those that are right."""
    found = []
    for entry in entries:
        error = ""
        if not entry.is_blank:
            try:
                for part in entry.name.split("."):
                    check_own_name(part)
                document = with_field(document, entry.path, entry.node, required=entry.required)
            except BuildRefused as refused:
                error = f"{refused.message} {refused.remedy}"
        found.append(replace(entry, error=error))
    return found, document


def _entry(data: Mapping[str, Any], number: int) -> FieldEntry:
    kind = str(data.get(f"kind-{number}", ""))
    return FieldEntry(
        number,
        name=_text(data, f"name-{number}"),
        title=_text(data, f"title-{number}"),
        kind=kind if kind in KIND_NAMES else "string",
        array=f"array-{number}" in data,
        required=f"required-{number}" in data,
    )


def _text(data: Mapping[str, Any], name: str) -> str:
    return str(data.get(name) or "").replace("\x00", "").strip()[:255]


def summary(entries: Sequence[FieldEntry]) -> str:
    """How many rows are wrong, in words; "" if none is."""
    wrong = sum(bool(entry.error) for entry in entries)
    words = ngettext(
        "%(count)d field is not right yet; it is marked.", "%(count)d fields are not right yet; they are marked.", wrong
    )
    return words % {"count": wrong} if wrong else ""
