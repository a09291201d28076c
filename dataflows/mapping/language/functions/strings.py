"""Functions for texts."""

from __future__ import annotations

from typing import Any

from dataflows.mapping.language import patterns, values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ANY, ARRAY, BOOLEAN, COUNT, INTEGER, SCALAR, STRING
from dataflows.mapping.language.values import failed, text

CATEGORY = "String"
INPUT = Parameter("input", SCALAR, "The text.")
COUNTED = Parameter("count", COUNT, "How many signs.")
PADDING = Parameter("padding", SCALAR, "What to fill with; a space if it is empty.", optional=True)


def concat(*parts: Any) -> str:
    return values.bounded("".join([text(part) for part in parts if part is not None]))


def explode(given: Any, pattern: Any = ",") -> list[str]:
    return patterns.split(text(given), text(pattern))


def instr(given: Any, wanted: Any, start: Any = 0, occurrence: Any = 1) -> int:
    searched, part = text(given), text(wanted)
    position = max(values.integer(start), 0) - 1
    for _ in range(max(values.integer(occurrence), 1)):
        position = searched.find(part, position + 1)
        if position < 0:
            return -1
    return position


def replacestr(given: Any, find: Any, replacement: Any) -> str:
    wanted = text(find)
    return values.bounded(text(given).replace(wanted, text(replacement))) if wanted else text(given)


def substr(given: Any, start: Any, length: Any) -> str:
    first, count = values.integer(start), values.integer(length)
    if first < 0 or count < 0:
        raise failed("A part of a text has a start and a length of 0 or more.")
    return text(given)[first : first + count]


def split(given: Any, separators: Any) -> list[str]:
    """At each of the signs; what lies between two of them may be empty."""
    whole, signs = text(given), set(text(separators).replace("\\\\", "\\"))
    if not signs:
        return [whole]
    parts, part = [], ""
    for sign in whole:
        if sign in signs:
            parts.append(part)
            part = ""
        else:
            part += sign
    return [*parts, part]


def join(separator: Any, items: Any) -> str:
    return values.bounded(text(separator).join([text(item) for item in values.array(items) if item is not None]))


