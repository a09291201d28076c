"""The diagnostics of a batch: input files, rows with errors, a sample of them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema

from dataflows import stores
from dataflows.api import errors, listing
from dataflows.api.access import reader
from dataflows.api.answers import Open, answers
from dataflows.api.catalog.batches import find
from dataflows.diagnostics.downloads import Files, kept_files
from dataflows.diagnostics.manifest import landed_files
from dataflows.models import Run
from dataflows.runs import rejects

router = Router(tags=["Data Access: diagnostics"], by_alias=True)
MOST = 100
SAMPLES = 100
SAMPLE_NAMES = ("row_error_samples.json", "row_errors_sample.json")
ERRORS, INPUTS = "row_errors", "input_files"
PLACE = "/data/foundation/export"


class MetaQuery(Schema):
    """Without ``path``: what there is. A directory lists its files, a file is downloaded."""

    path: str | None = Field(None, max_length=200)
    start: int = Field(0, ge=0, le=1_000_000)
    limit: int = Field(MOST, ge=1, le=MOST)


class Listed(Open):
    data: list[dict[str, Any]]


@router.get("/batches/{batch}/meta", response=answers(Listed))
def batch_meta(request: HttpRequest, batch: str, query: Query[MetaQuery]) -> HttpResponseBase:
    """``row_errors``, ``input_files`` and ``row_error_samples.json``; files come as JSON lines."""
    listing.check_parameters(request, MetaQuery.model_fields)
    run = find(reader(request), batch)
    path = (query.path or "").strip("/")
    if not path:
        return listed_files(batch, "meta", _directory(run), query)
    if path == INPUTS:
        return listed_files(batch, "meta", _inputs(run), query)
    if path in SAMPLE_NAMES:
        return JsonResponse(list(itertools.islice(_error_rows(kept_files(run)), SAMPLES)), safe=False)
    if path == ERRORS:
        return listed_files(batch, "meta", _error_files(kept_files(run)), query)
    return _file(run, path)


@router.get("/batches/{batch}/failed", response=answers(Listed))
def batch_failed(request: HttpRequest, batch: str, query: Query[MetaQuery]) -> HttpResponseBase:
    """The files of rows that could not be loaded, or with ``path`` one of them."""
    listing.check_parameters(request, MetaQuery.model_fields)
    run = find(reader(request), batch)
    path = (query.path or "").strip("/")
    if not path:
        return listed_files(batch, "failed", _error_files(kept_files(run)), query)
    return _file(run, path)


def listed_files(batch: str, address: str, files: Sequence[tuple[str, int]], query: MetaQuery) -> JsonResponse:
    """``{"data": [{"name", "length", "_links"}], "_page", "_links"}``; the length of what is not counted is 0."""
    shown = files[query.start : query.start + query.limit]
    data = [
        {
            "name": name.rpartition("/")[2],
            "length": str(size),
            "_links": {"self": {"href": f"{PLACE}/batches/{batch}/{address}?path={name}"}},
        }
        for name, size in shown
    ]
    return JsonResponse({"data": data, "_page": {"limit": query.limit, "count": len(data)}, "_links": {}})


def _directory(run: Run) -> list[tuple[str, int]]:
    return [(INPUTS, 0), (ERRORS, 0), (SAMPLE_NAMES[0], 0)]


def _inputs(run: Run) -> list[tuple[str, int]]:
    return [(f"{INPUTS}/{each.key.rpartition('/')[2]}", each.size) for each in landed_files(run.pk)]


def _error_files(files: Files) -> list[tuple[str, int]]:
    storage = stores.landing()
    return [(_name(number), storage.size(key)) for number, (_, key) in enumerate(files)]


def _name(number: int) -> str:
    return f"{ERRORS}/conversion_errors_{number}.json"


def _file(run: Run, path: str) -> HttpResponseBase:
    """A file of rows with errors as JSON lines. Raises ApiError 1101-404."""
    files = kept_files(run)
    wanted = path if path.startswith(f"{ERRORS}/") else f"{ERRORS}/{path}"
    for number, each in enumerate(files):
        if wanted == _name(number):
            rows = _error_rows([each])
            return StreamingHttpResponse(
                (json.dumps(row).encode() + b"\n" for row in rows), content_type="application/x-ndjson"
            )
    raise errors.not_found("file", path)


def _error_rows(files: Files) -> Iterator[dict[str, Any]]:
    """The original row with ``_errors`` and ``_filename``, as AEP's diagnostics have it."""
    storage = stores.landing()
    for day, key in files:
        for record in rejects.read(storage, [key]):
            yield _row(record, f"{day}.jsonl")


def _row(record: Mapping[str, Any], name: str) -> dict[str, Any]:
    place = f" ({record['field']})" if record["field"] else ""
    told = {
        "_errors": [{"code": record["code"], "message": f"{record['message']}{place}", "column": record["field"]}],
        "_filename": name,
        "_line": record["line"],
    }
    return {**_original(record["raw"]), **told}


def _original(raw: str) -> dict[str, Any]:
    """The row as it came; one that cannot be read stands under ``_corrupt_record``."""
    try:
        row = json.loads(raw)
    except ValueError:
        return {"_corrupt_record": raw}
    return row if isinstance(row, dict) else {"_corrupt_record": raw}
