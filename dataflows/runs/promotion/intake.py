"""A window's records, sorted into days while they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from dataflows.mapping import Evaluated, Rejected
from dataflows.runs.promotion.spool import DaySpool
from dataflows.runs.rejects import Reasons, RejectedFiles

EPOCH = date(1970, 1, 1)
OUTSIDE = "INGEST-1502-400"
ANONYMOUS = "rows_without_insert_id"
FLAGS = {
    "nonexistent_local_time": "The local time is in the hour that the clocks skip; it was moved forward.",
    "ambiguous_local_time": "The local time is in the hour that the clocks repeat; the first of both was taken.",
}


class Undated(Exception):
    """An answer of several days has a record that is of none of them: only a request for each day can tell of which."""


@dataclass(frozen=True)
class Days:
    """``landed`` are the days that were asked of Mixpanel, ``wanted`` those of them to be promoted now.

    ``can_ask``: Mixpanel can be asked for each of them again.
    """

    landed: list[date]
    wanted: list[date]
    can_ask: bool = False

    def place(self, day: date | None) -> date:
        """The day on which a record is accounted for. Raises Undated."""
        if day in self.landed:
            return day
        if self.can_ask and len(self.landed) > 1:
            raise Undated
        return self.landed[0]


@dataclass
class Intake:
    """``anonymous`` counts the records without insert id that were accepted, by day, ``undated`` those of no day.

    ``ignored`` counts those of landed days that are not wanted now; all others are accounted for.
    """

    days: Days
    scratch: Path
    rejected_files: RejectedFiles
    reasons: Reasons = field(default_factory=Reasons)
    spools: dict[date, DaySpool] = field(default_factory=dict)
    anonymous: Counter[date] = field(default_factory=Counter)
    undated: Counter[date] = field(default_factory=Counter)
    received: int = 0
    ignored: int = 0

    def take(self, found: Evaluated) -> None:
        self._note_warnings(found)
        for record in found.rejected:
            self.reject(record)
        for day, rows in _by_day(found):
            self._keep(found, day, rows)
        self.received += found.received

    def reject(self, record: Rejected) -> None:
        """Raises Undated."""
        day = self.days.place(record.day)
        self.undated[day] += record.day != day
        if day not in self.days.wanted:
            self.ignored += 1
            return
        self.reasons.reject(record, day, shown=self.rejected_files.keeps)
        self.rejected_files.add(day, record)

    def _keep(self, found: Evaluated, day: date, rows: np.ndarray | None) -> None:
        batch = found.batch if rows is None else found.batch.filter(pa.array(rows))
        numbers, anonymous = (each if rows is None else each[rows] for each in (found.lines, found.anonymous))
        if day not in self.days.landed:
            self._reject_foreign(found, numbers.tolist(), day)
            return
        if day not in self.days.wanted:
            self.ignored += batch.num_rows
            return
        self._spool_of(day, batch.schema).append(batch)
        if anonymous.any():
            self.anonymous[day] += int(anonymous.sum())
            self._note_anonymous(int(anonymous.sum()), day, found.raw(int(numbers[anonymous][0])))

    def _spool_of(self, day: date, schema: pa.Schema) -> DaySpool:
        if day not in self.spools:
            self.spools[day] = DaySpool(self.scratch, day.isoformat(), schema)
        return self.spools[day]

    def _note_warnings(self, found: Evaluated) -> None:
        """Of the wanted days only: what is not promoted now is not said anything about."""
        for (code, name, message, number), count in found.warnings.items():
            if (day := _day(number)) in self.days.wanted:
                self.reasons.note("warning", code, name, message, count, day)
        for (code, name), line in found.examples.items():
            if self.rejected_files.keeps and self.reasons.wants_sample("warning", code, name):
                self.reasons.show("warning", code, name, found.raw(line))
        for (flag, number), count in found.flags.items():
            if (day := _day(number)) in self.days.wanted:
                self.reasons.note("notice", flag, "properties.time", FLAGS[flag], count, day)

    def _note_anonymous(self, count: int, day: date, raw: bytes) -> None:
        message = "Mixpanel cannot recognise a second copy of these, so only identical lines count as duplicates."
        self.reasons.note("notice", ANONYMOUS, "properties.$insert_id", message, count, day)
        if self.reasons.wants_sample("notice", ANONYMOUS, "properties.$insert_id"):
            self.reasons.show("notice", ANONYMOUS, "properties.$insert_id", raw)

    def _reject_foreign(self, found: Evaluated, numbers: list[int], day: date) -> None:
        asked = self.days.landed
        message = f"The record's time is on {day}, asked for were {asked[0]} to {asked[-1]}."
        for number in numbers:
            self.reject(Rejected(number, found.raw(number), OUTSIDE, "properties.time", message, None))


def _by_day(found: Evaluated) -> Iterator[tuple[date, np.ndarray | None]]:
    """Each day among the rows with a mask, or with ``None`` when it is the only one, as nearly always."""
    if found.days.size and found.days.min() == found.days.max():
        yield _day(found.days[0]), None
        return
    for number in np.unique(found.days):
        yield _day(number), found.days == number


def _day(number: int | np.int32) -> date:
    return EPOCH + timedelta(days=int(number))