def _filling(count: Any, given: str, padding: Any) -> str:
    wanted = values.integer(count)
    if wanted > values.LONGEST_TEXT:
        raise failed("The text that was made is too long.")
    missing = wanted - len(given)
    unit = text(padding) if padding not in (None, "") else " "
    return (unit * (missing // len(unit) + 1))[:missing] if missing > 0 else ""


def lpad(given: Any, count: Any, padding: Any = " ") -> str:
    whole = "" if given is None else text(given)
    return _filling(count, whole, padding) + whole


def rpad(given: Any, count: Any, padding: Any = " ") -> str:
    whole = "" if given is None else text(given)
    return whole + _filling(count, whole, padding)


def left(given: Any, count: Any) -> str:
    return text(given)[: _count(count)]


def right(given: Any, count: Any) -> str:
    whole = text(given)
    return whole[max(len(whole) - _count(count), 0) :]


def _count(value: Any) -> int:
    count = values.integer(value)
    if count < 0:
        raise failed("A number of signs is 0 or more.")
    return count


def equals(one: Any, other: Any) -> bool:
    return values.same(one, other)


def equals_ignore_case(one: Any, other: Any) -> bool:
    if one is None or other is None:
        return one is other
    return text(one).casefold() == text(other).casefold()


FUNCTIONS = (
    Function("concat", CATEGORY, "Joins texts; null counts as nothing.",
        (Parameter("string", SCALAR, "A text, number, boolean or date.", repeated=True),), STRING,
        (Example('concat("Hi, ", "there", "!")', "Hi, there!"),), concat, takes_null=True),
    Function("explode", CATEGORY, "Splits a text where a regular expression matches, at commas if there is none.",
        (INPUT, Parameter("regex", SCALAR, "Where to split.", optional=True)), ARRAY,
        (Example('explode("Hi, there!", " ")', ["Hi,", "there!"]),), explode, checks={1: patterns.problem}),
    Function("instr", CATEGORY, "Where a text first occurs in another, counted from 0; -1 if it does not.",
        (INPUT, Parameter("substring", SCALAR, "What to look for."),
         Parameter("start", COUNT, "Where to begin, 0 for the first sign.", optional=True),
         Parameter("occurrence", COUNT, "Which occurrence, 1 for the first.", optional=True)), INTEGER,
        (Example('instr("adobe.com", "com")', 6),), instr),
    Function("replacestr", CATEGORY, "Replaces every occurrence of a text.",
        (INPUT, Parameter("find", SCALAR, "What to look for."), Parameter("replace", SCALAR, "What to put there.")),
        STRING,
        (Example('replacestr("This is a string re test", "re", "replace")', "This is a string replace test"),),
        replacestr),
    Function("substr", CATEGORY, "A part of a text, from a place counted from 0.",
        (INPUT, Parameter("start", COUNT, "The first sign."), Parameter("length", COUNT, "How many signs.")), STRING,
        (Example('substr("This is a substring test", 7, 8)', " a subst"),), substr),
    Function("lower", CATEGORY, "In small letters.", (INPUT,), STRING,
        (Example('lower("HeLLo")', "hello"), Example('lcase("HeLLo")', "hello")),
        lambda given: text(given).lower(), ("lcase",)),
    Function("upper", CATEGORY, "In capital letters.", (INPUT,), STRING,
        (Example('upper("HeLLo")', "HELLO"), Example('ucase("HeLLo")', "HELLO")),
        lambda given: text(given).upper(), ("ucase",)),
    Function("split", CATEGORY, "Splits a text at each of the given signs.",
        (INPUT, Parameter("separator", SCALAR, "One or more signs, each of which separates.")), ARRAY,
        (Example('split("Hello world", " ")', ["Hello", "world"]),), split),
    Function("join", CATEGORY, "Joins the elements of an array, with a separator between them.",
        (Parameter("separator", SCALAR, "What goes between."), Parameter("objects", ARRAY, "What to join.")), STRING,
        (Example('join(" ", to_array(true, "Hello", "world"))', "Hello world"),), join),
    Function("lpad", CATEGORY, "Fills a text on its left up to a number of signs.", (INPUT, COUNTED, PADDING), STRING,
        (Example('lpad("bat", 8, "yz")', "yzyzybat"),), lpad, takes_null=True),
    Function("rpad", CATEGORY, "Fills a text on its right up to a number of signs.", (INPUT, COUNTED, PADDING), STRING,
        (Example('rpad("bat", 8, "yz")', "batyzyzy"),), rpad, takes_null=True),
    Function("left", CATEGORY, "The first signs of a text.", (INPUT, COUNTED), STRING,
        (Example('left("abcde", 2)', "ab"),), left),
    Function("right", CATEGORY, "The last signs of a text.", (INPUT, COUNTED), STRING,
        (Example('right("abcde", 2)', "de"),), right),
    Function("ltrim", CATEGORY, "Without blanks at the beginning.", (INPUT,), STRING,
        (Example('ltrim(" hello ")', "hello "),), lambda given: text(given).lstrip()),
    Function("rtrim", CATEGORY, "Without blanks at the end.", (INPUT,), STRING,
        (Example('rtrim(" hello ")', " hello"),), lambda given: text(given).rstrip()),
    Function("trim", CATEGORY, "Without blanks at both ends.", (INPUT,), STRING,
        (Example('trim(" hello ")', "hello"),), lambda given: text(given).strip()),
    Function("equals", CATEGORY, "Whether two values are equal; written after the first one and a dot.",
        (Parameter("value", ANY), Parameter("other", ANY)), BOOLEAN,
        (Example('"string1".equals("STRING1")', False),), equals, takes_null=True, method=True),
    Function("equalsIgnoreCase", CATEGORY, "Whether two texts are equal but for capitals.",
        (INPUT, Parameter("other", SCALAR)), BOOLEAN,
        (Example('"string1".equalsIgnoreCase("STRING1")', True),), equals_ignore_case, takes_null=True, method=True),
)  # fmt: skip
