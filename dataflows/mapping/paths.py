"""Source and target paths, as Adobe's Data Prep writes them: text → parts, with the place of a mistake.

Source: ``properties.$insert_id``, ``properties.${Plan Type}``, ``${properties.Plan Type}``,
``properties.tags[0]``, ``properties.first\\.name``. Inside ``${…}`` a dot still separates; ``\\.``, ``\\}`` and
``\\\\`` stand for the sign itself. Target: ``_tributary.item_price``, ``productListItems[0].SKU``, ``items[*].name``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

Part = str | int
"""A name, or the 0-based number of an array's element."""

EVERY = "*"
"""In a target path: each element of an array in turn. No name has this sign."""
INDEX = re.compile(r"\[(\d{1,9})\]")
TARGET_NAME = re.compile(r"[A-Za-z0-9_-]+")
SIMPLE_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]*")


class PathInvalid(ValueError):
    """``position`` is 0-based in ``text``; ``str(error)`` shows the text with a caret below the place."""

    def __init__(self, message: str, text: str, position: int) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.position = position

    def __str__(self) -> str:
        return f"{self.message}\n{self.text}\n{' ' * self.position}^"


@dataclass
class _Scanner:
    text: str
    position: int = 0
    parts: list[Part] = field(default_factory=list)
    every: bool = False

    def fail(self, message: str, position: int | None = None) -> PathInvalid:
        return PathInvalid(message, self.text, self.position if position is None else position)

    @property
    def ended(self) -> bool:
        return self.position >= len(self.text)

    def sees(self, sign: str) -> bool:
        return self.text.startswith(sign, self.position)

    def take_indexes(self) -> None:
        while self.sees("["):
            if self.sees(f"[{EVERY}]"):
                if not self.every:
                    raise self.fail("All elements, [*], can be gone through in a mapping's source and target only.")
                self.parts.append(EVERY)
                self.position += 3
                continue
            found = INDEX.match(self.text, self.position)
            if found is None:
                raise self.fail("An element is written as its number in brackets, such as [0].")
            self.parts.append(int(found[1]))
            self.position = found.end()

    def escaped(self, allowed: str) -> str:
        """The sign after a backslash."""
        sign = self.text[self.position + 1 : self.position + 2]
        if not sign or (allowed and sign not in allowed):
            raise self.fail("A backslash stands before the sign it protects.")
        self.position += 2
        return sign


def parse_source(text: str) -> tuple[Part, ...]:
    """The parts of a source path. Raises PathInvalid."""
    scanner = _Scanner(text)
    while True:
        if scanner.sees("${"):
            _wrapped(scanner)
        else:
            scanner.parts.append(_plain_name(scanner))
        scanner.take_indexes()
        if scanner.ended:
            return tuple(scanner.parts)
        if not scanner.sees("."):
            raise scanner.fail("A name with this sign must be wrapped, as in ${Plan Type}.")
        scanner.position += 1


def _plain_name(scanner: _Scanner) -> str:
    start, name = scanner.position, ""
    while not scanner.ended:
        sign = scanner.text[scanner.position]
        if sign == "\\":
            name += scanner.escaped("")
        elif sign in "$_" or (sign.isalpha() if not name else sign.isalnum()):
            name += sign
            scanner.position += 1
        else:
            break
    if not name:
        missing = scanner.ended or scanner.text[start] == "."
        raise scanner.fail("A name is missing." if missing else "A name with this sign must be wrapped: ${2nd plan}.")
    return name


def _wrapped(scanner: _Scanner) -> None:
    start, name = scanner.position, ""
    scanner.position += 2
    while not scanner.ended:
        sign = scanner.text[scanner.position]
        if sign == "\\":
            name += scanner.escaped(".}\\")
            continue
        if sign in ".}":
            if not name:
                raise scanner.fail("A name is missing.")
            scanner.parts.append(name)
            name = ""
        else:
            name += sign
        scanner.position += 1
        if sign == "}":
            return
    raise scanner.fail("The closing } is missing.", start)


def parse_target(text: str) -> tuple[Part, ...]:
    """The parts of a target path; ``EVERY`` stands for ``[*]``. Raises PathInvalid."""
    scanner = _Scanner(text, every=True)
    while True:
        found = TARGET_NAME.match(text, scanner.position)
        if found is None:
            raise scanner.fail("A target's name has letters, digits, - and _.")
        scanner.parts.append(found[0])
        scanner.position = found.end()
        scanner.take_indexes()
        if scanner.ended:
            return tuple(scanner.parts)
        if not scanner.sees("."):
            raise scanner.fail("Names are separated by dots.")
        scanner.position += 1


def write_target(parts: tuple[Part, ...]) -> str:
    """The text of a target path."""
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) or part == EVERY else f".{part}" if text else part
    return text


def write_source(names: tuple[str, ...]) -> str:
    """The text of a source path, wrapping only what needs it; ``parse_source`` gives the names back."""
    return ".".join(name if SIMPLE_NAME.fullmatch(name) else _wrap(name) for name in names)


def _wrap(name: str) -> str:
    protected = re.sub(r"([.}\\])", r"\\\1", name)
    return f"${{{protected}}}"
