"""Does ``time`` hold true UTC, or the project's wall clock written as if it were UTC?

Projects created before early 2023 store local time (Mixpanel, "Managing time zones"); no API tells which rule a
project follows and the sources disagree about the date. But the receipt stamps ``$mp_api_timestamp_ms`` and
``mp_processing_time_ms`` are true UTC always, and a live event is received seconds to minutes after it happened:
the usual distance between the two tells. The mode counts, not the mean, because offline queues make long tails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo

from connectors.base import Record
from connectors.mixpanel import timezones
from connectors.shares import percent

Semantic = Literal["utc", "legacy", "unknown"]

# All offsets in use are multiples of a quarter of an hour.
BIN = 900
# Fewer live events than this prove nothing; 200 or more from several days are better.
FEWEST_EVENTS = 50
SMALLEST_SHARE = 0.3
# How much more frequent the winner must be than the best reading that contradicts it.
CLEAR_LEAD = 2
# Numbers above this are milliseconds: as seconds they would lie after the year 2286.
MILLISECONDS = 10_000_000_000
MOST_FREQUENT = 8
YEAR = timedelta(days=365)
RECEIPTS = ("$mp_api_timestamp_ms", "mp_processing_time_ms")


@dataclass(frozen=True)
class Verdict:
    """``evidence`` is JSON-safe.

    Keys: ``events`` (live events used), ``imported`` and ``unusable`` (left out), ``mode_offset`` (seconds from
    ``time`` to receipt, ``None`` without events), ``counts`` (the most frequent offsets → events), ``utc_events`` and
    ``legacy_events`` (how many fit each reading), ``share`` (of the winner), ``zone``, ``sentence`` (for a person).
    """

    semantic: Semantic
    evidence: dict[str, Any]


@dataclass(frozen=True)
class Delay:
    """One live event: from ``time`` to receipt and the project's UTC offset at receipt, both in bins."""

    received: float
    distance: int
    offset: int

    @property
    def fits_utc(self) -> bool:
        return self.distance == 0

    @property
    def fits_legacy(self) -> bool:
        return self.distance == -self.offset


def detect(records: Iterable[Record], zone: str) -> Verdict:
    """Judge sample records of one project whose zone is ``zone`` (IANA). Raises UnknownTimezone."""
    tz = ZoneInfo(timezones.canonical(zone))
    all_properties = [record["properties"] for record in records]
    live = [properties for properties in all_properties if properties.get("$import") is not True]
    delays = [delay for properties in live if (delay := _delay(properties, tz)) is not None]
    semantic, why = _judge(delays, tz)
    evidence = _evidence(delays, semantic)
    counted = {"imported": len(all_properties) - len(live), "unusable": len(live) - len(delays)}
    return Verdict(semantic, {**evidence, **counted, "zone": tz.key, "sentence": why})


def _delay(properties: dict[str, Any], tz: ZoneInfo) -> Delay | None:
    happened = _seconds(properties.get("time"))
    received = next((value for name in RECEIPTS if (value := _seconds(properties.get(name))) is not None), None)
    if happened is None or received is None:
        return None
    return Delay(received, round((received - happened) / BIN), _offset(received, tz))


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 < value <= 1000 * MILLISECONDS:
        return None
    seconds = value / 1000 if value > MILLISECONDS else float(value)
    # 1971 … 2286: what Mixpanel accepts; anything else is not a time.
    return seconds if 31_536_000 <= seconds <= MILLISECONDS else None


def _offset(instant: float, tz: ZoneInfo) -> int:
    offset = datetime.fromtimestamp(instant, tz).utcoffset() or timedelta()
    return round(offset.total_seconds() / BIN)


def _judge(delays: list[Delay], tz: ZoneInfo) -> tuple[Semantic, str]:
    if _same_as_utc(delays, tz):
        return "utc", f"Clocks in {tz.key} show UTC all year, so both readings are the same."
    telling = [delay for delay in delays if delay.offset != 0]
    if len(telling) < FEWEST_EVENTS:
        return "unknown", _too_few(delays, telling, tz)
    utc, legacy = [delay.fits_utc for delay in telling], [delay.fits_legacy for delay in telling]
    if _is_clear(telling, utc):
        return "utc", _counted(utc, "carry true UTC times")
    if _is_clear(telling, legacy):
        return "legacy", _counted(legacy, f"carry the wall clock of {tz.key} instead of UTC")
    return "unknown", _unclear(telling)


def _same_as_utc(delays: list[Delay], tz: ZoneInfo) -> bool:
    """Whether the zone agrees with UTC for a year around the events; one summer or winter alone proves nothing."""
    if tz.key == "UTC" or not delays:
        return tz.key == "UTC"
    days = [datetime.fromtimestamp(delay.received, UTC).date() for delay in delays]
    return timezones.same_rules(tz.key, "UTC", min(days) - YEAR, max(days) + YEAR)


def _is_clear(telling: list[Delay], fits: list[bool]) -> bool:
    others = Counter(delay.distance for delay, fit in zip(telling, fits, strict=True) if not fit)
    rival = max(others.values(), default=0)
    return sum(fits) >= SMALLEST_SHARE * len(telling) and sum(fits) >= CLEAR_LEAD * rival


def _counted(fits: list[bool], words: str) -> str:
    share = percent(sum(fits), len(fits)).removesuffix(".0")
    return f"{sum(fits):,} of {len(fits):,} live events ({share}%) {words}."


def _too_few(delays: list[Delay], telling: list[Delay], tz: ZoneInfo) -> str:
    if len(delays) >= FEWEST_EVENTS and len(telling) < len(delays):
        return (
            f"At the time of most of these events {tz.key} showed the same time as UTC, so they cannot tell. "
            "Events from the other half of the year can."
        )
    return f"Only {len(telling):,} live events tell when they were received; at least {FEWEST_EVENTS} are needed."


def _unclear(telling: list[Delay]) -> str:
    mode, count = Counter(delay.distance for delay in telling).most_common(1)[0]
    if mode == 0 or count < SMALLEST_SHARE * len(telling):
        return f"The distances between the event times and their receipt do not agree ({len(telling):,} events)."
    hours = -mode * BIN / 3600
    return (
        f"Most event times lie {abs(hours):g} hours {'ahead of' if hours > 0 else 'behind'} their receipt, which fits "
        "neither UTC nor the project's zone: the zone of the project may have been changed."
    )


def _evidence(delays: list[Delay], semantic: Semantic) -> dict[str, Any]:
    distances = Counter(delay.distance * BIN for delay in delays)
    fits = {"utc": sum(delay.fits_utc for delay in delays), "legacy": sum(delay.fits_legacy for delay in delays)}
    return {
        "events": len(delays),
        "mode_offset": distances.most_common(1)[0][0] if delays else None,
        "counts": {str(distance): count for distance, count in distances.most_common(MOST_FREQUENT)},
        "utc_events": fits["utc"],
        "legacy_events": fits["legacy"],
        "share": round(fits.get(semantic, 0) / len(delays), 4) if delays else 0.0,
    }
