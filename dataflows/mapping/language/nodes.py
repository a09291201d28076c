"""What an expression is made of. Every node knows where in the text it begins and how deep it reaches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Node:
    """``at`` is the 0-based place in the text that a message about this node points at."""

    at: int

    @property
    def children(self) -> tuple[Node, ...]:
        return ()

    def walk(self) -> Iterator[Node]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Literal(Node):
    value: Any


@dataclass(frozen=True)
class Path(Node):
    """A path from the record, parts as of a source path: it begins with event, properties or tributary."""

    parts: tuple[str | int, ...]


@dataclass(frozen=True)
class Member(Node):
    """``above.name``."""

    above: Node
    name: str

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.above,)


@dataclass(frozen=True)
class Element(Node):
    """``above[index]``: by number from an array, by text from an object."""

    above: Node
    index: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.above, self.index)


@dataclass(frozen=True)
class Each(Node):
    """``above[*]`` with what follows it: ``inner`` is read from every element, in which it is an ``Item``."""

    above: Node
    inner: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.above, self.inner)


@dataclass(frozen=True)
class Item(Node):
    """One element inside an ``Each``."""


@dataclass(frozen=True)
class Call(Node):
    """A function by its name as written; of a method the value before the dot is the first argument."""

    name: str
    arguments: tuple[Node, ...]
    method: bool = False

    @property
    def children(self) -> tuple[Node, ...]:
        return self.arguments


@dataclass(frozen=True)
class Operation(Node):
    """``symbol`` is the sign, also where the word was written; one operand or two."""

    symbol: str
    operands: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.operands


@dataclass(frozen=True)
class Choice(Node):
    """``condition ? yes : no``."""

    condition: Node
    yes: Node
    no: Node

    @property
    def children(self) -> tuple[Node, ...]:
        return (self.condition, self.yes, self.no)


@dataclass(frozen=True)
class ArrayOf(Node):
    items: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.items


@dataclass(frozen=True)
class ObjectOf(Node):
    """``names`` and ``values`` are of one length."""

    names: tuple[Node, ...]
    values: tuple[Node, ...]

    @property
    def children(self) -> tuple[Node, ...]:
        return self.names + self.values
