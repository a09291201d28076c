"""What happens in the shop on one day: a list of planned events, before they become text.

The plan decides everything that is counted (names, instants, lateness, flaws); rendering only dresses it.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date
from enum import IntEnum
from typing import NamedTuple

from connectors.mixpanel.sample import visitors
from connectors.mixpanel.sample.projects import HOUR_MS, SampleProject

MAX_LAG_DAYS = 4
"""Phones deliver what they queued at most this many days later (Mixpanel's /track takes events up to 5 days old)."""

LATE_SESSIONS = 0.01
WEEKDAYS = (1.05, 1.02, 1.0, 1.03, 1.12, 0.95, 0.83)
HOURS = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 13, 12, 11, 11, 11, 12, 14, 16, 17, 15, 10, 5)
JOURNEYS: tuple[tuple[int, tuple[str, ...]], ...] = (
    (30, ("Page Viewed", "Page Viewed")),
    (24, ("Page Viewed", "Product Viewed", "Product Viewed")),
    (14, ("App Opened", "Search", "Product Viewed", "Added To Cart")),
    (9, ("Page Viewed", "Search", "Product Viewed", "Product Viewed", "Added To Cart", "Checkout Started")),
    (5, ("Page Viewed", "Signed Up", "Product Viewed", "Added To Cart")),
    (8, ("Page Viewed", "Product Viewed", "Added To Cart", "Checkout Started", "Purchase", "Order Confirmed")),
    (4, ("App Opened", "Product Viewed", "Added To Cart", "Checkout Started", "Purchase")),
    (2, ("Page Viewed", "Support Ticket")),
)
MEAN_LENGTH = sum(weight * len(steps) for weight, steps in JOURNEYS) / sum(weight for weight, _ in JOURNEYS)


class Flaw(IntEnum):
    """What is odd about a planned event. From ``NO_TIME`` on, it cannot become a valid record."""

    NONE = 0
    REPEATED = 1
    REPEATED_LATER = 2
    NO_INSERT_ID = 3
    NO_TIME = 4
    WORD_AS_TIME = 5
    NULL_AS_TIME = 6
    OBJECT_AS_ID = 7


BROKEN = (Flaw.WORD_AS_TIME, Flaw.OBJECT_AS_ID, Flaw.NO_TIME, Flaw.NULL_AS_TIME)
NO_FLAW = Flaw.NONE


class Planned(NamedTuple):
    """``instant_ms`` is true UTC; ``bits`` are 64 random bits that choose the details; ``lag`` is in days."""

    event: str
    visitor: int
    instant_ms: int
    bits: int
    flaw: Flaw
    lag: int

    @property
    def has_time(self) -> bool:
        """Whether Mixpanel could place it on a day."""
        return not Flaw.NO_TIME <= self.flaw <= Flaw.NULL_AS_TIME


def plan_day(project: SampleProject, day: date, seed: int, volume: int) -> list[Planned]:
    """The events of a day, late ones included. The same arguments always give the same list."""
    dice = random.Random(f"{seed}/{project.id}/{day.isoformat()}")  # noqa: S311 - sample data, not a secret
    plan = [event for session in _sessions(dice, project, day, volume) for event in session]
    _break_some(dice, plan)
    return plan


def _sessions(dice: random.Random, project: SampleProject, day: date, volume: int) -> Iterator[Iterator[Planned]]:
    hours = project.hours(day)
    volume_today = volume * WEEKDAYS[day.weekday()] * dice.uniform(0.97, 1.03) * len(hours) / 24
    count = max(1, round(volume_today / MEAN_LENGTH))
    starts = dice.choices(hours, [HOURS[hour.local_hour] for hour in hours], k=count)
    shapes = dice.choices([steps for _, steps in JOURNEYS], [weight for weight, _ in JOURNEYS], k=count)
    end_ms = hours[-1].start_ms + HOUR_MS
    for hour, steps in zip(starts, shapes, strict=True):
        yield _session(dice, hour.start_ms + int(dice.random() * HOUR_MS), end_ms, steps)


def _session(dice: random.Random, start_ms: int, end_ms: int, steps: tuple[str, ...]) -> Iterator[Planned]:
    # Squaring makes some visitors regulars and most of them rare.
    visitor = int(dice.random() ** 2 * visitors.POOL_SIZE)
    lag = dice.randint(2, MAX_LAG_DAYS) if dice.random() < LATE_SESSIONS else 0
    visitor = visitors.nearest_phone(visitor) if lag else visitor
    instant = start_ms
    for event in steps:
        if instant >= end_ms:
            return
        bits = dice.getrandbits(64)
        yield Planned(event, visitor, instant, bits, NO_FLAW if lag else _flaw(dice.random()), lag)
        instant += 2_000 + (bits & 0x1FFFF)


def _flaw(roll: float) -> Flaw:
    if roll > 0.007:
        return NO_FLAW
    if roll > 0.005:
        return Flaw.NO_INSERT_ID
    return Flaw.REPEATED if roll > 0.0025 else Flaw.REPEATED_LATER


def _break_some(dice: random.Random, plan: list[Planned]) -> None:
    """Spoil three to eight events that are there from the start, so that every load meets some."""
    sound = [index for index, event in enumerate(plan) if event.lag == 0 and event.flaw is NO_FLAW]
    chosen = dice.sample(sound, min(dice.randint(3, 8), len(sound)))
    for number, index in enumerate(chosen):
        plan[index] = plan[index]._replace(flaw=BROKEN[number % len(BROKEN)])
