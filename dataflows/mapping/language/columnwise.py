"""The columnar evaluator of expressions: a node for all records of a block at once.

Every part is computed for every record, also the branch that is not taken; what went wrong there is then forgotten.
So the result is that of the row evaluator, and nothing has to be cut into pieces and put together again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol, cast

import pyarrow as pa

from dataflows.mapping.casts import CastError
from dataflows.mapping.language import kernels, operators, rowwise, values
from dataflows.mapping.language.function import Function
from dataflows.mapping.language.functions import FUNCTIONS
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
from dataflows.mapping.language.rowwise import RunFacts, Scope
from dataflows.mapping.language.vectors import Errors, Fixed, Vector, of_array, of_values

FEW = 0.25
"""Computing for different texts only pays if they are at most this share of all."""


class Records(Protocol):
    """The records of a block, as expressions see them."""

    @property
    def rows(self) -> int: ...

    @property
    def facts(self) -> RunFacts: ...

    def vector(self, parts: tuple[str | int, ...]) -> Vector:
        """The values at a path."""

    def line(self, position: int) -> bytes:
        """The raw text of one record."""

    def scope(self, position: int) -> Scope:
        """One record."""


def evaluate(node: Node, records: Records) -> Vector:
    match node:
        case Literal(value=value):
            return Fixed(records.rows, value)
        case Path(parts=parts):
            return records.vector(parts)
        case Call():
            return _call(node, records)
        case Operation():
            return _operation(node, records)
        case Choice():
            return _choose(*(evaluate(part, records) for part in node.children))
        case Member(above=above, name=name):
            return _apply(lambda value: rowwise.member(value, name), [evaluate(above, records)])
        case Element():
            return _apply(rowwise.element, [evaluate(part, records) for part in node.children])
        case ArrayOf(items=items):
            return _apply(lambda *given: list(given), _all(items, records), rows=records.rows)
        case ObjectOf():
            return _object(node, records)
        case Each():
            return _each(node, records)
    raise AssertionError(node)


def _all(nodes: Iterable[Node], records: Records) -> list[Vector]:
    return [evaluate(node, records) for node in nodes]


def _object(node: ObjectOf, records: Records) -> Vector:
    size = len(node.names)
    parts = _all(node.children, records)
    return _apply(lambda *given: rowwise.pairs(given[:size], given[size:]), parts, rows=records.rows)


def _one_by_one(node: Node, records: Records) -> Vector:
    """By the row evaluator."""
    compute = rowwise.compiled(node)
    found: list[Any] = [None] * records.rows
    errors: dict[int, CastError] = {}
    for position in range(records.rows):
        try:
            found[position] = compute(records.scope(position), None)
        except CastError as error:
            errors[position] = error.with_traceback(None)
    return of_values(found, errors)


def _each(node: Each, records: Records) -> Vector:
    if any(isinstance(part, Path) for part in node.inner.walk()):
        return _one_by_one(node, records)
    read, nowhere = rowwise.compiled(node.inner), rowwise.Nowhere()
    return _apply(lambda value: rowwise.each(value, lambda one: read(nowhere, one)), [evaluate(node.above, records)])


# --- functions and operators ---------------------------------------------------------------------------------------


def _call(node: Call, records: Records) -> Vector:
    match node.name:
        case "now":
            return Fixed(records.rows, records.facts.moment)
        case "timestamp":
            return Fixed(records.rows, rowwise.milliseconds(records.facts))
        case "uuid":
            return of_values([rowwise.uuid_of(records.line(at), records.facts, node.at) for at in range(records.rows)])
    arguments = _all(node.arguments, records)
    match node.name:
        case "iif":
            return _choose(*arguments)
        case "coalesce":
            return _coalesce(arguments)
        case "decode":
            return _decode(arguments)
        case "keyed_hash":
            return _apply(lambda value: rowwise.keyed_hash(value, records.facts), arguments)
    return _function(FUNCTIONS[node.name], arguments, records.rows)


def _function(function: Function, arguments: list[Vector], rows: int) -> Vector:
    array = _by_kernel(kernels.FUNCTION_KERNELS.get(function.name), arguments)
    if array is not None:
        return of_array(array)
    return _of_distinct(function, arguments) or _apply(
        cast(Callable[..., Any], function.compute), arguments, rows=rows, skip_null=not function.takes_null
    )


def _of_distinct(function: Function, arguments: list[Vector]) -> Vector | None:
    """Computed once for each different text, if only the first argument varies and there are few different ones."""
    first, others = arguments[0] if arguments else None, arguments[1:]
    if first is None or first.fixed or first.errors or not all(one.fixed for one in others):
        return None
    texts = first.texts
    if texts is None or (function.takes_null and texts.null_count):
        return None
    encoded = texts.dictionary_encode()
    count = len(encoded.dictionary)
    if count > len(texts) * FEW:
        return None
    rest = [Fixed(count, one.values[0] if count else None) for one in others]
    different = [of_values(encoded.dictionary.to_pylist()), *rest]
    compute = cast(Callable[..., Any], function.compute)
    return _spread(_apply(compute, different, skip_null=not function.takes_null), encoded.indices)


def _spread(found: Vector, indices: pa.Array) -> Vector:
    """The values of a few texts given to the records that have them; null where a record has none."""
    if not found.errors and found.plain is not None:
        return of_array(found.plain.take(indices))
    at = indices.to_pylist()
    values = [None if index is None else found.values[index] for index in at]
    return of_values(values, {place: found.errors[index] for place, index in enumerate(at) if index in found.errors})


def _by_kernel(kernel: kernels.Kernel | None, arguments: Sequence[Vector]) -> pa.Array | None:
    if kernel is None or any(argument.errors for argument in arguments):
        return None
    return kernel(arguments)


def _operation(node: Operation, records: Records) -> Vector:
    operands = _all(node.operands, records)
    if node.symbol in ("&&", "||"):
        return _logic(node.symbol, *operands)
    kernel = kernels.OPERATOR_KERNELS.get(node.symbol) if len(operands) == 2 or node.symbol == "!" else None
    array = _by_kernel(kernel, operands)
    if array is not None:
        return of_array(array)
    if len(operands) == 1:
        return _apply(operators.UNARY[node.symbol], operands)
    if node.symbol in operators.STRICT:
        return _apply(operators.STRICT[node.symbol], operands, skip_null=True)
    return _apply(operators.TOLERANT[node.symbol], operands)


def _apply(
    compute: Callable[..., Any], arguments: Sequence[Vector], *, rows: int | None = None, skip_null: bool = False
) -> Vector:
    """A plain function, record by record; an argument's error is the result's."""
    if not arguments:
        return _alone(compute, rows or 0)
    errors = _first_errors(arguments)
    columns = [argument.values for argument in arguments]
    if not errors:
        made = _quickly(compute, columns, skip_null)
        if made is not None:
            return of_values(made)
    return _carefully(compute, columns, errors, skip_null)


def _alone(compute: Callable[..., Any], rows: int) -> Vector:
    return of_values([compute() for _ in range(rows)])


def _first_errors(arguments: Sequence[Vector]) -> Errors:
    """Of each record the error of its first argument that has one, as the row evaluator meets it first."""
    errors: dict[int, CastError] = {}
    for argument in arguments:
        for position, error in argument.errors.items():
            errors.setdefault(position, error)
    return errors


def _quickly(compute: Callable[..., Any], columns: Sequence[Sequence[Any]], skip_null: bool) -> list[Any] | None:
    """All values, or ``None`` if computing one of them failed."""
    try:
        if not skip_null:
            return [compute(*given) for given in zip(*columns, strict=True)]
        if len(columns) == 1:
            return [None if value is None else compute(value) for value in columns[0]]
        return [None if None in given else compute(*given) for given in zip(*columns, strict=True)]
    except CastError:
        return None


def _carefully(
    compute: Callable[..., Any], columns: Sequence[Sequence[Any]], errors: Errors, skip_null: bool
) -> Vector:
    found: list[Any] = []
    all_errors = dict(errors)
    for position, given in enumerate(zip(*columns, strict=True)):
        value = None
        if position not in errors and not (skip_null and any(one is None for one in given)):
            try:
                value = compute(*given)
            except CastError as error:
                all_errors[position] = error.with_traceback(None)
        found.append(value)
    return of_values(found, all_errors)


# --- those that do not look at all their arguments -------------------------------------------------------------------


def _choose(condition: Vector, yes: Vector, no: Vector) -> Vector:
    if not (condition.errors or yes.errors or no.errors):
        array = kernels.choose(condition, yes, no)
        if array is not None:
            return of_array(array)
    chosen = _truths(condition)
    pairs = zip(chosen.values, yes.values, no.values, strict=True)
    found = [one if flag else other for flag, one, other in pairs]
    return _selected(found, chosen, [(yes, True), (no, False)])


def _truths(vector: Vector) -> Vector:
    return _apply(values.truth, [vector])


def _selected(found: list[Any], chosen: Vector, branches: Sequence[tuple[Vector, bool]]) -> Vector:
    """Keep of the branches' errors those of the records that went there."""
    errors = dict(chosen.errors)
    for branch, wanted in branches:
        for position, error in branch.errors.items():
            if position not in errors and chosen.values[position] is wanted:
                errors[position] = error.with_traceback(None)
    for position in errors:
        found[position] = None
    return of_values(found, errors)


