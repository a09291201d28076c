"""What the buttons of the mapper do to the rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dataflows.mapper.desk import Desk
from dataflows.mapper.rows import ATTRIBUTE, EXPRESSION, MOST_ROWS, STATIC, EditedRow

Rows = list[EditedRow]


@dataclass(frozen=True)
class Change:
    """``rows`` after the button. ``replaced``: the old ones are kept for *Undo*. ``anchor``: what to show first."""

    rows: Rows
    replaced: bool = False
    anchor: str = "mapping"


def press(desk: Desk, action: str) -> Change:
    """The rows after the button ``action``, which is a verb and perhaps an operand: ``remove:3``.

    An unknown verb changes nothing: it only saves what was typed.
    """
    verb, _, operand = action.partition(":")
    return VERBS.get(verb, _nothing)(desk, operand)


def _nothing(desk: Desk, _operand: str) -> Change:
    return Change(desk.rows)


def _automap(desk: Desk, _operand: str) -> Change:
    return Change(desk.proposed(), replaced=True)


def _clear(desk: Desk, _operand: str) -> Change:
    # One blank row, not none: a draft without rows has not been mapped yet and would be mapped again.
    return Change([EditedRow(ATTRIBUTE)], replaced=True)


def _undo(desk: Desk, _operand: str) -> Change:
    """Back to the rows before; those of now are kept in turn, so that it can be undone itself."""
    return Change(desk.before, replaced=True) if desk.before else Change(desk.rows)


def _remove(desk: Desk, operand: str) -> Change:
    return Change([row for n, row in enumerate(desk.rows) if str(n) != operand] or [EditedRow(ATTRIBUTE)])


def _add(kind: str) -> Callable[[Desk, str], Change]:
    def add(desk: Desk, _operand: str) -> Change:
        return _appended(desk.rows, EditedRow(kind))

    return add


def _use(desk: Desk, source: str) -> Change:
    return _appended(desk.rows, EditedRow(ATTRIBUTE, source))


def _fill(desk: Desk, destination: str) -> Change:
    return _appended(desk.rows, EditedRow(ATTRIBUTE, "", destination))


def _appended(rows: Sequence[EditedRow], row: EditedRow) -> Change:
    if len(rows) >= MOST_ROWS:
        return Change(list(rows))
    return Change([*rows, row], anchor=f"row-{len(rows)}")


VERBS: dict[str, Callable[[Desk, str], Change]] = {
    "automap": _automap,
    "clear": _clear,
    "undo": _undo,
    "remove": _remove,
    "add": _add(ATTRIBUTE),
    "add-static": _add(STATIC),
    "add-calculated": _add(EXPRESSION),
    "use": _use,
    "fill": _fill,
}
