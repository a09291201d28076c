"""Shares in percent: only the whole is 100, only nothing is 0."""

from __future__ import annotations


def percent(part: float, whole: float, places: int = 1) -> str:
    """``part`` of ``whole`` without the sign: 12.5. What rounds to 100 or to 0 without being it stays next to it."""
    step = 10.0**-places
    share = 100 * part / whole
    shown = round(abs(share), places)
    if 0 < abs(share) < 100:
        shown = min(max(shown, step), 100 - step)
    return f"{-shown if share < 0 else shown:.{places}f}"
