"""An expression that has been read and checked, ready for records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from dataflows.mapping.language import columnwise, rowwise
from dataflows.mapping.language.checking import Sources, check
from dataflows.mapping.language.columnwise import Records
from dataflows.mapping.language.functions import FUNCTIONS
from dataflows.mapping.language.kinds import Kinds
from dataflows.mapping.language.nodes import Call, Node, Path
from dataflows.mapping.language.rowwise import Scope
from dataflows.mapping.language.vectors import Vector


@dataclass(frozen=True)
class Program:
    """Two programs of one text are equal."""

    text: str
    node: Node = field(compare=False, repr=False)
    kinds: Kinds = field(compare=False, repr=False)
    _compute: Callable[[Scope, Any], Any] = field(compare=False, repr=False)

    def value(self, scope: Scope) -> Any:
        """For one record. Raises CastError."""
        return self._compute(scope, None)

    def column(self, records: Records) -> Vector:
        """For all records of a block."""
        return columnwise.evaluate(self.node, records)

    @property
    def paths(self) -> Iterator[tuple[str | int, ...]]:
        """The paths that are read."""
        return (node.parts for node in self.node.walk() if isinstance(node, Path))

    @property
    def varies(self) -> bool:
        """Whether the same record may give another value in another run."""
        return any(FUNCTIONS[name].varies for name in self._called)

    @property
    def keyed(self) -> bool:
        """Whether it hashes with the installation's key."""
        return any(FUNCTIONS[name].keyed for name in self._called)

    @property
    def _called(self) -> frozenset[str]:
        return frozenset(node.name for node in self.node.walk() if isinstance(node, Call))


def compile_expression(text: str, sources: Sources | None = None) -> Program:
    """Raises ExpressionInvalid."""
    checked = check(text, sources or {})
    return Program(text, checked.node, checked.kinds, rowwise.compiled(checked.node))
