"""Functions for dates and times."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from dataflows.mapping.language import date_patterns, values
from dataflows.mapping.language.function import Example, Function, Parameter
from dataflows.mapping.language.kinds import COUNT, DATE, INSTANT, INTEGER, SCALAR, STRING
from dataflows.mapping.language.values import failed, text
from dataflows.mapping.language.zones import zone

CATEGORY = "Date and time"
WHEN = Parameter("date", INSTANT, "A date, a text in a known form, or milliseconds since 1970.")
FORMAT = Parameter("format", SCALAR, "Java's letters, such as yyyy-MM-dd'T'HH:mm:ss.SSSX.")
COMPONENT = Parameter("component", SCALAR, "Such as yyyy, MM, dd, hh, mi or ss.")
OFFSET_AT_END = re.compile(r"\d\d:\d\d.*?([+-]\d\d:?(?:\d\d)?)$", re.ASCII)
NAME_AT_END = re.compile(r"(.*\d) ?([A-Za-z]+(?:/[A-Za-z_/+-]+)?)$", re.ASCII)


def moment(value: Any) -> datetime:
    """A date; a text keeps the offset or the zone that it names. Raises CastError."""
    if type(value) is not str:
        return values.instant(value)
    named = NAME_AT_END.fullmatch(value.strip())
    where = zone(named[2]) if named else None
    if named and where is not None and named[2] not in "Zz":
        return values.instant(named[1]).replace(tzinfo=where)
    found, offset = values.instant(value), OFFSET_AT_END.search(value.strip())
    return _valid(lambda: found.astimezone(_zone(offset[1]))) if offset else found


def _zone(name: Any) -> tzinfo:
    found = zone(text(name))
    if found is None:
        raise failed("There is no such time zone.")
    return found


def _by_pattern(use: Callable[[], Any]) -> Any:
    try:
        return use()
    except date_patterns.DatePatternInvalid as error:
        raise failed(str(error)) from None


def date(given: Any, pattern: Any = None, default: Any = None) -> datetime | None:
    if given is None:
        return None if default is None else moment(default)
    if pattern is None:
        return moment(given)
    if isinstance(given, datetime):
        return given
    found: datetime | None = _by_pattern(lambda: date_patterns.read(text(given), text(pattern)))
    if found is None:
        raise failed("The string is no date of this format.")
    return found


def write(given: Any, pattern: Any) -> str:
    return str(_by_pattern(lambda: date_patterns.write(moment(given), text(pattern))))


def write_millis(given: Any, pattern: Any) -> str:
    return str(_by_pattern(lambda: date_patterns.write(values.of_millis(given), text(pattern))))


PARTS: Mapping[str, tuple[str, Callable[[datetime], int]]] = {
    name: (names[0], take)
    for names, take in (
        (("year", "yyyy", "yy"), lambda when: when.year),
        (("quarter", "qq", "q"), lambda when: (when.month - 1) // 3 + 1),
        (("month", "mm", "m"), lambda when: when.month),
        (("dayofyear", "dy", "y"), lambda when: when.timetuple().tm_yday),
        (("day", "dd", "d"), lambda when: when.day),
        (("week", "ww", "w"), lambda when: when.isocalendar().week),
        (("weekday", "dw"), lambda when: when.isoweekday()),
        (("hour", "hh", "hh24"), lambda when: when.hour),
        (("hour12", "hh12"), lambda when: when.hour % 12 or 12),
        (("minute", "mi", "n"), lambda when: when.minute),
        (("second", "ss", "s"), lambda when: when.second),
        (("millisecond", "sss"), lambda when: when.microsecond // 1000),
    )
    for name in names
}
SETTABLE = frozenset(("year", "month", "day", "hour", "minute", "second"))


def _part(name: Any) -> tuple[str, Callable[[datetime], int]]:
    found = PARTS.get(text(name).strip().lower())
    if found is None:
        raise failed("There is no such part of a date.")
    return found


def date_part(component: Any, given: Any) -> int:
    return _part(component)[1](moment(given))


def set_date_part(component: Any, value: Any, given: Any) -> datetime:
    """As Adobe's example, without the fraction of a second."""
    name, number = _part(component)[0], values.integer(value)
    if name not in SETTABLE:
        raise failed("This part of a date cannot be set.")
    return _valid(lambda: moment(given).replace(microsecond=0, **{name: number}))  # type: ignore[arg-type]


def _valid(make: Callable[[], datetime]) -> datetime:
    try:
        return make()
    except (ValueError, OverflowError):
        raise failed("There is no such date.") from None


