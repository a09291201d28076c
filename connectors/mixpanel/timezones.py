"""Time zones of Mixpanel projects: names in, IANA out, compared by what the clocks do and not by spelling.

``/api/app/me`` gives IANA names including old links (``US/Pacific``), Adobe's Mixpanel source takes Windows names
(``Pacific Standard Time``, which includes daylight saving in spite of its name). A name that cannot be resolved is
an error; there is no fallback to UTC or to the zone of this machine.
"""

from __future__ import annotations

import difflib
import importlib.resources
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from tzlocal.windows_tz import win_tz

from connectors.errors import UnknownTimezone

SUGGESTIONS = 3
# zone.tab lists one zone per place where people live; the rest are links and fixed offsets.
TABLE = "zone.tab"
SOURCE = "tzdata.zi"


def _data(name: str) -> list[str]:
    text = importlib.resources.files("tzdata").joinpath("zoneinfo", name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@cache
def _places() -> frozenset[str]:
    return frozenset(line.split("\t")[2] for line in _data(TABLE))


@cache
def _links() -> Mapping[str, str]:
    """Link → target, as in ``L America/Los_Angeles US/Pacific``."""
    return {fields[2]: fields[1] for fields in map(str.split, _data(SOURCE)) if fields[0] == "L"}


@cache
def _names() -> Mapping[str, str]:
    """Every accepted spelling in lower case → the IANA name it stands for, Windows names included."""
    zones = {fields[1] for fields in map(str.split, _data(SOURCE)) if fields[0] == "Z"} - {"Factory"}
    iana = {name.lower(): name for name in zones | _links().keys() | _places()}
    return {**{name.lower(): zone for name, zone in win_tz.items()}, **iana}


def _resolve(name: str) -> str:
    """Follow links to the name in use; all spellings of UTC become ``UTC``."""
    while name not in _places() and name in _links():
        name = _links()[name]
    return "UTC" if name == "Etc/UTC" else name


def choices() -> list[tuple[str, list[tuple[str, str]]]]:
    """``(area, [(name, label), …])`` in alphabetical order, UTC first: the zones of a form field."""
    groups: dict[str, list[tuple[str, str]]] = {"UTC": [("UTC", "UTC")]}
    for name in sorted(_places()):
        area, _, place = name.partition("/")
        groups.setdefault(area, []).append((name, place.replace("_", " ").replace("/", ", ")))
    return list(groups.items())


def canonical(name: str) -> str:
    """The IANA name for an IANA name, an old link or a Windows name, in any case. Raises UnknownTimezone."""
    found = _names().get(" ".join(name.split()).lower())
    if found is None:
        raise UnknownTimezone(name, _suggestions(name))
    return _resolve(found)


def _suggestions(name: str) -> tuple[str, ...]:
    """The zones whose whole name, or whose city, looks most like what was given."""
    wanted = name.strip().lower().replace(" ", "_")
    spellings = dict(_names())
    spellings |= {zone.rpartition("/")[2].lower(): zone for zone in _places()}
    close = difflib.get_close_matches(wanted, spellings, n=2 * SUGGESTIONS, cutoff=0.6)
    close += difflib.get_close_matches(name.strip().lower(), spellings, n=2 * SUGGESTIONS, cutoff=0.6)
    return tuple(dict.fromkeys(_resolve(spellings[spelling]) for spelling in close))[:SUGGESTIONS]


def same_rules(a: str, b: str, first: date, last: date) -> bool:
    """Whether clocks in both zones agree at every full hour of the days ``first`` … ``last``, however they are called.

    Offsets change on the hour or half hour, and no two zones differ for less than an hour.
    """
    one, other = ZoneInfo(canonical(a)), ZoneInfo(canonical(b))
    if one.key == other.key:
        return True
    # A day of any zone begins at most 14 hours before, and ends at most 12 hours after, the same day of UTC.
    start = datetime.combine(first, time(), UTC) - timedelta(hours=14)
    hours = (last - first).days * 24 + 50
    instants = (start + timedelta(hours=hour) for hour in range(hours))
    return all(instant.astimezone(one).utcoffset() == instant.astimezone(other).utcoffset() for instant in instants)


def today(zone: str, now: datetime) -> date:
    """The calendar day in ``zone`` at the aware instant ``now``."""
    return now.astimezone(ZoneInfo(canonical(zone))).date()


def latest_day(zone: str, now: datetime) -> date:
    """The last day that may be asked for.

    Whether Mixpanel refuses days after today's date in UTC or in the project's zone is not documented
    (docs-legacy#1460 and airbyte#23662 disagree), so it is the earlier of the two.
    """
    return min(today(zone, now), today("UTC", now))
