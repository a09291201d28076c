"""What the buttons of the mapper do to the rows, and what is shown then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from dataflows.mapper.desk import Desk
from dataflows.mapper.identifiers import repaired
from dataflows.mapper.panel import masked
from dataflows.mapper.rows import ATTRIBUTE, EXPRESSION, MOST_ROWS, STATIC, TYPES, EditedRow
from dataflows.mapper.view import SHOWN, View

Rows = list[EditedRow]


@dataclass(frozen=True)
class Change:
    """``rows`` after the button. ``replaced``: the old ones are kept for *Undo*. ``anchor``: what to show first.
    ``leaves_for``: the name of another page to go to, ``mapping_import`` or ``mapping_csv``; what was typed is kept.
    """

    rows: Rows
    view: View
    replaced: bool = False
    anchor: str = "mapping"
    leaves_for: str = ""


def press(desk: Desk, action: str) -> Change:
    """The rows after the button ``action``, which is a verb and perhaps an operand: ``remove:3``.

    An unknown verb changes nothing: it only saves what was typed.
    """
    verb, _, operand = action.partition(":")
    if verb in OF_A_ROW:
        number, _, more = operand.partition(":")
        found = number.isascii() and number.isdigit() and len(number) < 6 and int(number) < len(desk.rows)
        return OF_A_ROW[verb](desk, int(number), more) if found else _nothing(desk, operand)
    return VERBS.get(verb, _nothing)(desk, operand)


def _nothing(desk: Desk, _operand: str) -> Change:
    return Change(desk.rows, desk.view)


def _check(desk: Desk, _operand: str) -> Change:
    """Nothing changes; what is wrong comes first, if anything is."""
    return Change(desk.rows, desk.view, anchor="summary" if desk.problems else "mapping")


def _enter(desk: Desk, _operand: str) -> Change:
    """The Enter key: back to the field in which it was pressed."""
    return Change(desk.rows, desk.view, anchor=desk.view.field or "mapping")


def _automap(desk: Desk, _operand: str) -> Change:
    return Change(desk.proposed(), View(), replaced=True)


def _clear(_desk: Desk, _operand: str) -> Change:
    # One blank row, not none: a draft without rows has not been mapped yet and would be mapped again.
    return Change([EditedRow(ATTRIBUTE)], View(), replaced=True)


def _undo(desk: Desk, _operand: str) -> Change:
    """Back to the rows before; those of now are kept in turn, so that it can be undone itself."""
    return Change(desk.before, View(), replaced=True) if desk.before else _nothing(desk, "")


def _show(desk: Desk, operand: str) -> Change:
    """Filter by a counter; the same counter again shows everything."""
    show = operand if operand in SHOWN and operand != desk.view.show else ""
    return Change(desk.rows, desk.view.with_(show=show))


def _add(kind: str) -> Callable[[Desk, str], Change]:
    def add(desk: Desk, destination: str) -> Change:
        return _appended(desk.rows, EditedRow(kind, "", destination))

    return add


def _leave(name: str) -> Callable[[Desk, str], Change]:
    def leave(desk: Desk, _operand: str) -> Change:
        return Change(desk.rows, desk.view, leaves_for=name)

    return leave


def _use(desk: Desk, source: str) -> Change:
    return _appended(desk.rows, EditedRow(ATTRIBUTE, source))


def _appended(rows: Sequence[EditedRow], row: EditedRow) -> Change:
    """The new row is open, and nothing that hides it is on."""
    if len(rows) >= MOST_ROWS:
        return Change(list(rows), View())
    return Change([*rows, row], View(row=len(rows)), anchor=f"row-{len(rows)}")


def _remove(desk: Desk, number: int, _more: str) -> Change:
    """What stood below is shown then; the row comes back by *Undo*."""
    rows = [row for n, row in enumerate(desk.rows) if n != number] or [EditedRow(ATTRIBUTE)]
    anchor = f"row-{min(number, len(rows) - 1)}"
    return Change(rows, desk.view.with_(row=None), replaced=True, anchor=anchor)


def _open(desk: Desk, number: int, _more: str) -> Change:
    return Change(desk.rows, desk.view.with_(row=number), anchor=f"row-{number}")


def _close(desk: Desk, number: int, _more: str) -> Change:
    return Change(desk.rows, desk.view.with_(row=None), anchor=f"row-{number}")


def _pick(desk: Desk, number: int, source: str) -> Change:
    """Take another source; an empty one clears the row."""
    return _put(desk, number, replace(desk.rows[number], source_type=ATTRIBUTE, source=source))


def _become(desk: Desk, number: int, kind: str) -> Change:
    """A field, a fixed value or a calculated field; what is typed stays, for a path is an expression too."""
    row = desk.rows[number]
    return _put(desk, number, replace(row, source_type=kind if kind in TYPES else row.source_type))


def _mask(desk: Desk, number: int, slug: str) -> Change:
    row = masked(desk.rows[number], slug, desk.source_fields)
    change = _remove(desk, number, "") if row is None else _put(desk, number, row)
    return replace(change, replaced=True)


def _repair(desk: Desk, number: int, _more: str) -> Change:
    """Give an id to records that have none of their own."""
    row = repaired(desk.rows[number], desk.source_fields) or desk.rows[number]
    return replace(_put(desk, number, row), replaced=True)


def _put(desk: Desk, number: int, row: EditedRow) -> Change:
    rows = [row if n == number else other for n, other in enumerate(desk.rows)]
    return Change(rows, desk.view.with_(row=number), anchor=f"row-{number}")


VERBS: dict[str, Callable[[Desk, str], Change]] = {
    "check": _check,
    "enter": _enter,
    "automap": _automap,
    "clear": _clear,
    "undo": _undo,
    "show": _show,
    "add": _add(ATTRIBUTE),
    "add-static": _add(STATIC),
    "add-calculated": _add(EXPRESSION),
    "use": _use,
    "import": _leave("mapping_import"),
    "export": _leave("mapping_csv"),
}
OF_A_ROW: dict[str, Callable[[Desk, int, str], Change]] = {
    "remove": _remove,
    "open": _open,
    "close": _close,
    "pick": _pick,
    "become": _become,
    "mask": _mask,
    "repair": _repair,
}
