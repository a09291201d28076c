"""The row evaluator of expressions: nodes → one plain function. It says what the columnar one must do."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol, cast
from uuid import UUID

from dataflows.mapping.language import operators, values
from dataflows.mapping.language.functions import FUNCTIONS
from dataflows.mapping.language.nodes import (
    ArrayOf,
    Call,
    Choice,
    Each,
    Element,
    Item,
    Literal,
    Member,
    Node,
    ObjectOf,
    Operation,
    Path,
)
from dataflows.mapping.language.values import failed


@dataclass(frozen=True)
class RunFacts:
    """What an expression may know of its run: when it was started, and the installation's key for keyed hashes."""

    moment: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    key: bytes = b""


class Scope(Protocol):
    """One record, as expressions see it."""

    @property
    def facts(self) -> RunFacts: ...

    @property
    def line(self) -> bytes: ...

    def read(self, parts: Sequence[str | int]) -> Any:
        """The value at a path, None where it leads nowhere. Raises CastError for a derived field without a value."""


Evaluate = Callable[[Scope, Any], Any]
"""Gets the record, and the element at hand inside ``[*]``."""


class Nowhere:
    """The scope of what needs no record."""

    facts = RunFacts()
    line = b""

    def read(self, parts: Sequence[str | int]) -> Any:
        raise AssertionError(f"{parts} in a constant")


def constant(node: Node) -> Any:
    """The value of a node without paths. Raises CastError."""
    return compiled(node)(Nowhere(), None)


def compiled(node: Node) -> Evaluate:
    """The node as a function. What it raises is CastError."""
    match node:
        case Literal(value=value):
            return lambda scope, item: value
        case Path(parts=parts):
            return lambda scope, item: scope.read(parts)
        case Item():
            return lambda scope, item: item
        case Call():
            return _call(node)
        case Operation():
            return _operation(node)
        case Choice():
            return _choice(compiled(node.condition), compiled(node.yes), compiled(node.no))
    return _inside(node)


def _inside(node: Node) -> Evaluate:
    match node:
        case Member(above=above, name=name):
            container = compiled(above)
            return lambda scope, item: member(container(scope, item), name)
        case Element(above=above, index=index):
            container, position = compiled(above), compiled(index)
            return lambda scope, item: element(container(scope, item), position(scope, item))
        case Each(above=above, inner=inner):
            container, read = compiled(above), compiled(inner)
            return lambda scope, item: each(container(scope, item), lambda one: read(scope, one))
        case ArrayOf(items=items):
            parts = [compiled(part) for part in items]
            return lambda scope, item: [part(scope, item) for part in parts]
        case ObjectOf():
            names, found = ([compiled(part) for part in side] for side in (node.names, node.values))
            return lambda scope, item: pairs([n(scope, item) for n in names], [v(scope, item) for v in found])
    raise AssertionError(node)


# --- what the nodes do, for both evaluators ------------------------------------------------------------------------


def member(container: Any, name: str) -> Any:
    return container.get(name) if type(container) is dict else None


def element(container: Any, index: Any) -> Any:
    """By number from an array, by name from an object; null where there is nothing."""
    if container is None or index is None:
        return None
    if type(container) is dict:
        return container.get(values.text(index))
    if type(container) is not list:
        return None
    position = values.integer(index)
    return container[position] if 0 <= position < len(container) else None


def each(container: Any, read: Callable[[Any], Any]) -> list[Any] | None:
    return [read(one) for one in container] if type(container) is list else None


def pairs(names: Sequence[Any], found: Sequence[Any]) -> dict[str, Any]:
    return {values.text(name): value for name, value in zip(names, found, strict=True) if name is not None}


def uuid_of(line: bytes, facts: RunFacts, at: int) -> str:
    """Made of the record, the run and the place in the expression, so that a window tried again makes the same."""
    digest = hashlib.sha256(line + facts.moment.isoformat().encode() + at.to_bytes(2, "big")).digest()
    return str(UUID(bytes=digest[:16], version=4))


def keyed_hash(value: Any, facts: RunFacts) -> str | None:
    if value is None:
        return None
    try:
        return hmac.new(facts.key, values.text(value).encode(), hashlib.sha256).hexdigest()
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None


def milliseconds(facts: RunFacts) -> int:
    return int(facts.moment.timestamp() * 1000)


# --- calls ---------------------------------------------------------------------------------------------------------


def _call(node: Call) -> Evaluate:
    arguments = [compiled(argument) for argument in node.arguments]
    if node.name in LAZY:
        return LAZY[node.name](node, arguments)
    function = FUNCTIONS[node.name]
    compute = cast(Callable[..., Any], function.compute)
    if function.takes_null:
        return lambda scope, item: compute(*[argument(scope, item) for argument in arguments])
    return _unless_null(compute, arguments)


def _unless_null(compute: Callable[..., Any], arguments: Sequence[Evaluate]) -> Evaluate:
    def evaluate(scope: Scope, item: Any) -> Any:
        given = [argument(scope, item) for argument in arguments]
        return None if any(value is None for value in given) else compute(*given)

    return evaluate


def _coalesce(_node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    def evaluate(scope: Scope, item: Any) -> Any:
        for argument in arguments:
            value = argument(scope, item)
            if value is not None:
                return value
        return None

    return evaluate


def _decode(_node: Call, arguments: Sequence[Evaluate]) -> Evaluate:
    key, rest = arguments[0], arguments[1:]
    default = rest[-1] if len(rest) % 2 else None

    def evaluate(scope: Scope, item: Any) -> Any:
        wanted = key(scope, item)
        for at in range(0, len(rest) - 1, 2):
            if values.same(wanted, rest[at](scope, item)):
                return rest[at + 1](scope, item)
        return default(scope, item) if default else None

    return evaluate


def _choice(condition: Evaluate, yes: Evaluate, no: Evaluate) -> Evaluate:
    return lambda scope, item: (yes if values.truth(condition(scope, item)) else no)(scope, item)


LAZY: dict[str, Callable[[Call, Sequence[Evaluate]], Evaluate]] = {
    "coalesce": _coalesce,
    "decode": _decode,
    "iif": lambda _node, arguments: _choice(*arguments),
    "now": lambda _node, _arguments: lambda scope, item: scope.facts.moment,
    "timestamp": lambda _node, _arguments: lambda scope, item: milliseconds(scope.facts),
    "uuid": lambda node, _arguments: lambda scope, item: uuid_of(scope.line, scope.facts, node.at),
    "keyed_hash": lambda _node, arguments: lambda scope, item: keyed_hash(arguments[0](scope, item), scope.facts),
}

# --- operators -----------------------------------------------------------------------------------------------------


def _operation(node: Operation) -> Evaluate:
    operands = [compiled(operand) for operand in node.operands]
    if node.symbol in ("&&", "||"):
        return _logic(node.symbol, *operands)
    if len(operands) == 1:
        (only,), unary = operands, operators.UNARY[node.symbol]
        return lambda scope, item: unary(only(scope, item))
    left, right = operands
    if node.symbol in operators.STRICT:
        return _unless_null(operators.STRICT[node.symbol], operands)
    compute = operators.TOLERANT[node.symbol]
    return lambda scope, item: compute(left(scope, item), right(scope, item))


def _logic(symbol: str, left: Evaluate, right: Evaluate) -> Evaluate:
    if symbol == "&&":
        return lambda scope, item: values.truth(left(scope, item)) and values.truth(right(scope, item))
    return lambda scope, item: values.truth(left(scope, item)) or values.truth(right(scope, item))
