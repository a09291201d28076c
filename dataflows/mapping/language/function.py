"""What a function is: how it is written, what it takes and gives, and the plain function that computes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dataflows.mapping.language.kinds import ANY, Kinds, in_words


@dataclass(frozen=True)
class Parameter:
    """``repeated``: this one, or with others that are repeated all of them in turn, may come any number of times."""

    name: str
    kinds: Kinds
    description: str = ""
    optional: bool = False
    repeated: bool = False

    @property
    def in_words(self) -> str:
        return in_words(self.kinds)


@dataclass(frozen=True)
class Example:
    """``result`` is JSON; a date stands there as its ISO 8601 text."""

    expression: str
    result: Any


@dataclass(frozen=True)
class Function:
    """``compute`` gets values, and raises CastError for those it cannot use.

    ``takes_null``: it wants to see null; otherwise null in any argument gives null without asking it.
    ``refused``: why it cannot be used in a source mapping. ``lazy``: evaluated by the evaluators themselves.
    ``checks``: of an argument that is a text known beforehand, by its position: why it cannot be used, or "".
    ``method``: written after its first argument and a dot.
    ``varies``: differs from run to run, so it may not make an identifier. ``keyed``: needs the installation's key.
    """

    name: str
    category: str
    description: str
    parameters: tuple[Parameter, ...]
    returns: Kinds = ANY
    examples: tuple[Example, ...] = ()
    compute: Callable[..., Any] | None = None
    aliases: tuple[str, ...] = ()
    takes_null: bool = False
    lazy: bool = False
    varies: bool = False
    keyed: bool = False
    refused: str = ""
    method: bool = False
    checks: Mapping[int, Callable[[str], str]] = field(default_factory=dict)

    @property
    def syntax(self) -> str:
        """``explode(STRING [, REGEX])``."""
        shown = "".join(self._written(position) for position in range(len(self.parameters)))
        repeated = ", …" if any(parameter.repeated for parameter in self.parameters) else ""
        return f"{self.name}({shown}{repeated})"

    def _written(self, position: int) -> str:
        parameter = self.parameters[position]
        name = parameter.name.upper()
        before = ", " if position else ""
        return f" [{before.strip()} {name}]".replace("[ ", "[") if parameter.optional else f"{before}{name}"

    @property
    def least(self) -> int:
        return sum(1 for parameter in self.parameters if not parameter.optional)

    @property
    def most(self) -> int | None:
        """How many arguments at most; ``None`` for any number."""
        return None if any(parameter.repeated for parameter in self.parameters) else len(self.parameters)

    def parameter(self, position: int) -> Parameter:
        """Of the argument at a position, repeated ones in turn."""
        if position < len(self.parameters):
            return self.parameters[position]
        again = [parameter for parameter in self.parameters if parameter.repeated]
        first = next(at for at, parameter in enumerate(self.parameters) if parameter.repeated)
        return again[(position - first) % len(again)]


def table(functions: Sequence[Function]) -> Mapping[str, Function]:
    """By every name a function has."""
    return {name: function for function in functions for name in (function.name, *function.aliases)}
