"""Functions for objects and maps, which are one thing to an expression: names with values."""

from __future__ import annotations

import json
import math
from typing import Any

from dataflows.mapping.language import values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import ANY, ARRAY, BOOLEAN, NULL, OBJECT, SCALAR, STRING
from dataflows.mapping.language.operators import is_empty
from dataflows.mapping.language.values import failed, mapping, text

CATEGORY = "Objects and maps"
MAP = Parameter("map", OBJECT, "An object or a map.")
KEY = Parameter("key", SCALAR, "A name.")
KEYS = Parameter("keys", SCALAR | ARRAY, "A name, or an array of names.")
VALUE = Parameter("value", ANY, "Its value.")
VALUE_DELIMITER = Parameter("value_delimiter", SCALAR, "Between a name and its value; a colon if empty.", optional=True)
FIELD_DELIMITER = Parameter("field_delimiter", SCALAR, "Between two fields; a comma if empty.", optional=True)
PEOPLE = "firstName - John ; lastName - ; phone - 123 456 7890"
BOOK = 'to_map("title", "Dune", "author", "Frank Herbert")'


def to_object(*pairs: Any) -> dict[str, Any]:
    if len(pairs) % 2:
        raise failed("Names and values come in pairs, and the last name has no value.")
    return {text(pairs[at]): pairs[at + 1] for at in range(0, len(pairs), 2) if pairs[at] is not None}


def arrays_to_objects(*pairs: Any) -> list[dict[str, Any]]:
    """The n-th object has the n-th element of every array; what a shorter array lacks is null."""
    columns = {name: values.array(items) if items is not None else [] for name, items in to_object(*pairs).items()}
    longest = max((len(items) for items in columns.values()), default=0)
    return [{name: _at(items, row) for name, items in columns.items()} for row in range(longest)]


def _at(items: list[Any], position: int) -> Any:
    return items[position] if position < len(items) else None


def str_to_object(given: Any, value_delimiter: Any = ":", field_delimiter: Any = ",") -> dict[str, str]:
    between, after = _delimiter(value_delimiter, ":"), _delimiter(field_delimiter, ",")
    found: dict[str, str] = {}
    for field in text(given).split(after):
        name, sign, value = field.partition(between)
        if sign and name.strip():
            found.setdefault(name.strip(), value.strip())
    return found


def _delimiter(given: Any, usual: str) -> str:
    return text(given) if given not in (None, "") else usual


def get_values(given: Any, key: Any, value_delimiter: Any = ":", field_delimiter: Any = ",") -> str | None:
    if given is None or key is None:
        return None
    return str_to_object(given, value_delimiter, field_delimiter).get(text(key))


def get(container: Any, key: Any) -> Any:
    """A value by its name, or an element by its number."""
    if type(container) is list:
        position = values.integer(key)
        return container[position] if 0 <= position < len(container) else None
    return mapping(container).get(text(key))


def _names(keys: Any) -> list[str]:
    return [text(key) for key in keys if key is not None] if type(keys) is list else [text(keys)]


def map_get_values(given: Any, keys: Any) -> Any:
    """One name gives its value, several give an array of the different values that are there."""
    found = mapping(given)
    if type(keys) is not list:
        return found.get(text(keys))
    made: list[Any] = []
    for name in _names(keys):
        if found.get(name) is not None and not any(values.same(found[name], other) for other in made):
            made.append(found[name])
    return made


def map_has_keys(given: Any, keys: Any) -> bool:
    found = mapping(given)
    return any(found.get(name) is not None for name in _names(keys))


def add_to_map(*maps: Any) -> dict[str, Any] | None:
    """Of names that come twice the first stays."""
    made: dict[str, Any] = {}
    for each in maps:
        for name, value in (mapping(each) if each is not None else {}).items():
            made.setdefault(name, value)
    return made if any(each is not None for each in maps) else None


def object_to_map(*given: Any) -> dict[str, Any] | None:
    """An object as it is; an array of objects by one of their fields; names and values in turn."""
    if given[0] is None:
        return None
    if len(given) == 1:
        return mapping(given[0])
    return array_to_map(*given) if type(given[0]) is list and len(given) == 2 else to_object(*given)


def array_to_map(items: Any, key: Any) -> dict[str, Any]:
    name, made = text(key), dict[str, Any]()
    for item in values.array(items):
        if type(item) is dict and item.get(name) is not None:
            made.setdefault(text(item[name]), item)
    return made


def json_to_object(given: Any) -> Any:
    if type(given) in (dict, list):
        return given
    try:
        return json.loads(text(given), parse_constant=_no_number, parse_float=_float)
    except (ValueError, RecursionError):
        raise failed("The string is not valid JSON.") from None


def _no_number(_name: str) -> None:
    raise ValueError("NaN and Infinity are no numbers of JSON")


def _float(digits: str) -> float:
    made = float(digits)
    if not math.isfinite(made):
        raise ValueError("the number is too large")
    return made


