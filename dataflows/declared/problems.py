"""What is wrong with a file of declarations: all of it at once, each with its place and what to do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from connectors.errors import ConnectorError, UnknownTimezone
from connectors.messages import message_for
from dataflows.api.errors import ApiError
from dataflows.schemas import SchemaInvalid

Place = tuple[str | int, ...]
"""The keys and positions that lead to a value: ``("flows", 0, "name")``."""


@dataclass(frozen=True)
class Problem:
    """``line`` counts from 1 and is 0 when unknown. Neither sentence ever holds a value that may be a secret.

    ``message`` may have further lines, the text of an expression and a caret, as problems of mappings do.
    """

    line: int
    place: Place
    message: str
    remedy: str = ""

    def __str__(self) -> str:
        where = f"line {self.line}, {dotted(self.place)}" if self.line else dotted(self.place)
        sentence, *excerpt = self.message.splitlines() or [""]
        return "\n    ".join([f"{where}: {sentence} {self.remedy}".rstrip(), *excerpt])


class DeclarationsInvalid(Exception):
    """All problems of a file, in the order of its lines. Nothing was written."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=lambda each: (each.line, str(each))))
        super().__init__("\n".join(map(str, self.problems)))


@dataclass
class Problems:
    """Collects them while a file is checked; ``lines`` tells the line of each place."""

    lines: Mapping[Place, int] = field(default_factory=dict)
    found: list[Problem] = field(default_factory=list)

    def add(self, place: Place, message: str, remedy: str = "") -> None:
        self.found.append(Problem(self._line(place), place, message, remedy))

    def check(self) -> None:
        """Raises DeclarationsInvalid if there is any."""
        if self.found:
            raise DeclarationsInvalid(self.found)

    @contextmanager
    def noting(self, place: Place) -> Iterator[None]:
        """What the domain refuses inside the block is a problem of ``place``, and the block ends there."""
        try:
            yield
        except ApiError as error:
            self.add(_inside(place, error), error.detail.removeprefix(f"{error.place}: "), error.remedy)
        except ConnectorError as error:
            words = message_for(error.code)
            at = (*place, "timezone") if isinstance(error, UnknownTimezone) else place
            self.add(at, f"{words.what} {error.detail}".strip(), words.todo)
        except SchemaInvalid as error:
            inner = tuple(part for part in error.path.split("/") if part)
            self.add((*place, *inner), error.message, error.remedy)

    def _line(self, place: Place) -> int:
        """That of the place, or of the closest thing around it."""
        while place and place not in self.lines:
            place = place[:-1]
        return self.lines.get(place, 0)


def _inside(place: Place, error: ApiError) -> Place:
    """The place of the value that the API names, which is ``place`` or a key of it."""
    key = error.place.rpartition(".")[2]
    return place if not key or place[-1] == key else (*place, key)


def dotted(place: Place) -> str:
    """``flows[0].name``; the file as a whole is "file"."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{_printable(part)}" for part in place)
    return text.removeprefix(".") or "file"


def _printable(key: str) -> str:
    """A key may be anything; it neither forges a line nor moves the cursor of whoever reads."""
    return "".join(sign if sign.isprintable() else "?" for sign in key[:80])
