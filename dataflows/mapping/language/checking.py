"""What can be said of an expression before any record is seen: names, arguments, kinds of values, fixed parts.

Everything wrong is told at its place. Parts that never change are computed once, here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches

from dataflows.mapping import derived
from dataflows.mapping.casts import CastError
from dataflows.mapping.language import kinds as k
from dataflows.mapping.language import rowwise
from dataflows.mapping.language.function import Function
from dataflows.mapping.language.functions import FUNCTIONS
from dataflows.mapping.language.kinds import Kind, Kinds, in_words
from dataflows.mapping.language.nodes import (
    ArrayOf,
    Call,
    Choice,
    Each,
    Element,
    Literal,
    Member,
    Node,
    ObjectOf,
    Operation,
    Path,
)
from dataflows.mapping.language.parsing import ExpressionInvalid, parse
from dataflows.mapping.language.values import name_of
from dataflows.mapping.nearest import nearest
from dataflows.mapping.paths import PathInvalid, parse_source, write_source
from dataflows.schemas import XdmType

Parts = tuple[str | int, ...]
Sources = Mapping[Parts, Kinds]
"""The kinds of values that a sample shows at each path."""

SORTS = {
    "a string": k.STRING,
    "a boolean": k.BOOLEAN,
    "an array": k.ARRAY,
    "an object": k.OBJECT,
    "a date": k.DATE,
    "nothing": k.NULL,
}
CURES: Mapping[tuple[Kind, Kind], str] = {
    (Kind.ARRAY, Kind.STRING): 'Join the array first: join(",", …), or take one element: first(…).',
    (Kind.OBJECT, Kind.STRING): "Take one field of the object.",
    (Kind.BOOLEAN, Kind.INTEGER): "Turn it into a number first: iif(…, 1, 0).",
    (Kind.DATE, Kind.INTEGER): "Take one part of the date: date_part(…), or write it: format(…).",
    (Kind.STRING, Kind.ARRAY): 'Split the text first: split(…, ",").',
    (Kind.STRING, Kind.OBJECT): "Read the text first: json_to_object(…) or str_to_object(…).",
}
BOOLEAN_SIGNS = frozenset(("==", "!=", "<", "<=", ">", ">=", "=~", "!~", "&&", "||"))


@dataclass(frozen=True)
class Checked:
    """A node that can be run, and the kinds of values it may give."""

    node: Node
    kinds: Kinds


class Checker:
    """Of one expression; ``sources`` may be empty, then nothing is known of the record's values."""

    def __init__(self, text: str, sources: Sources) -> None:
        self.text, self.sources = text, sources

    def check(self, node: Node) -> Checked:
        """Raises ExpressionInvalid."""
        match node:
            case Literal():
                return Checked(node, _kinds_of(node.value))
            case Path():
                return Checked(node, self._path(node))
            case Call():
                return self._call(node)
            case Operation():
                return self._operation(node)
            case Choice():
                return self._choice(node)
            case Each() | Member() | Element():
                return self._inside(node)
            case ArrayOf() | ObjectOf():
                return self._container(node)
        return Checked(node, k.ANY | k.NULL)

    def fail(self, message: str, at: int, remedy: str) -> ExpressionInvalid:
        return ExpressionInvalid(message, self.text, at, remedy)

    # --- paths ----------------------------------------------------------------------------------------------

    def _path(self, node: Path) -> Kinds:
        match node.parts:
            case ("event",):
                return k.STRING
            case ("properties",):
                return k.OBJECT
            case ("properties", str(), *_):
                return self.sources.get(node.parts, k.ANY)
            case (derived.ROOT, str() as name) if name in derived.FIELDS:
                return k.DATE if derived.FIELDS[name].xdm_type is XdmType.DATE_TIME else k.STRING
        raise self.fail(f"There is no source field {_written(node.parts)}.", node.at, self._other_path(node.parts))

    def _other_path(self, parts: Parts) -> str:
        known = [_written(found) for found in self.sources if len(found) > 1]
        near = nearest(_written(parts), [*known, *(field.path for field in derived.FIELDS.values())])
        if near:
            return f"Did you mean {near}?"
        wanted = _written(("properties", *parts))
        return f"Begin with event or properties., as in {wanted}; a fixed text stands in quotes."

    # --- functions ------------------------------------------------------------------------------------------

    def _call(self, node: Call) -> Checked:
        function = self._function(node)
        self._count(node, function)
        if function.name == "contains_key":
            return self._contains(node)
        found = [self.check(argument) for argument in node.arguments]
        for position, argument in enumerate(found):
            self._fits(argument, function, position)
        made = replace(node, name=function.name, arguments=tuple(argument.node for argument in found))
        return Checked(self._folded(made, function), self._returned(function, found))

    def _function(self, node: Call) -> Function:
        function = FUNCTIONS.get(node.name)
        if function is None:
            usable = [name for name, known in FUNCTIONS.items() if not known.refused]
            near = get_close_matches(node.name.lower(), {name.lower(): name for name in usable}, 1)
            remedy = f"Did you mean {near[0]}()?" if near else "Choose a function from the list."
            raise self.fail(f"There is no function {node.name}().", node.at, remedy)
        if function.refused:
            raise self.fail(f"{function.name}() is not available here.", node.at, function.refused)
        return function

    def _count(self, node: Call, function: Function) -> None:
        count = len(node.arguments)
        if count < function.least or (function.most is not None and count > function.most):
            message = f"{function.name}() takes {_how_many(function)}, here it gets {count}."
            raise self.fail(message, node.at, f"Write it as {function.syntax}.")

    def _fits(self, argument: Checked, function: Function, position: int) -> None:
        parameter = function.parameter(position)
        if not argument.kinds - k.NULL or argument.kinds & parameter.kinds:
            self._constant(argument.node, function, position)
            return
        given = in_words(argument.kinds)
        message = f"{function.name}() takes {parameter.in_words} as {parameter.name}, this is {given}."
        raise self.fail(message, argument.node.at, _cure(argument.kinds, parameter.kinds))

    def _constant(self, node: Node, function: Function, position: int) -> None:
        if position in function.checks and isinstance(node, Literal) and type(node.value) is str:
            reason = function.checks[position](node.value)
            if reason:
                raise self.fail(reason, node.at, f"Correct it; {function.name}() could never give a value.")

    def _contains(self, node: Call) -> Checked:
        """``contains_key("a.b")`` is whether the path has a value, so it is read as one."""
        argument = node.arguments[0]
        if not isinstance(argument, Literal) or type(argument.value) is not str:
            remedy = 'Write the path itself, as in contains_key("properties.plan").'
            raise self.fail("contains_key() takes a path in quotes.", argument.at, remedy)
        try:
            path = Path(argument.at, parse_source(argument.value))
        except PathInvalid as error:
            raise self.fail(error.message, argument.at + 1 + error.position, "Correct the path.") from None
        self._path(path)
        return Checked(Operation(node.at, "!=", (path, Literal(node.at, None))), k.BOOLEAN)

    def _returned(self, function: Function, arguments: list[Checked]) -> Kinds:
        match function.name:
            case "iif":
                return arguments[1].kinds | arguments[2].kinds
            case "coalesce" | "min" | "max":
                return frozenset[Kind]().union(*(argument.kinds for argument in arguments))
            case "decode":
                return frozenset[Kind]().union(*(argument.kinds for argument in _decoded(arguments)), k.NULL)
        return function.returns

    def _folded(self, node: Call, function: Function) -> Node:
        fixed = all(isinstance(argument, Literal) for argument in node.arguments)
        return node if function.varies or function.keyed or not fixed else self._computed(node)

    def _computed(self, node: Node) -> Node:
        try:
            return Literal(node.at, rowwise.constant(node))
        except CastError as error:
            raise self.fail(
                error.message, node.at, "This part is the same for every record, and always fails."
            ) from None

    # --- operators ------------------------------------------------------------------------------------------

    def _operation(self, node: Operation) -> Checked:
        found = [self.check(operand) for operand in node.operands]
        for operand in found:
            self._operable(node, operand)
        made = replace(node, operands=tuple(operand.node for operand in found))
        fixed = all(isinstance(operand, Literal) for operand in made.operands)
        return Checked(self._computed(made) if fixed else made, _result(node.symbol, found))

    def _operable(self, node: Operation, operand: Checked) -> None:
        wanted = _wanted(node.symbol, len(node.operands))
        if operand.kinds - k.NULL and not operand.kinds & wanted:
            message = f"{node.symbol} takes {in_words(wanted)}, this is {in_words(operand.kinds)}."
            raise self.fail(message, operand.node.at, _cure(operand.kinds, wanted))
        pattern = operand.node
        if node.symbol in ("=~", "!~") and isinstance(pattern, Literal) and operand.node is not node.operands[0]:
            self._constant(pattern, FUNCTIONS["matches_regex"], 1)

    def _choice(self, node: Choice) -> Checked:
        condition, yes, no = (self.check(part) for part in node.children)
        if condition.kinds - k.NULL and not condition.kinds & k.TRUTH:
            message = f"A condition is a boolean, this is {in_words(condition.kinds)}."
            raise self.fail(message, condition.node.at, "Compare it with something, or ask empty or size of it.")
        return Checked(Choice(node.at, condition.node, yes.node, no.node), yes.kinds | no.kinds)

    # --- insides and containers -----------------------------------------------------------------------------

    def _inside(self, node: Each | Member | Element) -> Checked:
        above = self.check(node.above)
        wanted = k.ARRAY if isinstance(node, Each) else k.OBJECT if isinstance(node, Member) else k.ARRAY | k.OBJECT
        if above.kinds - k.NULL and not above.kinds & wanted:
            message = f"There is nothing inside {in_words(above.kinds)}."
            raise self.fail(message, node.at, _cure(above.kinds, wanted))
        if isinstance(node, Each):
            return Checked(replace(node, above=above.node, inner=self.check(node.inner).node), k.ARRAY)
        if isinstance(node, Element):
            return Checked(replace(node, above=above.node, index=self.check(node.index).node), k.ANY)
        return Checked(replace(node, above=above.node), k.ANY)

    def _container(self, node: ArrayOf | ObjectOf) -> Checked:
        if isinstance(node, ArrayOf):
            items = tuple(self.check(item).node for item in node.items)
            made: Node = ArrayOf(node.at, items)
        else:
            names = tuple(self.check(name).node for name in node.names)
            made = ObjectOf(node.at, names, tuple(self.check(value).node for value in node.values))
        fixed = all(isinstance(child, Literal) for child in made.children)
        return Checked(self._computed(made) if fixed else made, k.ARRAY if isinstance(node, ArrayOf) else k.OBJECT)