def make_date_time(year: Any, month: Any, day: Any, hour: Any, minute: Any, second: Any, nano: Any, name: Any) -> Any:
    numbers = [values.integer(value) for value in (year, month, day, hour, minute, second)]
    nanos = values.integer(nano)
    return _valid(lambda: datetime(*numbers, nanos // 1000, tzinfo=_zone(name)))  # type: ignore[misc,arg-type]


def zone_date_to_utc(given: Any) -> datetime:
    return _valid(lambda: moment(given).astimezone(UTC))


def zone_date_to_zone(given: Any, name: Any) -> datetime:
    return _valid(lambda: moment(given).astimezone(_zone(name)))


def _no_zone(name: str) -> str:
    return "" if zone(name) else "There is no such time zone."


def _no_part(name: str) -> str:
    return "" if name.strip().lower() in PARTS else "There is no such part of a date."


def _not_settable(name: str) -> str:
    found = PARTS.get(name.strip().lower())
    return "" if found and found[0] in SETTABLE else "There is no such part of a date, or it cannot be set."


NUMBERED = tuple(
    Parameter(name, COUNT, limits)
    for name, limits in (
        ("year", "1 to 9999."), ("month", "1 to 12."), ("day", "1 to 31."), ("hour", "0 to 23."),
        ("minute", "0 to 59."), ("second", "0 to 59."), ("nanosecond", "0 to 999999999."))
)  # fmt: skip
FUNCTIONS = (
    Function("date", CATEGORY, "A date from a text. Without a zone it is UTC.",
        (WHEN, Parameter("format", SCALAR, "How the text is written.", optional=True),
         Parameter("default", INSTANT, "What to take if there is no text.", optional=True)), DATE,
        (Example('date("2019-10-23 11:24", "yyyy-MM-dd HH:mm")', "2019-10-23T11:24:00Z"),
         Example('date("2019-10-23 11:24")', "2019-10-23T11:24:00Z"),
         Example('date(null, "yyyy-MM-dd", "2020-01-01")', "2020-01-01T00:00:00Z")), date, takes_null=True,
        checks={1: date_patterns.unreadable}),
    Function("format", CATEGORY, "A date as a text, by Java's letters, in the date's own zone.", (WHEN, FORMAT), STRING,
        (Example('format("2019-10-23T11:24:00Z", "yyyy-MM-dd HH:mm:ss")', "2019-10-23 11:24:00"),), write,
        checks={1: date_patterns.unwritable}),
    Function("dformat", CATEGORY, "Milliseconds since 1970 as a text, by Java's letters, in UTC.",
        (Parameter("timestamp", COUNT, "Milliseconds since 1970."), FORMAT), STRING,
        (Example("dformat(1571829875000, \"yyyy-MM-dd'T'HH:mm:ss.SSSX\")", "2019-10-23T11:24:35.000Z"),),
        write_millis, checks={1: date_patterns.unwritable}),
    Function("date_part", CATEGORY, "One part of a date as a number; weeks and weekdays by ISO 8601, Monday is 1.",
        (COMPONENT, WHEN), INTEGER, (Example('date_part("MM", date("2019-10-17 11:55:12"))', 10),), date_part,
        checks={0: _no_part}),
    Function("set_date_part", CATEGORY, "A date with one part replaced.",
        (COMPONENT, Parameter("value", COUNT, "The number."), WHEN), DATE,
        (Example('set_date_part("m", 4, date("2016-11-09T11:44:44.797"))', "2016-04-09T11:44:44Z"),), set_date_part,
        checks={0: _not_settable}),
    Function("make_date_time", CATEGORY, "A date from its parts.",
        (*NUMBERED, Parameter("timezone", SCALAR, "A zone, such as America/Los_Angeles.")), DATE,
        (Example('make_date_time(2019, 10, 17, 11, 55, 12, 999, "America/Los_Angeles")',
            "2019-10-17T11:55:12-07:00"),), make_date_time, ("make_timestamp",), checks={7: _no_zone}),
    Function("zone_date_to_utc", CATEGORY, "The same instant in UTC.", (WHEN,), DATE,
        (Example('zone_date_to_utc("2019-10-17T11:55:12 PST")', "2019-10-17T19:55:12Z"),), zone_date_to_utc),
    Function("zone_date_to_zone", CATEGORY, "The same instant in a zone.",
        (WHEN, Parameter("zone", SCALAR, "A zone, such as Europe/Paris.")), DATE,
        (Example('zone_date_to_zone("2021-10-26T10:10:24Z", "Europe/Paris")', "2021-10-26T12:10:24+02:00"),),
        zone_date_to_zone, checks={1: _no_zone}),
)  # fmt: skip
