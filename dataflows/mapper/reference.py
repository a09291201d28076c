"""The functions and operators of the mapping language, as a person looks them up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from dataflows.mapping.language import FUNCTIONS, OPERATORS, Function, Operator


@dataclass(frozen=True)
class FunctionEntry:
    """``insert`` is what the button puts into the expression; ``examples`` are expression and result."""

    name: str
    syntax: str
    description: str
    parameters: Sequence[tuple[str, str, str]]
    examples: Sequence[tuple[str, str]]
    aliases: str
    insert: str


@dataclass(frozen=True)
class Category:
    title: str
    entries: Sequence[FunctionEntry]


@dataclass(frozen=True)
class Reference:
    """``refused``: what Adobe documents and a source mapping cannot use, with the reason."""

    categories: Sequence[Category]
    refused: Sequence[tuple[str, str]]
    operators: Sequence[Operator]


@cache
def reference() -> Reference:
    # An alias stands there as well, for the same function.
    by_name = {function.name: function for function in FUNCTIONS.values()}
    known = [by_name[name] for name in sorted(by_name, key=str.lower)]
    usable = [function for function in known if not function.refused]
    titles = dict.fromkeys(function.category for function in sorted(usable, key=lambda each: each.category))
    return Reference(
        [Category(title, [_entry(each) for each in usable if each.category == title]) for title in titles],
        [(function.name, function.refused) for function in known if function.refused],
        OPERATORS,
    )


def _entry(function: Function) -> FunctionEntry:
    return FunctionEntry(
        function.name,
        function.syntax,
        function.description,
        [(parameter.name.upper(), parameter.in_words, parameter.description) for parameter in function.parameters],
        [(one.expression, json.dumps(one.result, ensure_ascii=False)) for one in function.examples],
        ", ".join(function.aliases),
        f".{function.name}(" if function.method else f"{function.name}(",
    )


@cache
def vocabulary() -> list[dict[str, str]]:
    """What to offer while an expression is typed."""
    entries = [entry for category in reference().categories for entry in category.entries]
    return [{"insert": entry.insert, "label": entry.syntax, "help": entry.description} for entry in entries]
