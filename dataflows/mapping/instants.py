"""Mixpanel's raw ``time`` → the UTC instant it means.

Projects made before early 2023 store ``time`` as the project's wall clock, written as if it were UTC (Mixpanel
raw export API page); it must be read in the project's zone. One wall clock time may then have no instant (the
hour that spring skips: moved forward by the gap) or two (the hour that autumn repeats: the latest one not after
Mixpanel's own receipt, otherwise the first). Both forms below say the same: ``true_instant`` by ``zoneinfo``,
``true_instants`` by a table of offset changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from dataflows.mapping.casts import whole

Micros = npt.NDArray[np.int64]

MILLISECONDS_FROM = 10_000_000_000
"""A raw time above this is in milliseconds; as seconds it would lie after the year 2286."""

SKEW = 60 * 1_000_000
"""How much Mixpanel's receipt may seem to precede the event, in microseconds, before we disbelieve a reading."""

NONEXISTENT = "nonexistent_local_time"
AMBIGUOUS = "ambiguous_local_time"
DAY = 86_400_000_000
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAIVE_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a wall clock reading, which has no zone on purpose
# Two days from the ends of datetime, so that no zone can push an instant over them.
EARLIEST_SECONDS = -62_135_596_800 + 2 * 86_400
LATEST_MILLISECONDS = (253_402_300_800 - 2 * 86_400) * 1000
STEP = timedelta(hours=6)


@dataclass(frozen=True)
class TimeReading:
    """How a project writes time: "utc", or "legacy" wall clock of ``zone`` (an IANA name)."""

    semantic: Literal["utc", "legacy"]
    zone: str

    @property
    def local(self) -> bool:
        return self.semantic == "legacy"


def raw_time(value: Any) -> int | None:
    """A usable raw time, in the unit it was sent in; None for anything else. Booleans are not numbers."""
    number = whole(value)
    return number if number is not None and EARLIEST_SECONDS <= number <= LATEST_MILLISECONDS else None


def micros_of(raw: int) -> int:
    """Microseconds since 1970 on the clock that the raw time was read from."""
    return raw * 1000 if raw > MILLISECONDS_FROM else raw * 1_000_000


def micros_of_all(raw: Micros) -> Micros:
    return raw * np.where(raw > MILLISECONDS_FROM, 1000, 1_000_000)


def true_instant(micros: int, reading: TimeReading, received: int, imported: bool) -> tuple[int, str | None]:
    """UTC microseconds and the flag of one record.

    ``micros`` as from ``micros_of``; ``received``: Mixpanel's receipt in UTC milliseconds, 0 if unknown.
    Raises zoneinfo.ZoneInfoNotFoundError for an unknown zone.
    """
    if not reading.local:
        return micros, None
    zone, wall = ZoneInfo(reading.zone), NAIVE_EPOCH + timedelta(microseconds=micros)
    first, second = (_utc(wall.replace(tzinfo=zone, fold=fold)) for fold in (0, 1))
    if first == second:
        return first, None
    if first > second:
        return first, NONEXISTENT
    return _choose(first, second, received, imported)


def _utc(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // timedelta(microseconds=1)


def _choose(first: int, second: int, received: int, imported: bool) -> tuple[int, str | None]:
    limit = received * 1000 + SKEW
    if imported or received == 0 or first > limit:
        return first, AMBIGUOUS
    return (second if second <= limit else first), None


def true_instants(
    micros: Micros, reading: TimeReading, received: Micros, imported: npt.NDArray[np.bool_]
) -> tuple[Micros, dict[int, str]]:
    """The same for many records; flags by position, for the few that have one."""
    if not reading.local or not micros.size:
        return micros, {}
    instants = micros.copy()
    flags: dict[int, str] = {}
    years = micros.astype("datetime64[us]").astype("datetime64[Y]").astype(np.int64) + 1970
    for year in np.unique(years):
        at = np.flatnonzero(years == year)
        _convert(instants, at, flags, _changes(reading.zone, int(year)), received, imported)
    return instants, flags


@dataclass(frozen=True)
class Changes:
    """Offset changes of a zone around one year, microseconds. ``offsets`` has one more than the others.

    ``lower`` and ``upper`` bound, in wall clock time, what each change skips or repeats.
    """

    offsets: Micros
    lower: Micros
    upper: Micros


def _convert(
    instants: Micros,
    at: npt.NDArray[np.intp],
    flags: dict[int, str],
    changes: Changes,
    received: Micros,
    imported: npt.NDArray[np.bool_],
) -> None:
    wall = instants[at]
    before = np.searchsorted(changes.upper, wall, side="right")
    # Until the end of a gap or an overlap the old offset holds: it moves a gap forward and takes the first of two.
    instants[at] = wall - changes.offsets[before]
    if not changes.lower.size:
        return
    after = np.minimum(before, changes.lower.size - 1)
    for index in np.flatnonzero((before < changes.lower.size) & (wall >= changes.lower[after])):
        position, change = int(at[index]), int(before[index])
        if changes.offsets[change + 1] > changes.offsets[change]:
            flags[position] = NONEXISTENT
            continue
        second = int(wall[index] - changes.offsets[change + 1])
        chosen, flag = _choose(int(instants[position]), second, int(received[position]), bool(imported[position]))
        instants[position] = chosen
        if flag:
            flags[position] = flag


@lru_cache(maxsize=512)
def _changes(zone_name: str, year: int) -> Changes:
    zone = ZoneInfo(zone_name)
    start = datetime(max(year - 1, 1), 12 if year > 1 else 1, 29 if year > 1 else 1, tzinfo=UTC)
    stop = datetime(year, 12, 31, tzinfo=UTC) + timedelta(days=min(3, 9999 - year))
    found = _find_changes(zone, start, stop)
    offsets = [_offset(zone, start), *(_offset(zone, moment) for moment in found)]
    at = [_utc(moment) for moment in found]
    walls = [sorted((moment + offsets[i], moment + offsets[i + 1])) for i, moment in enumerate(at)]
    lower, upper = ([pair[side] for pair in walls] for side in (0, 1))
    return Changes(*(np.array(values, dtype=np.int64) for values in (offsets, lower, upper)))


def _find_changes(zone: ZoneInfo, start: datetime, stop: datetime) -> list[datetime]:
    """The first second of each new offset. No zone has changed its offset twice within six hours."""
    found, moment = [], start
    while moment < stop:
        following = min(moment + STEP, stop)
        if _offset(zone, moment) != _offset(zone, following):
            found.append(_bisect(zone, moment, following))
        moment = following
    return found


def _bisect(zone: ZoneInfo, old: datetime, new: datetime) -> datetime:
    offset = _offset(zone, old)
    while new - old > timedelta(seconds=1):
        middle = old + timedelta(seconds=(new - old) // timedelta(seconds=2))
        old, new = (middle, new) if _offset(zone, middle) == offset else (old, middle)
    return new


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset() or timedelta(0)
    return offset // timedelta(microseconds=1)
