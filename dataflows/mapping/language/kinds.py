"""What sort of value an expression gives, as far as that can be known before any record is seen."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from dataflows.schemas import XdmType


class Kind(Enum):
    """The value sorts of the language; the value is the word that messages and the function browser use."""

    STRING = "string"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    ARRAY = "array"
    OBJECT = "object"
    NULL = "null"


Kinds = frozenset[Kind]
ANY: Kinds = frozenset(Kind) - {Kind.NULL}
STRING: Kinds = frozenset((Kind.STRING,))
INTEGER: Kinds = frozenset((Kind.INTEGER,))
NUMERIC: Kinds = frozenset((Kind.INTEGER, Kind.NUMBER))
BOOLEAN: Kinds = frozenset((Kind.BOOLEAN,))
DATE: Kinds = frozenset((Kind.DATE,))
ARRAY: Kinds = frozenset((Kind.ARRAY,))
OBJECT: Kinds = frozenset((Kind.OBJECT,))
NULL: Kinds = frozenset((Kind.NULL,))
SCALAR: Kinds = STRING | NUMERIC | BOOLEAN | DATE
"""What a function that wants a text takes: everything that has one obvious way of being written."""
COUNT: Kinds = NUMERIC | STRING
"""What a function that wants a number takes; a text must be that number."""
INSTANT: Kinds = DATE | STRING | NUMERIC
TRUTH: Kinds = BOOLEAN | STRING | NUMERIC

# A value of these kinds can become a value of the type, at least sometimes (Adobe's matrix of types).
FITS: Mapping[XdmType, Kinds] = {
    XdmType.STRING: STRING | NUMERIC | DATE,
    XdmType.DOUBLE: STRING | NUMERIC,
    XdmType.LONG: STRING | NUMERIC,
    XdmType.INTEGER: STRING | NUMERIC,
    XdmType.SHORT: STRING | NUMERIC,
    XdmType.BYTE: STRING | NUMERIC,
    XdmType.DATE: STRING | INTEGER | DATE,
    XdmType.DATE_TIME: STRING | INTEGER | DATE,
    XdmType.BOOLEAN: STRING | BOOLEAN,
    XdmType.ARRAY: ARRAY,
    XdmType.OBJECT: OBJECT,
    XdmType.MAP: OBJECT,
}
SAMPLE_TYPES: Mapping[str, Kind] = {
    "string": Kind.STRING,
    "integer": Kind.INTEGER,
    "number": Kind.NUMBER,
    "boolean": Kind.BOOLEAN,
    "array": Kind.ARRAY,
    "object": Kind.OBJECT,
}


def in_words(kinds: Kinds) -> str:
    """``a string or a number``."""
    if kinds >= ANY:
        return "any value"
    names = [kind.value for kind in Kind if kind in kinds and not (kind is Kind.INTEGER and Kind.NUMBER in kinds)]
    return " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names) or "nothing"
