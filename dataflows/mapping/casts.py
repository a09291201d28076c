"""One JSON value → one XDM value: Adobe's type matrix for Data Prep (data format handling page), made exact.

What the page leaves open is decided so that no value changes silently: a number becomes an integer only if
nothing is lost, a text with blanks around a number is that number, true and false become nothing else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from dataflows.mapping.problems import Refusal
from dataflows.mapping.text_dates import read_instant
from dataflows.schemas import Shape, XdmType

RANGES: Mapping[XdmType, tuple[int, int]] = {
    XdmType.LONG: (-(2**63), 2**63 - 1),
    XdmType.INTEGER: (-(2**31), 2**31 - 1),
    XdmType.SHORT: (-(2**15), 2**15 - 1),
    XdmType.BYTE: (-(2**7), 2**7 - 1),
}
EXACT_FLOAT = 2**53
WHOLE = re.compile(r"([+-]?\d+)(\.0*)?", re.ASCII)
DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", re.ASCII)
LONGEST_NUMBER = 400
TRUE = frozenset(("y", "yes", "on", "true"))
FALSE = frozenset(("n", "no", "off", "false"))
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ACTUAL = {
    str: "STRING",
    bool: "BOOLEAN",
    int: "LONG",
    float: "DOUBLE",
    list: "ARRAY",
    dict: "OBJECT",
    datetime: "DATE-TIME",
}


class CastError(Exception):
    """``code`` is a Refusal, ``message`` says what was expected and what came, without the value itself."""

    def __init__(self, code: Refusal, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    def again(self) -> CastError:
        """The same error to raise once more: one that is kept would keep all the frames it comes through."""
        return CastError(self.code, self.message)

    @property
    def fatal(self) -> bool:
        """Whether the record is lost even if the target is optional."""
        return self.code is not Refusal.TRANSFORM


def cast(value: Any, shape: Shape) -> Any:
    """``value`` as XDM type ``shape`` wants it; None stays None. Raises CastError.

    Returns str, float, int, bool, date, datetime (UTC), list, or dict for objects and maps. An object has all
    its fields, missing ones as None; an object without any value is None.
    """
    if value is None:
        return None
    if shape.type in SCALAR:
        converted = SCALAR[shape.type](value)
        if shape.enum and converted not in shape.enum:
            raise CastError(Refusal.ENUM, f"The value is not one of the {len(shape.enum)} that the schema allows.")
        return converted
    return COMPOSITE[shape.type](value, shape)


def mismatch(kind: XdmType, value: Any, reason: str = "") -> CastError:
    """The error of a value that cannot become ``kind``, in the words of Adobe's mapper."""
    actual = ACTUAL.get(type(value), "UNKNOWN")
    message = f"expected data type was: {kind.value.upper()}, actual data type was: {actual}. {reason}"
    return CastError(Refusal.TRANSFORM, message.strip())


def to_text(value: Any) -> str:
    """Text as it is, numbers as their shortest digits, dates that an expression made as ISO 8601. Raises CastError."""
    if type(value) is str:
        return _encodable(value)
    if type(value) is int:
        return str(value)
    if type(value) is float and math.isfinite(value):
        return repr(value)
    if isinstance(value, datetime):
        return iso(value)
    raise mismatch(XdmType.STRING, value)


def iso(moment: datetime) -> str:
    """``2021-10-26T10:10:24Z``; milliseconds or microseconds only where there are any."""
    precision = "seconds" if not moment.microsecond else "microseconds" if moment.microsecond % 1000 else "milliseconds"
    return moment.isoformat(timespec=precision).replace("+00:00", "Z")


def to_double(value: Any) -> float:
    """A number with a fraction or an exponent as the nearest double; an integer only if a double holds it exactly."""
    if type(value) is str and _is_decimal(value):
        number = whole(value)
        value = float(value) if number is None or abs(number) <= EXACT_FLOAT else number
    if type(value) is int:
        value = _exact_double(value)
    if type(value) is not float:
        raise mismatch(XdmType.DOUBLE, value)
    if not math.isfinite(value):
        raise mismatch(XdmType.DOUBLE, value, "The number is too large or not a number.")
    return value


