"""Text → nodes. A mistake is told with its place and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path as File
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args

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
from dataflows.mapping.paths import PathInvalid, parse_source

LONGEST = 4096
DEEPEST = 100
WORDS = {
    "or": "||",
    "and": "&&",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "div": "/",
    "mod": "%",
    "not": "!",
}
CONSTANTS = {"true": True, "false": False, "null": None}
ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "\\": "\\", '"': '"', "'": "'"}
ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
SHOWN_AROUND = 60
LARGEST_DIGITS = 400
PAIRS = {"(": ")", "[": "]", "{": "}"}
QUOTED = re.compile(r""""(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'""", re.DOTALL)


class ExpressionInvalid(PathInvalid):
    """As PathInvalid, with ``remedy``: what to write instead."""

    def __init__(self, message: str, text: str, position: int, remedy: str = "") -> None:
        super().__init__(message, text, position)
        self.remedy = remedy or "Correct the expression at the mark."

    def __str__(self) -> str:
        """The sentence, then the line it is about, cut to what surrounds the place, and a caret below that."""
        line_start = self.text.rfind("\n", 0, self.position) + 1
        line_end = self.text.find("\n", self.position)
        line = self.text[line_start : line_end if line_end >= 0 else len(self.text)]
        place = self.position - line_start
        cut = max(place - SHOWN_AROUND, 0)
        shown = ("…" if cut else "") + line[cut : place + SHOWN_AROUND]
        return f"{self.message}\n{shown}\n{' ' * (place - cut + bool(cut))}^"


@dataclass
class _Mistake(Exception):
    message: str
    at: int
    remedy: str = ""


