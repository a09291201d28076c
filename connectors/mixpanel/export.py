"""Raw export: ``GET /api/2.0/export`` (Mixpanel raw export API page).

No cursor, no row count, no end mark: what arrives is landed as it came, and whether it is complete is read from the
landed bytes. One request answers whole days, both ends inclusive.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from connectors.base import DayRange, Landed, LandingWriter, LandingZone, Progress, Record
from connectors.errors import BadRequest, ConnectorError, IncompleteExport, LandingUnavailable, ServiceDown
from connectors.http import Body
from connectors.mixpanel import outcomes
from connectors.mixpanel.client import MixpanelClient
from connectors.mixpanel.lines import BLANK, BLOCK, inflate, whole_lines

PATH = "/api/2.0/export"
GZIP_NAMES = frozenset({"gzip", "x-gzip"})
READ = 1 << 18
# Mixpanel refuses a larger ``limit`` with 400.
LARGEST_SAMPLE = 100_000
# No event fits into so few bytes, compressed or not; a gzip member without content takes about twenty.
EMPTY_SIZE = 64


def _params(client: MixpanelClient, project_id: str, days: DayRange) -> dict[str, str]:
    dates = {"from_date": days.first.isoformat(), "to_date": days.last.isoformat()}
    return {**client.credentials.project_params(project_id), **dates}


def _is_gzip(headers: Mapping[str, str]) -> bool:
    """Bodies up to 1400 bytes come uncompressed. Raises ServiceDown for an encoding nobody asked for."""
    encoding = headers.get("Content-Encoding", "").strip().lower()
    if encoding in GZIP_NAMES:
        return True
    if encoding not in ("", "identity"):
        raise ServiceDown(f"the export came in the encoding “{encoding[:20]}”, which was not asked for", status=200)
    return False


def copy(
    client: MixpanelClient, project_id: str, days: DayRange, landing: LandingZone, key: str, progress: Progress
) -> Landed:
    """Stream one export to ``key`` + ``.jsonl.gz`` or ``.jsonl``, as its encoding says, without decompressing it.

    ``progress`` is called with the bytes received so far after every chunk. Nothing stays in the landing zone when
    an error is raised: a refusal (see outcomes), ConnectionCut, Unreachable, LandingUnavailable or StorageFull.
    """
    with client.data.stream(PATH, _params(client, project_id, days)) as body:
        packed = _is_gzip(body.headers)
        landed_key = key + (".jsonl.gz" if packed else ".jsonl")
        size, start = _land(body, landing.create(landed_key), progress)
    is_empty = size <= EMPTY_SIZE and _is_blank(start, packed)
    return Landed(landed_key, size, body.status, is_empty, outcomes.announced(body.headers))


def _is_blank(body: bytes, packed: bool) -> bool:
    """Whether a whole body holds nothing but blanks. What is damaged is not blank: reading it back will tell."""
    try:
        return not b"".join(inflate([body]) if packed else [body]).strip(BLANK)
    except IncompleteExport:
        return False


def _land(body: Body, writer: LandingWriter, progress: Progress) -> tuple[int, bytes]:
    """Write everything and commit; returns the size and how it begins."""
    received, start = 0, b""
    try:
        for chunk in body.chunks:
            writer.write(chunk)
            received, start = received + len(chunk), start + chunk[: EMPTY_SIZE - len(start)]
            progress(received)
        writer.commit()
    except BaseException:
        # What went wrong first is the news, not that clearing up failed as well.
        with suppress(ConnectorError, OSError):
            writer.abort()
        raise
    return received, start


def blocks(landing: LandingZone, key: str, block_size: int = BLOCK) -> Iterator[bytes]:
    """The landed export ``key``, decompressed if it ends in ``.gz``, in blocks of whole lines of about ``block_size``.

    Blank lines may occur. Raises IncompleteExport at the latest at the end, when the compressed data or the last line
    is not whole; LandingUnavailable when reading fails.
    """
    with landing.open(key) as stored:
        raw = _stored_chunks(stored)
        yield from whole_lines(inflate(raw, block_size) if key.endswith(".gz") else raw, block_size)


def _stored_chunks(stored: Any) -> Iterator[bytes]:
    try:
        while chunk := stored.read(READ):
            yield bytes(chunk)
    except OSError as error:
        raise LandingUnavailable(f"reading from the landing zone failed: {type(error).__name__}") from error


def sample(client: MixpanelClient, project_id: str, days: DayRange, limit: int) -> list[Record]:
    """At most ``limit`` records for a preview; a line that is no event is left out.

    ``limit`` cuts without notice, so it never belongs into a copy. Raises BadRequest when it is out of 1 … 100 000.
    """
    if not 1 <= limit <= LARGEST_SAMPLE:
        raise BadRequest(f"a sample has 1 to {LARGEST_SAMPLE} records, not {limit}")
    records: list[Record] = []
    with client.data.stream(PATH, {**_params(client, project_id, days), "limit": str(limit)}) as body:
        chunks = inflate(body.chunks) if _is_gzip(body.headers) else body.chunks
        for block in whole_lines(chunks):
            records += filter(None, map(_record, block.split(b"\n")))
    return records[:limit]


def _record(line: bytes) -> Record | None:
    try:
        record = json.loads(line.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    if isinstance(record, dict) and isinstance(record.get("properties"), dict) and "event" in record:
        return record
    return None
