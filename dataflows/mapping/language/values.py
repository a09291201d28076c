"""The values of an expression and how they turn into each other: text, numbers, truth, order.

Values are str, int, float, bool, None, list, dict and aware datetimes. What cannot be turned raises ``failed``,
a CastError that leaves the target empty, or rejects the record if the target is required.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any

from dataflows.mapping.casts import CastError, iso, to_boolean, whole
from dataflows.mapping.problems import Refusal
from dataflows.mapping.text_dates import read_instant

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LONGEST_TEXT = 4_000_000
NAMES = {
    str: "a string",
    bool: "a boolean",
    int: "a number",
    float: "a number",
    list: "an array",
    dict: "an object",
    datetime: "a date",
    type(None): "nothing",
}


def failed(message: str) -> CastError:
    """The error of an expression on one record. ``message`` does not hold the value, which may be personal."""
    return CastError(Refusal.TRANSFORM, message)


def name_of(value: Any) -> str:
    return NAMES.get(type(value), "something else")


def text(value: Any) -> str:
    """A string as it is, a number by its shortest digits, true or false, a date as ISO 8601."""
    if type(value) is str:
        return value
    if type(value) is bool:
        return "true" if value else "false"
    if type(value) is int:
        return str(value)
    if type(value) is float and math.isfinite(value):
        return repr(value)
    if isinstance(value, datetime):
        return iso(value)
    raise failed(f"A string was expected and {name_of(value)} came.")


def valid(value: Any) -> str:
    """As ``text``, for what only takes text that can be encoded. Raises CastError for half a character."""
    made = text(value)
    try:
        made.encode()
    except UnicodeEncodeError:
        raise failed("The text is not valid Unicode.") from None
    return made


def number(value: Any) -> int | float:
    """A number as it is, a text that is one. Raises CastError."""
    if type(value) is int:
        return value
    if type(value) is float and math.isfinite(value):
        return value
    if type(value) is str:
        return number_in(value)
    raise failed(f"A number was expected and {name_of(value)} came.")


def number_in(digits: str) -> int | float:
    found = whole(digits)
    if found is not None:
        return found
    try:
        read = float(digits) if len(digits) <= 400 and "_" not in digits else math.nan
    except ValueError:
        read = math.nan
    if not math.isfinite(read):
        raise failed("A number was expected and the string is none.")
    return read


def integer(value: Any) -> int:
    """A whole number, also where it is written as a text or with ``.0``. Raises CastError."""
    found = whole(value)
    if found is None:
        raise failed(f"A whole number was expected and {name_of(value)} came that is none.")
    return found


def finite(value: int | float) -> int | float:
    """The result of arithmetic. Raises CastError if it is beyond what a number can be."""
    if type(value) is float and not math.isfinite(value):
        raise failed("The result is too large, or no number.")
    if type(value) is int and value.bit_length() > 4096:
        raise failed("The result is too large.")
    return value


def truth(value: Any) -> bool:
    """Null is false, a number is true unless it is 0, a string is one of Adobe's words for yes and no."""
    if value is None or type(value) is bool:
        return bool(value)
    if type(value) in (int, float):
        return bool(value != 0) and value == value
    if type(value) is str:
        try:
            return to_boolean(value)
        except CastError:
            raise failed("A boolean was expected and the string is none.") from None
    raise failed(f"A boolean was expected and {name_of(value)} came.")


def instant(value: Any) -> datetime:
    """A date as it is, a string in a known form, a number of milliseconds since 1970. Raises CastError."""
    if isinstance(value, datetime):
        return value
    if type(value) is str:
        found = read_instant(value)
        if found is None:
            raise failed("A date was expected and the string is in no known form.")
        return found
    if type(value) in (int, float):
        return of_millis(value)
    raise failed(f"A date was expected and {name_of(value)} came.")


def of_millis(value: Any) -> datetime:
    try:
        return EPOCH + timedelta(milliseconds=integer(value))
    except OverflowError:
        raise failed("No calendar reaches that far.") from None


def array(value: Any) -> list[Any]:
    if type(value) is not list:
        raise failed(f"An array was expected and {name_of(value)} came.")
    return value


def mapping(value: Any) -> dict[str, Any]:
    if type(value) is not dict:
        raise failed(f"An object was expected and {name_of(value)} came.")
    return value


def bounded(made: str) -> str:
    """A text that an expression made. Raises CastError if it is longer than any record may be."""
    if len(made) > LONGEST_TEXT:
        raise failed("The text that was made is too long.")
    return made


def same(one: Any, other: Any) -> bool:
    """``==``: numbers by value, also when one is written as a text; dates as instants; the rest by kind and content."""
    if one is None or other is None:
        return one is other
    kinds = {type(one), type(other)}
    if len(kinds) == 1 or kinds == {int, float}:
        return bool(one == other)
    if str in kinds:
        word, value = (one, other) if type(one) is str else (other, one)
        return _written(word, value)
    return False


def _written(word: str, value: Any) -> bool:
    """Whether a string, read as the kind of the value, is that value."""
    try:
        if type(value) is bool:
            return to_boolean(word) is value
        if type(value) in (int, float):
            return bool(number_in(word) == value)
        return isinstance(value, datetime) and read_instant(word) == value
    except CastError:
        return False


def less(one: Any, other: Any) -> bool:
    """``<``; numbers, strings, dates, booleans. Raises CastError for what has no order."""
    left, right = comparable(one, other)
    return bool(left < right)


def comparable(one: Any, other: Any) -> tuple[Any, Any]:
    """Both as values of one kind that has an order."""
    kinds = {type(one), type(other)}
    if kinds <= {int, float}:
        return one, other
    if kinds == {str} or kinds == {bool}:
        return one, other
    if datetime in kinds:
        return instant(one), instant(other)
    if kinds <= {int, float, str}:
        return number(one), number(other)
    raise failed(f"There is no order between {name_of(one)} and {name_of(other)}.")
