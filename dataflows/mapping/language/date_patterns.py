"""Java's patterns for dates (``yyyy-MM-dd'T'HH:mm:ss.SSSX``): writing a date by one, and reading one.

The letters are those of Adobe's date function page. Names are English, weeks begin on Monday (ISO 8601).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache

from dataflows.mapping.language.zones import zone

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December")  # fmt: skip
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
PIECE = re.compile(r"'((?:[^']|'')*)'|([A-Za-z])\2*|[^A-Za-z']+|'", re.DOTALL)
LONGEST = 200
ORDINALS = ("1st", "2nd", "3rd", "4th")


class DatePatternInvalid(ValueError):
    """The message is a sentence for the reader."""


@dataclass(frozen=True)
class Piece:
    """``count`` times a ``letter``, or literal ``text``."""

    letter: str
    count: int
    text: str = ""


@lru_cache(maxsize=512)
def pieces(pattern: str) -> tuple[Piece, ...]:
    """Raises DatePatternInvalid for an unknown letter or an open quote."""
    if len(pattern) > LONGEST:
        raise DatePatternInvalid(f"A date pattern has at most {LONGEST} characters.")
    return tuple(_piece(found, pattern) for found in PIECE.finditer(pattern))


def _piece(found: re.Match[str], pattern: str) -> Piece:
    if found[2]:
        if found[2] not in WRITERS:
            message = f"The date pattern has the letter {found[2]}, which has no meaning; quote it: '{found[0]}'."
            raise DatePatternInvalid(message)
        return Piece(found[2], len(found[0]))
    if found[0] == "'":
        raise DatePatternInvalid("A quote in the date pattern is not closed.")
    return Piece("", 0, found[0] if found[1] is None else found[1].replace("''", "'") or "'")


def write(moment: datetime, pattern: str) -> str:
    """Raises DatePatternInvalid."""
    return "".join(
        WRITERS[piece.letter](moment, piece.count) if piece.letter else piece.text for piece in pieces(pattern)
    )


# --- writing -------------------------------------------------------------------------------------------------------


def _padded(value: int, count: int) -> str:
    return str(value).zfill(count)


def _year(year: int, count: int) -> str:
    return _padded(year % 100, 2) if count == 2 else _padded(year, count)


def _name(names: tuple[str, ...], at: int, count: int) -> str:
    return names[at] if count == 4 else names[at][: 1 if count == 5 else 3]


def _month(moment: datetime, count: int) -> str:
    return _padded(moment.month, count) if count <= 2 else _name(MONTHS, moment.month - 1, count)


def _quarter(moment: datetime, count: int) -> str:
    quarter = (moment.month - 1) // 3 + 1
    return {3: f"Q{quarter}", 4: f"{ORDINALS[quarter - 1]} quarter"}.get(count, _padded(quarter, min(count, 2)))


def _week_of_month(moment: datetime) -> int:
    return (moment.day + moment.replace(day=1).weekday() - 1) // 7 + 1


def _fraction(moment: datetime, count: int) -> str:
    return f"{moment.microsecond:06d}000"[:count].ljust(count, "0")


def _offset_of(moment: datetime) -> int:
    """Minutes east of Greenwich."""
    return (moment.utcoffset() or timedelta(0)) // timedelta(minutes=1)


def _signed(minutes: int, colon: str, *, always_minutes: bool = True) -> str:
    hours, rest = divmod(abs(minutes), 60)
    tail = f"{colon}{rest:02d}" if rest or always_minutes else ""
    return f"{'-' if minutes < 0 else '+'}{hours:02d}{tail}"


def _iso_zone(moment: datetime, count: int) -> str:
    minutes = _offset_of(moment)
    if minutes == 0:
        return "Z"
    return _signed(minutes, ":" if count in (3, 5) else "", always_minutes=count > 1)


def _rfc_zone(moment: datetime, count: int) -> str:
    if count == 5:
        return _iso_zone(moment, 3)
    return _greenwich(moment, 4) if count == 4 else _signed(_offset_of(moment), "")


def _greenwich(moment: datetime, count: int) -> str:
    minutes = _offset_of(moment)
    if minutes == 0:
        return "GMT"
    hours, rest = divmod(abs(minutes), 60)
    short = f"{hours}{f':{rest:02d}' if rest else ''}"
    return f"GMT{'-' if minutes < 0 else '+'}{short if count < 4 else f'{hours:02d}:{rest:02d}'}"


def _zone_id(moment: datetime, _count: int) -> str:
    key = getattr(moment.tzinfo, "key", None)
    return str(key) if key else "Z" if moment.utcoffset() == timedelta(0) else _signed(_offset_of(moment), ":")


WRITERS: Mapping[str, Callable[[datetime, int], str]] = {
    "G": lambda moment, count: "Anno Domini" if count == 4 else "AD",
    "y": lambda moment, count: _year(moment.year, count),
    "Y": lambda moment, count: _year(moment.isocalendar().year, count),
    "M": _month,
    "L": _month,
    "w": lambda moment, count: _padded(moment.isocalendar().week, count),
    "W": lambda moment, count: _padded(_week_of_month(moment), count),
    "D": lambda moment, count: _padded(moment.timetuple().tm_yday, count),
    "d": lambda moment, count: _padded(moment.day, count),
    "F": lambda moment, count: _padded((moment.day - 1) // 7 + 1, count),
    "E": lambda moment, count: _name(DAYS, moment.weekday(), count),
    "u": lambda moment, count: _padded(moment.isoweekday(), count),
    "a": lambda moment, count: "AM" if moment.hour < 12 else "PM",
    "H": lambda moment, count: _padded(moment.hour, count),
    "k": lambda moment, count: _padded(moment.hour or 24, count),
    "K": lambda moment, count: _padded(moment.hour % 12, count),
    "h": lambda moment, count: _padded(moment.hour % 12 or 12, count),
    "m": lambda moment, count: _padded(moment.minute, count),
    "s": lambda moment, count: _padded(moment.second, count),
    "S": _fraction,
    "z": lambda moment, count: moment.tzname() or "UTC",
    "Z": _rfc_zone,
    "X": _iso_zone,
    "V": _zone_id,
    "O": _greenwich,
    "Q": _quarter,
    "q": _quarter,
}

# --- reading -------------------------------------------------------------------------------------------------------

ZONE = r"Z|z|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?|[A-Za-z]+(?:[/_+-][A-Za-z0-9]+)*"
UNREADABLE = {"Y": "yyyy", "w": "MM and dd", "W": "MM and dd", "F": "dd"}
NUMBERS = frozenset("yMLdDHkKhmsSu")


def _of_month(piece: Piece) -> str:
    return r"[A-Za-z]+" if piece.count > 2 else ""


def _expression(piece: Piece, *, tight: bool) -> str:
    """``tight``: a number follows at once, so this one has exactly its digits."""
    if (piece.letter in "ML" and piece.count > 2) or piece.letter in "EGa":
        return r"[A-Za-z]+"
    if piece.letter in "zZXVO":
        return ZONE
    if piece.letter == "S" or tight or (piece.letter == "y" and piece.count != 1):
        return rf"\d{{{4 if piece.letter == 'y' and piece.count == 3 else piece.count}}}"
    return rf"\d{{1,{max(piece.count, 3 if piece.letter == 'D' else 4 if piece.letter == 'y' else 2)}}}"


@lru_cache(maxsize=512)
def _reader(pattern: str) -> tuple[re.Pattern[str], tuple[Piece, ...]]:
    parts, read = "", []
    found = pieces(pattern)
    for at, piece in enumerate(found):
        if not piece.letter:
            parts += re.escape(piece.text)
            continue
        if piece.letter in UNREADABLE or piece.letter in "Qq":
            better = UNREADABLE.get(piece.letter, "MM")
            raise DatePatternInvalid(f"A date cannot be read by the letter {piece.letter}; use {better}.")
        following = found[at + 1] if at + 1 < len(found) else Piece("", 0)
        tight = piece.letter in NUMBERS and following.letter in NUMBERS and not _of_month(following)
        parts += f"({_expression(piece, tight=bool(tight and following.letter))})"
        read.append(piece)
    return re.compile(parts, re.ASCII), tuple(read)


def read(text: str, pattern: str) -> datetime | None:
    """The date that a text is by a pattern, in its own zone or UTC; ``None`` if it is none.

    Raises DatePatternInvalid.
    """
    expression, wanted = _reader(pattern)
    found = expression.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        return None
    try:
        return _build(list(zip(wanted, found.groups(), strict=True)))
    except (ValueError, OverflowError):
        return None


def _build(parts: list[tuple[Piece, str]]) -> datetime:
    values = {"y": 1970, "M": 1, "d": 1, "H": 0, "m": 0, "s": 0, "micros": 0}
    half, where, day_of_year = "", UTC, 0
    for piece, said in parts:
        match piece.letter:
            case "a":
                half = said.upper()
            case "z" | "Z" | "X" | "V" | "O":
                where = _zone(said)  # type: ignore[assignment]
            case "D":
                day_of_year = int(said)
            case "G" | "E" | "u":
                continue
            case letter:
                name, value = _number(letter, piece.count, said)
                values[name] = value
    return _moment(values, half, where, day_of_year)


def _moment(values: dict[str, int], half: str, where: tzinfo, day_of_year: int) -> datetime:
    hour = _hour(values, half)
    made = datetime(
        values["y"], values["M"], values["d"], hour, values["m"], values["s"], values["micros"], tzinfo=where
    )
    return made.replace(month=1, day=1) + timedelta(days=day_of_year - 1) if day_of_year else made


def _hour(values: dict[str, int], half: str) -> int:
    if half not in ("", "AM", "PM"):
        raise ValueError("there is a morning and an afternoon")
    hour = values["H"]
    return hour % 12 + (12 if half == "PM" else 0) if half else hour


def _number(letter: str, count: int, said: str) -> tuple[str, int]:
    if letter == "y":
        return "y", int(said) + (2000 if count == 2 else 0)
    if letter in "ML":
        return "M", int(said) if said.isdigit() else _month_named(said)
    if letter == "S":
        return "micros", int(said[:6].ljust(6, "0"))
    if letter in "Hk":
        return "H", int(said) % 24 if letter == "k" else int(said)
    return ("H" if letter in "Kh" else letter), int(said)


def _month_named(said: str) -> int:
    for number, name in enumerate(MONTHS, start=1):
        if said.lower() in (name.lower(), name[:3].lower()):
            return number
    raise ValueError("no such month")


def _zone(said: str) -> tzinfo:
    found = zone(said)
    if found is None:
        raise ValueError("no such zone")
    return found


def unreadable(pattern: str) -> str:
    """Why dates cannot be read by a pattern, "" if they can."""
    try:
        _reader(pattern)
    except DatePatternInvalid as error:
        return str(error)
    return ""


def unwritable(pattern: str) -> str:
    """Why dates cannot be written by a pattern, "" if they can."""
    try:
        pieces(pattern)
    except DatePatternInvalid as error:
        return str(error)
    return ""