def check(text: str, sources: Sources) -> Checked:
    """Read and check an expression. Raises ExpressionInvalid."""
    return Checker(text, sources).check(parse(text))


def _written(parts: Parts) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{write_source((part,))}" if text else write_source((part,))
    return text


def _kinds_of(value: object) -> Kinds:
    if type(value) in (int, float):
        return k.INTEGER if type(value) is int else frozenset((Kind.NUMBER,))
    return SORTS[name_of(value)]


def _how_many(function: Function) -> str:
    least, most = function.least, function.most
    if most is None:
        return f"{least} arguments or more"
    return f"{least} argument{'' if least == 1 else 's'}" if least == most else f"{least} to {most} arguments"


def _cure(given: Kinds, wanted: Kinds) -> str:
    for have in Kind:
        for want in Kind:
            if have in given and want in wanted and (have, want) in CURES:
                return CURES[have, want]
    return f"Give {in_words(wanted)}."


def _decoded(arguments: list[Checked]) -> list[Checked]:
    """The values among the arguments of decode: every second one, and a last one without a partner."""
    pairs, rest = divmod(len(arguments) - 1, 2)
    return [arguments[2 + 2 * pair] for pair in range(pairs)] + (arguments[-1:] if rest else [])


def _wanted(symbol: str, operands: int) -> Kinds:
    if symbol in ("-", "*", "/", "%", "~"):
        return k.COUNT
    if symbol in ("&&", "||", "!"):
        return k.TRUTH
    if symbol == "size":
        return k.STRING | k.ARRAY | k.OBJECT
    return k.SCALAR if symbol in ("+", "<", "<=", ">", ">=") and operands == 2 else k.ANY


def _result(symbol: str, operands: list[Checked]) -> Kinds:
    if symbol in BOOLEAN_SIGNS or symbol in ("!", "empty"):
        return k.BOOLEAN
    if symbol in ("size", "~"):
        return k.INTEGER
    if symbol != "+":
        return k.NUMERIC
    if any(operand.kinds - k.NULL and not operand.kinds & k.NUMERIC for operand in operands):
        return k.SCALAR
    return k.NUMERIC if all(operand.kinds - k.NULL <= k.NUMERIC for operand in operands) else k.SCALAR
