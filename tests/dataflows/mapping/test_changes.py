"""What differs between two versions of a mapping."""

from __future__ import annotations

from dataflows.mapping.changes import compare


def row(source: str, destination: str, kind: str = "ATTRIBUTE") -> dict[str, str]:
    return {"sourceType": kind, "source": source, "destination": destination}


def test_rows_are_added_removed_and_changed_by_target():
    stays, gone, old = row("event", "eventType"), row("properties.a", "a"), row("properties.b", "b")
    new, added = row("lower(properties.b)", "b", "EXPRESSION"), row("mixpanel", "producedBy", "STATIC")
    found = compare([stays, gone, old], [added, new, stays])
    assert (found.added, found.removed, found.changed) == ((added,), (gone,), ((old, new),))
    assert found.destinations == {"producedBy", "a", "b"}


def test_the_order_of_rows_means_nothing():
    rows = [row("event", "eventType"), row("properties.a", "a")]
    assert not compare(rows, rows[::-1])
