"""Some rejected records of a group, with what is wrong in them marked.

Files of rejected records can be large and a group rare in them, so reading ends after a number of bytes; the first
record of each group of a window is stored with the window and found without a file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from operator import attrgetter
from typing import Any

from connectors.errors import ConnectorError
from dataflows import stores
from dataflows.diagnostics import marking, sources
from dataflows.diagnostics.groups import Group, Key
from dataflows.diagnostics.marking import Piece
from dataflows.diagnostics.readings import REJECTED, Reading
from dataflows.mapping import Refusal
from dataflows.models import Run
from dataflows.runs import rejects

SHOWN = 10
PER_DAY = 3
# Of so many times as many records the most varied are shown.
LOOKED_AT = 10
# About a tenth of a second's work.
MOST_BYTES = 40_000_000
# AEP previews as many.
PREVIEWED = 100


@dataclass(frozen=True)
class Sample:
    """A record. ``missing`` when it lacks the value that is looked for; ``line`` is 0 when it is not known."""

    day: date | None
    run: int
    line: int
    code: str
    field: str
    message: str
    pieces: list[Piece]
    missing: bool
    file: str = ""


@dataclass
class Samples:
    """``unread`` when there are more bytes than were looked at, ``failure`` when the landing zone did not answer."""

    found: list[Sample] = field(default_factory=list)
    unread: bool = False
    failure: ConnectorError | None = None


def of_group(readings: Sequence[tuple[Reading, int]], group: Group) -> Samples:
    """A few records of each day that has the group, as given; the stored one when no file has any."""
    found = Samples()
    if group.key.kind == REJECTED:
        try:
            _search(readings, group.key, found)
        except ConnectorError as error:
            found.failure = error
    if not found.found and group.sample:
        found.found = [_stored(group, line) for line in group.sample.splitlines()]
    return found


def preview(readings: Sequence[Reading]) -> Samples:
    """The first rejected records of all days, newest day first, whatever their reason."""
    found, budget = Samples(), _Budget()
    mappings = _mappings({reading.run for reading in readings})
    try:
        for reading in reversed(readings):
            for record in _records(reading, None, budget):
                if len(found.found) == PREVIEWED:
                    return found
                found.found.append(_sample(reading, record, mappings[reading.run]))
    except ConnectorError as error:
        found.failure = error
    found.unread = budget.is_spent
    return found


@dataclass
class _Budget:
    left: int = MOST_BYTES

    @property
    def is_spent(self) -> bool:
        return self.left <= 0

    def take(self, size: int) -> bool:
        self.left -= size
        return not self.is_spent


def _search(readings: Sequence[tuple[Reading, int]], key: Key, found: Samples) -> None:
    budget = _Budget()
    mappings = _mappings({reading.run for reading, _ in readings[:SHOWN]})
    for reading, count in readings[:SHOWN]:
        wanted = min(PER_DAY if len(readings) > 1 else SHOWN, SHOWN - len(found.found), count)
        if wanted <= 0:
            break
        records = islice(_records(reading, (key.code, key.field), budget), wanted * LOOKED_AT)
        samples = (_sample(reading, record, mappings[reading.run]) for record in records)
        found.found += _varied(samples, wanted)
    found.unread = budget.is_spent


def _varied(samples: Iterator[Sample], wanted: int) -> list[Sample]:
    """As many as wanted; a value that was shown already only when there are not enough others."""
    fresh: list[Sample] = []
    known: list[Sample] = []
    seen: set[tuple[Piece, ...]] = set()
    for sample in samples:
        value = tuple(piece for piece in sample.pieces if piece.marked)
        (known if value in seen else fresh).append(sample)
        seen.add(value)
        if len(fresh) == wanted:
            break
    return sorted([*fresh, *known][:wanted], key=attrgetter("line"))


def _records(reading: Reading, group: tuple[str, str] | None, budget: _Budget) -> Iterator[dict[str, Any]]:
    storage = stores.landing()
    if not reading.key or budget.is_spent or not storage.exists(reading.key):
        return
    for line in rejects.lines(storage, reading.key):
        if group is None or rejects.is_of(line, group):
            yield rejects.decoded(line)
        if not budget.take(len(line)):
            return


def _mappings(runs: set[int]) -> Mapping[int, sources.Stored]:
    return dict(Run.objects.filter(pk__in=runs).values_list("pk", "mapping"))


def _sample(reading: Reading, record: Mapping[str, Any], mapping: sources.Stored) -> Sample:
    paths = sources.paths_of(record["field"], mapping)
    return Sample(
        day=reading.day,
        run=reading.run,
        line=record["line"],
        code=record["code"],
        field=record["field"],
        message=marking.visible(record["message"]),
        pieces=marking.marked(record["raw"], paths, broken=record["code"] == Refusal.UNPARSABLE),
        missing=marking.absent(record["raw"], paths),
        file=reading.key.rpartition("/")[2],
    )


def _stored(group: Group, raw: str) -> Sample:
    """The sample that came with the newest window; it may be cut."""
    mapping = _mappings({group.last_run}).get(group.last_run, [])
    paths = sources.paths_of(group.key.field, mapping)
    broken = group.key.code == Refusal.UNPARSABLE and len(raw) < rejects.SAMPLE_CHARACTERS
    pieces = marking.marked(raw, paths, broken=broken)
    return Sample(None, group.last_run, 0, group.key.code, group.key.field, group.message, pieces, missing=False)
