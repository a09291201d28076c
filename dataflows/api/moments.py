"""Points in time as AEP writes them: epoch milliseconds on entities, epoch seconds in schedules."""

from __future__ import annotations

from datetime import datetime


def millis(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def seconds(moment: datetime) -> int:
    return int(moment.timestamp())
