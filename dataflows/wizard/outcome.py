"""What follows when a step has been sent."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Go(Enum):
    STAY = auto()
    """Show the same page with what was typed and what is wrong with it."""
    AGAIN = auto()
    """Saved; show the step anew, so that a reload sends nothing twice."""
    NEXT = auto()
    LEAVE = auto()
    """Saved as a draft; back to the list."""
    ELSEWHERE = auto()
    """Saved; to the page with the address ``target``, which leads back."""
    DONE = auto()
    """The dataflow exists; ``target`` is the page to show."""


@dataclass(frozen=True)
class Outcome:
    """``query`` and ``anchor`` say what to show of the page (``?row=3``, ``row-3``), ``notice`` is a sentence for the
    reader, ``target`` a model or an address.
    """

    go: Go
    notice: str = ""
    query: str = ""
    anchor: str = ""
    target: Any = None


STAY = Outcome(Go.STAY)