PAIRS = (
    Parameter("key", SCALAR, "A name.", repeated=True),
    Parameter("value", ANY, "Its value.", repeated=True),
)
FUNCTIONS = (
    Function("is_empty", CATEGORY, "Whether there is nothing: null, an empty text, array or object.",
        (Parameter("input", ANY),), BOOLEAN,
        (Example("is_empty([1, null, 2, 3])", False), Example('is_empty("")', True)), is_empty, takes_null=True),
    Function("arrays_to_objects", CATEGORY, "Arrays side by side become a list of objects.",
        (Parameter("key", SCALAR, "The name in each object.", repeated=True),
         Parameter("array", ARRAY, "Its values, one for each object.", repeated=True)), ARRAY,
        (Example("arrays_to_objects('sku', explode(\"id1|id2\", '\\\\|'), 'price', [22.5, 14.35])",
            [{"sku": "id1", "price": 22.5}, {"sku": "id2", "price": 14.35}]),),
        arrays_to_objects, ("arrays_to_object",), takes_null=True),
    Function("to_object", CATEGORY, "An object of names and values in turn.", PAIRS, OBJECT,
        (Example('to_object("firstName", "John", "lastName", "Doe")', {"firstName": "John", "lastName": "Doe"}),),
        to_object, takes_null=True),
    Function("str_to_object", CATEGORY, "A text with names and values becomes an object.",
        (Parameter("string", SCALAR, "The text."), VALUE_DELIMITER, FIELD_DELIMITER), OBJECT,
        (Example(f'str_to_object("{PEOPLE}", "-", ";").get("firstName")', "John"),
         Example('str_to_object("a: 1, b: 2")', {"a": "1", "b": "2"})), str_to_object),
    Function("get", CATEGORY, "A value of an object by its name; written after the object and a dot.",
        (Parameter("object", OBJECT | ARRAY), KEY), ANY,
        (Example('str_to_object("a: 1").get("a")', "1"),), get, method=True),
    Function("contains_key", CATEGORY, "Whether the record has a value at a path.",
        (Parameter("path", STRING, "A source path in quotes."),), BOOLEAN,
        (Example('contains_key("properties.nowhere")', False),), lazy=True, aliases=("is_set",)),
    Function("nullify", CATEGORY, "No value: the target is not written.", (), NULL,
        (Example("nullify()", None),), lambda: None),
    Function("get_keys", CATEGORY, "The names of an object.", (MAP,), ARRAY,
        (Example('get_keys({"book1": "Pride", "book2": "Dune"})', ["book1", "book2"]),),
        lambda given: list(mapping(given))),
    Function("get_values", CATEGORY, "One value from a text with names and values.",
        (Parameter("string", SCALAR, "The text."), KEY, VALUE_DELIMITER, FIELD_DELIMITER), STRING,
        (Example(f'get_values("{PEOPLE}", "firstName", "-", ";")', "John"),), get_values, takes_null=True),
    Function("map_get_values", CATEGORY, "The value of a name; of several names an array of different values.",
        (MAP, KEYS), ANY,
        (Example(f'map_get_values({BOOK}, "author")', "Frank Herbert"),
         Example(f'map_get_values({BOOK}, ["author", "title"])', ["Frank Herbert", "Dune"])), map_get_values),
    Function("map_has_keys", CATEGORY, "Whether a map has at least one of the names.", (MAP, KEYS), BOOLEAN,
        (Example(f'map_has_keys({BOOK}, "author")', True), Example(f'map_has_keys({BOOK}, ["price"])', False)),
        map_has_keys),
    Function("add_to_map", CATEGORY, "Maps in one; of a name that comes twice the first value stays.",
        (Parameter("map", OBJECT, "An object or a map.", repeated=True),), OBJECT,
        (Example('add_to_map({"a": 1}, {"a": 2, "b": 3})', {"a": 1, "b": 3}),), add_to_map, takes_null=True),
    Function("object_to_map", CATEGORY,
        "A map of an object, of names and values, or of objects by one of their fields.",
        (Parameter("object", ANY, "An object, an array of objects, or the first name.", repeated=True),), OBJECT,
        (Example('object_to_map({"a": 1})', {"a": 1}),
         Example('object_to_map("firstName", "John")', {"firstName": "John"}),
         Example('object_to_map([{"sku": "x", "n": 1}], "sku")', {"x": {"sku": "x", "n": 1}})),
        object_to_map, takes_null=True),
    Function("array_to_map", CATEGORY, "A map of objects by one of their fields.",
        (Parameter("array", ARRAY, "Objects."), KEY), OBJECT,
        (Example('array_to_map([{"sku": "x", "n": 1}], "sku")', {"x": {"sku": "x", "n": 1}}),), array_to_map),
    Function("to_map", CATEGORY, "A map of names and values in turn.", PAIRS, OBJECT,
        (Example('to_map("firstName", "John", "lastName", "Doe")', {"firstName": "John", "lastName": "Doe"}),),
        to_object, takes_null=True),
    Function("json_to_object", CATEGORY, "A text in JSON becomes what it describes.",
        (Parameter("string", STRING | OBJECT | ARRAY, "The text."),), ANY,
        (Example("json_to_object('{\"a\": [1, 2]}')", {"a": [1, 2]}),), json_to_object),
)  # fmt: skip
