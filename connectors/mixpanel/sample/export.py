"""``GET /api/2.0/export``: raw events as lines of JSON, whole days, streamed day by day."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import chain, islice

from connectors.mixpanel.sample import parameters
from connectors.mixpanel.sample.archive import Archive
from connectors.mixpanel.sample.authentication import export_project
from connectors.mixpanel.sample.deflate import Segment, compress, gzip_stream
from connectors.mixpanel.sample.messages import Answer, Refused, Request, text
from connectors.mixpanel.sample.projects import SampleProject
from connectors.mixpanel.sample.state import State, within_limits

SMALLEST_GZIP = 1400
"""Mixpanel compresses bodies of more than this many bytes (raw export API page)."""

TOO_MANY = "too many export requests in progress for this project"


@dataclass(frozen=True)
class Wanted:
    """A checked request. ``events`` and ``limit`` are None when everything is wanted."""

    project: SampleProject
    days: tuple[date, ...]
    events: list[str] | None
    limit: int | None
    in_ms: bool


def export(request: Request, state: State) -> Answer:
    project = export_project(request)
    wanted = _wanted(request, project, state.archive)
    return within_limits(state.exports, project, request, lambda: _answer(request, wanted, state), busy=TOO_MANY)


def _wanted(request: Request, project: SampleProject, archive: Archive) -> Wanted:
    first, last = parameters.days(request, _bad)
    today = archive.today(project)
    if last > today:
        raise Refused(_bad("to_date cannot be later than today"))
    if "where" in request.query:
        raise Refused(_bad("where is not supported by the sample Mixpanel"))
    start = max(first, project.first_day(today))
    return Wanted(
        project,
        tuple(start + timedelta(days=n) for n in range((last - start).days + 1)),
        parameters.names(request, _bad),
        parameters.number(request, "limit", None, _bad),
        request.query.get("time_in_ms", "").lower() == "true",
    )


def _bad(message: str) -> Answer:
    return text(400, message)


def _answer(request: Request, wanted: Wanted, state: State) -> Answer:
    sent: dict[date, int] = {}
    head, segments = _peek(_segments(wanted, state.archive, sent))
    state.served.count_request()

    def done(complete: bool) -> None:
        if complete and wanted.limit is None:
            state.served.count_lines(wanted.project.id, sent, full=wanted.events is None)

    if head <= SMALLEST_GZIP:
        return Answer(200, b"".join(segment.plain() for segment in segments), done=done)
    if request.takes_gzip:
        return Answer(200, gzip_stream(segments), headers={"Content-Encoding": "gzip"}, done=done)
    return Answer(200, (segment.plain() for segment in segments), done=done)


def _peek(segments: Iterator[Segment]) -> tuple[int, Iterator[Segment]]:
    """Plain bytes at hand as soon as they decide about compression, and all the segments."""
    taken: list[Segment] = []
    size = 0
    for segment in segments:
        taken.append(segment)
        size += segment.size
        if size > SMALLEST_GZIP:
            break
    return size, chain(taken, segments)


def _segments(wanted: Wanted, archive: Archive, sent: dict[date, int]) -> Iterator[Segment]:
    """The days one after another; ``sent`` collects how many lines each had."""
    left = wanted.limit
    for day in wanted.days:
        segment = _segment(wanted, archive, day, left)
        sent[day] = segment.lines
        left = None if left is None else left - segment.lines
        yield segment
        if left == 0:
            return


def _segment(wanted: Wanted, archive: Archive, day: date, limit: int | None) -> Segment:
    if wanted.events is None and limit is None:
        return archive.segment(wanted.project, day, in_ms=wanted.in_ms)
    texts: Iterable[str] = archive.lines(wanted.project, day, in_ms=wanted.in_ms)
    if wanted.events is not None:
        prefixes = tuple(f'{{"event":{json.dumps(name, ensure_ascii=False)},' for name in wanted.events)
        texts = (lines for lines in texts if lines.startswith(prefixes))
    if limit is None:
        return compress(texts)
    # A repeated event is one text of two lines: the limit counts lines.
    return compress(islice((line for lines in texts for line in lines.splitlines(keepends=True)), limit))