def _coalesce(arguments: Sequence[Vector]) -> Vector:
    if not any(argument.errors for argument in arguments):
        array = kernels.coalesce(arguments)
        if array is not None:
            return of_array(array)
    found = list(arguments[0].values)
    errors = dict(arguments[0].errors)
    for argument in arguments[1:]:
        open_ = [position for position, value in enumerate(found) if value is None and position not in errors]
        for position in open_:
            if position in argument.errors:
                errors[position] = argument.errors[position]
            else:
                found[position] = argument.values[position]
    return of_values(found, errors)


def _decode(arguments: Sequence[Vector]) -> Vector:
    rest = arguments[1:]
    if all(argument.fixed for argument in rest) and arguments[0].texts is not None and not arguments[0].errors:
        return _looked_up(arguments[0], rest)
    found: list[Any] = []
    errors: dict[int, CastError] = {}
    for position in range(arguments[0].rows):
        try:
            found.append(_decoded(arguments, position))
        except CastError as error:
            found.append(None)
            errors[position] = error.with_traceback(None)
    return of_values(found, errors)


def _looked_up(key: Vector, rest: Sequence[Vector]) -> Vector:
    """Each different text is looked up once."""
    options = [vector.values[0] if vector.rows else None for vector in rest]
    known = {text: _option(text, options) for text in set(key.values)}
    return of_values([known[text] for text in key.values])


def _option(wanted: Any, options: Sequence[Any]) -> Any:
    for at in range(0, len(options) - 1, 2):
        if values.same(wanted, options[at]):
            return options[at + 1]
    return options[-1] if len(options) % 2 else None


def _at(vector: Vector, position: int) -> Any:
    if position in vector.errors:
        raise vector.errors[position].again()
    return vector.values[position]


def _decoded(arguments: Sequence[Vector], position: int) -> Any:
    wanted, rest = _at(arguments[0], position), arguments[1:]
    for at in range(0, len(rest) - 1, 2):
        if values.same(wanted, _at(rest[at], position)):
            return _at(rest[at + 1], position)
    return _at(rest[-1], position) if len(rest) % 2 else None


def _logic(symbol: str, one: Vector, other: Vector) -> Vector:
    if not (one.errors or other.errors):
        array = kernels.logic(symbol, one, other)
        if array is not None:
            return of_array(array)
    left, right = _truths(one), _truths(other)
    goes_on = symbol == "&&"
    pairs = zip(left.values, right.values, strict=True)
    found: list[Any] = [second if first is goes_on else first for first, second in pairs]
    return _selected(found, left, [(right, goes_on)])