def _exact_double(number: int) -> float:
    try:
        nearest = float(number)
    except OverflowError:
        raise mismatch(XdmType.DOUBLE, number, "The number is too large.") from None
    if int(nearest) != number:
        raise mismatch(XdmType.DOUBLE, number, "The integer has more digits than a double can hold.")
    return nearest


def _is_decimal(text: str) -> bool:
    return len(text) <= LONGEST_NUMBER and DECIMAL.fullmatch(text.strip()) is not None


def whole(value: Any) -> int | None:
    """The integer a JSON value stands for exactly, of any size; None if it stands for none."""
    if type(value) is int:
        return value
    if type(value) is float and value.is_integer() and abs(value) <= EXACT_FLOAT:
        return int(value)
    if type(value) is str and len(value) <= LONGEST_NUMBER and (found := WHOLE.fullmatch(value.strip())):
        return int(found[1])
    return None


def _whole_cast(kind: XdmType) -> Callable[[Any], int]:
    low, high = RANGES[kind]

    def to_whole(value: Any) -> int:
        number = whole(value)
        if number is None:
            raise mismatch(kind, value)
        if not low <= number <= high:
            raise mismatch(kind, value, f"The number is outside {low} to {high}.")
        return number

    return to_whole


def to_boolean(value: Any) -> bool:
    if type(value) is bool:
        return value
    if type(value) is str:
        word = value.strip().lower()
        if word in TRUE or word in FALSE:
            return word in TRUE
    raise mismatch(XdmType.BOOLEAN, value)


def to_instant(value: Any) -> datetime:
    """An instant, a text in a known format, or epoch milliseconds. Raises CastError."""
    found = _instant(value)
    if found is None:
        raise mismatch(XdmType.DATE_TIME, value)
    return found


def to_date(value: Any) -> date:
    """The UTC day of a text in a known format or of epoch milliseconds. Raises CastError."""
    found = _instant(value)
    if found is None:
        raise mismatch(XdmType.DATE, value)
    return found.date()


def _instant(value: Any) -> datetime | None:
    if isinstance(value, datetime):
        try:
            return value.astimezone(UTC)
        except OverflowError:
            return None
    if type(value) is str:
        return read_instant(value)
    if type(value) is int:
        try:
            return EPOCH + timedelta(milliseconds=value)
        except OverflowError:
            return None
    return None


def _encodable(text: str) -> str:
    """Half a surrogate pair, or bytes that were not UTF-8, can be in a JSON text but in no column."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        raise mismatch(XdmType.STRING, text, "The text is not valid Unicode.") from None
    return text


def _to_array(value: Any, shape: Shape) -> list[Any]:
    if type(value) is not list or shape.element is None:
        raise mismatch(XdmType.ARRAY, value)
    return [cast(item, shape.element) for item in value]


def _to_map(value: Any, shape: Shape) -> dict[str, Any] | None:
    if type(value) is not dict or shape.element is None:
        raise mismatch(XdmType.MAP, value)
    entries = {_encodable(name): cast(item, shape.element) for name, item in value.items()}
    return {name: item for name, item in entries.items() if item is not None} or None


def _to_object(value: Any, shape: Shape) -> dict[str, Any] | None:
    if type(value) is not dict:
        raise mismatch(XdmType.OBJECT, value)
    fields = {name: cast(value.get(name), child) for name, child in shape.children.items()}
    if all(item is None for item in fields.values()):
        return None
    for name in shape.children:
        if name in shape.required and fields[name] is None:
            raise CastError(Refusal.REQUIRED, f"The object has no {name}, which the schema requires in it.")
    return fields


SCALAR: Mapping[XdmType, Callable[[Any], Any]] = {
    XdmType.STRING: to_text,
    XdmType.DOUBLE: to_double,
    XdmType.BOOLEAN: to_boolean,
    XdmType.DATE: to_date,
    XdmType.DATE_TIME: to_instant,
    **{kind: _whole_cast(kind) for kind in RANGES},
}
COMPOSITE: Mapping[XdmType, Callable[[Any, Shape], Any]] = {
    XdmType.ARRAY: _to_array,
    XdmType.MAP: _to_map,
    XdmType.OBJECT: _to_object,
}