@lru_cache(maxsize=2048)
def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionInvalid."""
    if len(text) > LONGEST:
        message = f"The expression has {len(text)} characters, at most {LONGEST} are allowed."
        raise ExpressionInvalid(message, text, LONGEST, "Shorten it, or divide it among several target fields.")
    if not text.strip():
        raise ExpressionInvalid("The expression is empty.", text, 0, "Write an expression, such as lower(event).")
    try:
        node: Node = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _explained(error, text) from None
    except _Mistake as mistake:
        raise ExpressionInvalid(mistake.message, text, mistake.at, mistake.remedy) from None
    return node


@lru_cache(maxsize=1)
def _parser() -> Lark:
    grammar = (File(__file__).parent / "grammar.lark").read_text()
    return Lark(grammar, parser="lalr", transformer=_Builder(), maybe_placeholders=False)


def _explained(error: UnexpectedInput, text: str) -> ExpressionInvalid:
    if isinstance(error, UnexpectedCharacters):
        return _unexpected_sign(text, error.pos_in_stream or 0)
    seen = error.token if isinstance(error, UnexpectedToken) else None
    if seen is None or seen.type == "$END":
        return _unfinished(text)
    at = seen.start_pos or 0
    if text.startswith("${", at - 1):
        return _unexpected_sign(text, at - 1)
    return ExpressionInvalid(f"“{seen}” does not belong here.", text, at, _wanted(error))


def _unexpected_sign(text: str, at: int) -> ExpressionInvalid:
    sign = text[at]
    if sign in "\"'":
        return ExpressionInvalid("The quote is not closed.", text, at, f"Close the text with {sign}.")
    if text.startswith("${", at):
        return ExpressionInvalid("The closing } is missing.", text, at, "Close the name, as in ${Plan Type}.")
    if sign == "=":
        return ExpressionInvalid("A single = compares nothing.", text, at, "Write == for “equals”.")
    if sign == "&" or sign == "|":
        return ExpressionInvalid(f"A single {sign} is no operator.", text, at, f"Write {sign}{sign}.")
    remedy = "Put texts into quotes and wrap field names with other signs, as in ${Plan Type}."
    return ExpressionInvalid(f"“{sign}” does not belong here.", text, at, remedy)


def _unfinished(text: str) -> ExpressionInvalid:
    opened = _last_open(text)
    if opened is None:
        return ExpressionInvalid("The expression ends too early.", text, len(text.rstrip()), "Complete it at the mark.")
    closing = PAIRS[text[opened]]
    return ExpressionInvalid(f"The closing {closing} is missing.", text, opened, f"Close it with {closing}.")


def _last_open(text: str) -> int | None:
    """The last bracket that nobody closes; texts do not count."""
    opened: list[int] = []
    bare = QUOTED.sub(lambda found: " " * len(found[0]), text)
    for position, sign in enumerate(bare):
        if sign in PAIRS:
            opened.append(position)
        elif sign in PAIRS.values() and opened:
            opened.pop()
    return opened[-1] if opened else None


def _wanted(error: UnexpectedInput) -> str:
    accepts = getattr(error, "accepts", None) or getattr(error, "expected", None) or set()
    if {"RPAR", "COMMA"} <= set(accepts):
        return "An operator, a comma or a closing parenthesis is expected."
    if "NUMBER" in accepts:
        return "A field, a text in quotes, a number or a function is expected."
    return "An operator or the end of the expression is expected."


def unescape(text: str) -> str:
    """The text between quotes; a backslash before any other sign stays, as in JEXL, so regular expressions work."""
    return ESCAPE.sub(lambda found: _unescaped(found[1]), text)


def _unescaped(what: str) -> str:
    return chr(int(what[1:], 16)) if len(what) == 5 else ESCAPES.get(what, f"\\{what}")


@lru_cache(maxsize=4096)
def _depth(node: Node) -> int:
    return 1 + max((_depth(child) for child in node.children), default=0)


def _checked(node: Node) -> Node:
    # Computed from the cached depths of its children, so no recursion reaches deeper than one level.
    if _depth(node) > DEEPEST:
        message = f"The expression is nested more than {DEEPEST} deep."
        raise _Mistake(message, node.at, "Divide it among several target fields, or use concat() for long chains.")
    return node


@v_args(inline=True)
class _Builder(Transformer[Token, Node]):
    def number(self, token: Token) -> Node:
        digits = token.rstrip("LlFfDdBbHh")
        if len(digits) > LARGEST_DIGITS:
            raise _Mistake("The number has too many digits.", _at(token), "Write a shorter number.")
        return Literal(_at(token), int(digits) if digits.isdigit() else float(digits))

    def text(self, token: Token) -> Node:
        return Literal(_at(token), unescape(token[1:-1]))

    def word(self, token: Token) -> Node:
        return Literal(_at(token), CONSTANTS[token])

    def root(self, token: Token) -> Node:
        return Path(_at(token), names_of(token))

    def member(self, above: Node, token: Token) -> Node:
        node = above
        for name in names_of(token):
            node = _below(node, partial(_member, name=name, at=_at(token)))
        return _checked(node)

    def element(self, above: Node, _bracket: Token, index: Node) -> Node:
        return _checked(_below(above, lambda inner: _element(inner, index)))

    def each(self, above: Node, bracket: Token, _star: Token) -> Node:
        return _checked(_below(above, lambda inner: Each(_at(bracket), inner, Item(_at(bracket)))))

    def items(self, *nodes: Node) -> tuple[Node, ...]:
        return nodes

    def pair(self, name: Node, value: Node) -> tuple[Node, Node]:
        return name, value

    def pairs(self, *pairs: tuple[Node, Node]) -> tuple[tuple[Node, Node], ...]:
        return pairs

    def call(self, name: Token, *rest: Any) -> Node:
        return _checked(Call(_at(name), str(name), rest[-1]))

    def method(self, above: Node, name: Token, *rest: Any) -> Node:
        return _checked(Call(_at(name), str(name), (above, *rest[-1]), method=True))

    def unary(self, sign: Token, operand: Node) -> Node:
        return _checked(Operation(_at(sign), WORDS.get(sign, str(sign)), (operand,)))

    def binary(self, left: Node, sign: Token, right: Node) -> Node:
        return _checked(Operation(_at(sign), WORDS.get(sign, str(sign)), (left, right)))

    def ternary(self, condition: Node, sign: Token, yes: Node, no: Node) -> Node:
        return _checked(Choice(_at(sign), condition, yes, no))

    def elvis(self, left: Node, sign: Token, right: Node) -> Node:
        return _checked(Call(_at(sign), "coalesce", (left, right)))

    def arrow(self, name: Token, _sign: Token, _body: Node) -> Node:
        message = "Functions written with -> are for destinations, not for sources."
        raise _Mistake(message, _at(name), "Use one of the functions for arrays instead.")

    def array(self, bracket: Token, items: tuple[Node, ...]) -> Node:
        return _checked(ArrayOf(_at(bracket), items))

    def object(self, brace: Token, pairs: tuple[tuple[Node, Node], ...]) -> Node:
        names, values = tuple(name for name, _ in pairs), tuple(value for _, value in pairs)
        return _checked(ObjectOf(_at(brace), names, values))


def names_of(token: Token) -> tuple[str, ...]:
    """The names of a plain or wrapped part of a path."""
    try:
        return tuple(str(part) for part in parse_source(str(token)))
    except PathInvalid as error:
        raise _Mistake(error.message, _at(token) + error.position) from None


def _at(token: Token) -> int:
    return token.start_pos or 0


def _below(node: Node, step: Callable[[Node], Node]) -> Node:
    """A step down: taken inside every element when there is a ``[*]`` above."""
    if isinstance(node, Each):
        return Each(node.at, node.above, _below(node.inner, step))
    return step(node)


def _member(node: Node, name: str, at: int) -> Node:
    return Path(node.at, (*node.parts, name)) if isinstance(node, Path) else Member(at, node, name)


def _element(node: Node, index: Node) -> Node:
    if isinstance(node, Path) and isinstance(index, Literal) and type(index.value) in (int, str):
        return Path(node.at, (*node.parts, index.value))
    return Element(node.at, node, index)
