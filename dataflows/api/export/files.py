"""The files a batch left in its dataset, their bytes, and the first rows of a dataset."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from ninja import Field, Query, Router, Schema

from dataflows import stores
from dataflows.api import datasets, errors, listing
from dataflows.api.access import reader
from dataflows.api.answers import Open, answers
from dataflows.api.batches import dataset_id
from dataflows.api.catalog.batches import find
from dataflows.api.export.batch_meta import MOST, PLACE, Listed, MetaQuery
from dataflows.models import Dataset, Run
from dataflows.runs.tokens import writer_of

if TYPE_CHECKING:
    from connectors.lake import LakeTable
    from connectors.lake.inspect import TableFile

router = Router(tags=["Data Access: files"], by_alias=True)
RANGE = re.compile(r"bytes=(\d{1,18})-(\d{1,18})?")
FILE_ID = re.compile(r"([0-9A-Z]{26})-1")
ROWS = 100
PARQUET = "application/vnd.apache.parquet"


class PreviewAnswer(Open):
    data: list[dict[str, Any]]


class FileQuery(Schema):
    path: str | None = Field(None, max_length=300)
    start: int = Field(0, ge=0, le=10_000_000)
    limit: int = Field(MOST, ge=1, le=MOST)


@router.get("/batches/{batch}/files", response=answers(Listed))
def batch_files(request: HttpRequest, batch: str, query: Query[MetaQuery]) -> JsonResponse:
    """The one dataset file of a batch; ``/files/{dataSetFileId}`` lists its parts."""
    listing.check_parameters(request, MetaQuery.model_fields)
    run = find(reader(request), batch)
    file_id = f"{batch}-1"
    data = [{"dataSetFileId": file_id, "dataSetViewId": dataset_id(run.dataflow.writes_to.uuid), "version": "1.0.0"}]
    data[0] |= {"_links": {"self": {"href": f"{PLACE}/files/{file_id}"}}}  # type: ignore[dict-item]
    return JsonResponse({"data": data, "_page": {"limit": query.limit, "count": 1}, "_links": {}})


@router.api_operation(["GET", "HEAD"], "/files/{data_set_file_id}", response=answers(Listed) | {206: None, 416: None})
def files(request: HttpRequest, data_set_file_id: str, query: Query[FileQuery]) -> HttpResponseBase:
    """The Parquet files of a batch that are part of the dataset now, or with ``path`` the bytes of one."""
    listing.check_parameters(request, FileQuery.model_fields)
    match = FILE_ID.fullmatch(data_set_file_id)
    if match is None:
        raise errors.not_found("file", data_set_file_id)
    run = find(reader(request), match[1])
    table = _table(run.dataflow.writes_to)
    found = _files_of(run, table) if table else []
    if query.path is None:
        return _listed(data_set_file_id, found, query)
    for file in found:
        if file.name == query.path.rpartition("/")[2] and table:
            return _download(request, table, file)
    raise errors.not_found("file", query.path)


@router.get("/datasets/{data_set_id}/preview", response=answers(PreviewAnswer))
def dataset_preview(request: HttpRequest, data_set_id: str) -> JsonResponse:
    """Up to a hundred rows of the latest days."""
    listing.check_parameters(request, ())
    table = _table(datasets.find(reader(request), data_set_id))
    _, rows = table.preview(ROWS) if table else ([], [])
    return JsonResponse({"data": [_plain(row) for row in rows], "_page": {"count": len(rows), "limit": ROWS}})


def _table(dataset: Dataset) -> LakeTable | None:
    """Raises LakeUnavailable."""
    try:
        return stores.lake().open(dataset.table)
    except LookupError:
        return None


def _files_of(run: Run, table: LakeTable) -> list[TableFile]:
    windows = set(run.windows.values_list("pk", flat=True))
    return [file for file in table.files() if writer_of(file.token) in windows]


def _listed(file_id: str, found: list[TableFile], query: FileQuery) -> JsonResponse:
    shown = found[query.start : query.start + query.limit]
    data = [
        {
            "name": file.name,
            "length": str(file.size),
            "_links": {"self": {"href": f"{PLACE}/files/{file_id}?path={file.name}"}},
        }
        for file in shown
    ]
    return JsonResponse({"data": data, "_page": {"limit": query.limit, "count": len(data)}, "_links": {}})


def _download(request: HttpRequest, table: LakeTable, file: TableFile) -> HttpResponseBase:
    """The whole file, or the bytes that the header Range asks for."""
    wanted = RANGE.fullmatch(request.headers.get("Range", ""))
    first = int(wanted[1]) if wanted else 0
    last = min(file.size - 1, int(wanted[2])) if wanted and wanted[2] else file.size - 1
    if first > last:
        refused = HttpResponse(status=416)
        refused["Content-Range"] = f"bytes */{file.size}"
        return refused
    answer = StreamingHttpResponse(table.read_file(file, first, last), content_type=PARQUET)
    answer["Content-Length"] = str(last - first + 1)
    answer["Content-Disposition"] = f'attachment; filename="{file.name}"'
    answer["Accept-Ranges"] = "bytes"
    if wanted:
        answer.status_code = 206
        answer["Content-Range"] = f"bytes {first}-{last}/{file.size}"
    return answer


def _plain(value: Any) -> Any:
    """A value as JSON has it; what is empty is left out."""
    match value:
        case Mapping():
            return {name: _plain(inner) for name, inner in value.items() if inner is not None}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case datetime() | date():
            return value.isoformat()
        case Decimal():
            return float(value)
        case bytes():
            return value.hex()
        case _:
            return value
