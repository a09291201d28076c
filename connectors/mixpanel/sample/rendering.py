"""Planned events as the lines that Mixpanel's raw export sends."""

from __future__ import annotations

from datetime import date, timedelta

from connectors.mixpanel.sample import details
from connectors.mixpanel.sample.journeys import MAX_LAG_DAYS, Flaw, Planned
from connectors.mixpanel.sample.projects import HOUR_MS, SampleProject
from connectors.mixpanel.sample.visitors import visitors

LINE = (
    '{"event":"%s","properties":{"time":%d,"distinct_id":%s,"$insert_id":"%016x",'
    '"$mp_api_timestamp_ms":%d,"mp_processing_time_ms":%d,%s,%s}}\n'
)
ODD_LINE = (
    '{"event":"%s","properties":{%s"distinct_id":%s,%s"$mp_api_timestamp_ms":%d,"mp_processing_time_ms":%d,%s,%s}}\n'
)
BROKEN_TIMES = {Flaw.NO_TIME: "", Flaw.WORD_AS_TIME: '"time":"yesterday",', Flaw.NULL_AS_TIME: '"time":null,'}
# Looking a member up in its enumeration costs more than the comparison itself, 20,000 times a day.
REPEATED, REPEATED_LATER, NO_INSERT_ID = Flaw.REPEATED, Flaw.REPEATED_LATER, Flaw.NO_INSERT_ID


class DayRenderer:
    """Writes the events of one export day; ``in_ms`` is the request's ``time_in_ms``."""

    def __init__(self, project: SampleProject, day: date, *, in_ms: bool) -> None:
        hours = project.hours(day)
        self.start_ms = hours[0].start_ms
        self.end_ms = hours[-1].start_ms + HOUR_MS
        self.offsets = [hour.offset_ms for hour in hours]
        self.unit = 1 if in_ms else 1000
        self.arrivals = [project.hours(day + timedelta(days=lag))[0].start_ms for lag in range(MAX_LAG_DAYS + 1)]
        self.visitors = visitors(project)
        self.details = {event: details.pool(event) for event in details.DETAILS}

    def lines(self, planned: Planned, received_ms: int | None = None) -> str:
        """One line, or two for a repeated event, each with its newline. ``received_ms`` overrides the arrival."""
        flaw, bits = planned.flaw, planned.bits
        received = self._received(planned) if received_ms is None else received_ms
        line = self._line(planned, received, received + 40 + (bits >> 20) % 900)
        if flaw is REPEATED:
            return line + line
        if flaw is REPEATED_LATER:
            return line + self._line(planned, received, received + 1_000 + (bits >> 24) % HOUR_MS)
        return line

    def _line(self, planned: Planned, received: int, processed: int) -> str:
        event, visitor_index, instant, bits, flaw, _ = planned
        distinct_id, properties = self.visitors[visitor_index]
        details = self.details[event][bits >> 56]
        raw = (instant + self.offsets[(instant - self.start_ms) // HOUR_MS]) // self.unit
        if flaw < NO_INSERT_ID:
            return LINE % (event, raw, distinct_id, bits, received, processed, properties, details)
        return ODD_LINE % (
            event,
            BROKEN_TIMES.get(flaw, f'"time":{raw},'),
            distinct_id if flaw is not Flaw.OBJECT_AS_ID else f'{{"id":{distinct_id}}}',
            "" if flaw is NO_INSERT_ID else f'"$insert_id":"{bits:016x}",',
            received,
            processed,
            properties,
            details,
        )

    def _received(self, planned: Planned) -> int:
        """When Mixpanel got it: within seconds, hours later by import, or days later from a phone that was offline."""
        spread = planned.bits >> 8
        if planned.lag:
            return self.arrivals[planned.lag] - spread % (6 * HOUR_MS) - 1_000
        if planned.event == "Order Confirmed":
            return min(planned.instant_ms + HOUR_MS + spread % (3 * HOUR_MS), self.end_ms)
        return planned.instant_ms + 150 + spread % 4_000
