"""The Parquet files of one day of one dataflow, written before anybody can see them."""

from __future__ import annotations

import re
import uuid
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING, Self, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import PyArrowFileIO, schema_to_pyarrow
from pyiceberg.typedef import Record

from connectors.lake.columns import missing
from connectors.lake.durable import flush_native, open_native
from connectors.lake.failures import lake_failures

if TYPE_CHECKING:
    from connectors.lake.table import LakeTable

ROW_GROUP_ROWS = 65_536
ROW_GROUP_BYTES = 16 * 1024 * 1024
"""Arrow memory held back before a row group is written, whichever limit is met first."""
FILE_BYTES = 256 * 1024 * 1024
ROWS_LOOKED_AT = 4_096
MOSTLY_DIFFERENT = 0.5
"""Share of different values among the first rows from which on a dictionary would be made only to be given up."""

TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class PartFile:
    """A finished data file. ``rows`` > 0, ``size`` in bytes, ``path`` a full path or URL."""

    path: str
    dataflow: str
    day: date
    rows: int
    size: int


def token_of(path: str) -> str:
    """The token that a data file was written under."""
    return path.rpartition("/")[2].rsplit("-", 2)[0]


class PartWriter:
    """Writes the batches of one day to as many files as needed.

    ``token`` begins every file name, so that files of an attempt that died can be told from others.
    A batch has the table's own columns, in any order, without the partition columns. Columns that it lacks, nested
    ones too, are null: the table may have got them after whoever made the batch looked.
    Used as a context manager it removes its files when the block raises.
    Methods raise LakeUnavailable or StorageFull; ``write`` raises ValueError for a column that the table has not.
    """

    def __init__(self, table: LakeTable, dataflow: str, day: date, *, token: str, file_bytes: int = FILE_BYTES) -> None:
        if not dataflow or not TOKEN.fullmatch(token):
            raise ValueError(f"Not a dataflow and a token for file names: {dataflow!r}, {token!r}")
        self._dataflow, self._day, self._token, self._file_bytes = dataflow, day, token, file_bytes
        current = table.load()
        self._io = cast(PyArrowFileIO, current.io)
        self._schema: pa.Schema = _with_small_types(schema_to_pyarrow(current.schema()))
        partition = current.spec().partition_to_path(Record(dataflow, (day - EPOCH).days), current.schema())
        self._folder = f"{current.location_provider().data_path}/{partition}"
        self._held: list[pa.RecordBatch] = []
        self._finished: list[PartFile] = []
        self._file: _OpenFile | None = None

    def write(self, batch: pa.RecordBatch) -> None:
        if batch.num_rows == 0:
            return
        self._held.append(self._complete(batch))
        rows = sum(held.num_rows for held in self._held)
        if rows >= ROW_GROUP_ROWS or sum(held.nbytes for held in self._held) >= ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> list[PartFile]:
        """Finishes; the files of the day, none if there were no rows."""
        self._flush()
        self._finish_file()
        return list(self._finished)

    def abort(self) -> None:
        """Removes every file written so far. Best effort: what stays is never part of the table."""
        self._held.clear()
        paths = [part.path for part in self._finished]
        if self._file is not None:
            paths.append(self._file.path)
            self._file.discard()
        self._file, self._finished = None, []
        for path in paths:
            with suppress(OSError, pa.ArrowException):
                self._io.delete(path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if kind is not None:
            self.abort()

    def _complete(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        own = list(self._schema)[2:]
        if unknown := set(batch.schema.names) - {field.name for field in own}:
            raise ValueError(f"The table has no column {sorted(unknown)[0]}.")
        partition = [
            pa.repeat(pa.scalar(self._dataflow, self._schema.field(0).type), batch.num_rows),
            pa.repeat(pa.scalar(self._day, pa.date32()), batch.num_rows),
        ]
        columns = [_column(batch, field) for field in own]
        return pa.RecordBatch.from_arrays(partition + columns, schema=self._schema)

    def _flush(self) -> None:
        if not self._held:
            return
        block = pa.Table.from_batches(self._held)
        self._held.clear()
        with lake_failures():
            self._file = self._file or _OpenFile(self._io, self._new_path(), block)
            self._file.write(block)
        if self._file.size >= self._file_bytes:
            self._finish_file()

    def _finish_file(self) -> None:
        if self._file is None:
            return
        with lake_failures():
            rows, size = self._file.finish()
        self._finished.append(PartFile(self._file.path, self._dataflow, self._day, rows, size))
        self._file = None

    def _new_path(self) -> str:
        return f"{self._folder}/{self._token}-{len(self._finished):05d}-{uuid.uuid4().hex[:8]}.parquet"


class _OpenFile:
    """One Parquet file under construction, its columns marked with the table's field ids."""

    def __init__(self, io: PyArrowFileIO, path: str, first_rows: pa.Table) -> None:
        self.path = path
        self.rows = 0
        self._sink = open_native(io, path)
        repetitive, telling = _kinds_of_columns(first_rows.slice(0, ROWS_LOOKED_AT))
        # Without Arrow's own schema in the file every reader sees the plain Parquet types.
        self._writer = pq.ParquetWriter(
            self._sink,
            first_rows.schema,
            compression="zstd",
            store_schema=False,
            use_dictionary=repetitive,
            write_statistics=telling,
        )

    @property
    def size(self) -> int:
        return int(self._sink.tell())

    def write(self, block: pa.Table) -> None:
        self._writer.write_table(block, row_group_size=2 * ROW_GROUP_ROWS)
        self.rows += block.num_rows

    def finish(self) -> tuple[int, int]:
        self._writer.close()
        size = self.size
        self._sink.close()
        flush_native(self.path)
        return self.rows, size

    def discard(self) -> None:
        # Closing writes the footer, which a full disk refuses; the file goes either way.
        with suppress(OSError, pa.ArrowException):
            self._writer.close()
        with suppress(OSError, pa.ArrowException):
            self._sink.close()


def _kinds_of_columns(rows: pa.Table) -> tuple[list[str], list[str]]:
    """By their dotted names: columns whose values come back often enough for a dictionary, and those whose least and
    greatest value say something. Texts that are nearly all different, such as ids, are neither."""
    flat = rows
    while any(pa.types.is_struct(column.type) for column in flat.columns):
        flat = flat.flatten()
    repetitive, telling = [], []
    for name, column in zip(flat.column_names, flat.columns, strict=True):
        repeats = not pa.types.is_nested(column.type) and _repeats(column)
        repetitive += [name] if repeats else []
        telling += [name] if repeats or not pa.types.is_string(column.type) else []
    return repetitive, telling


def _repeats(column: pa.ChunkedArray) -> bool:
    return bool(pc.count_distinct(column).as_py() <= max(1, MOSTLY_DIFFERENT * len(column)))


def _column(batch: pa.RecordBatch, field: pa.Field) -> pa.Array:
    if field.name not in batch.schema.names:
        return pa.nulls(batch.num_rows, field.type)
    column = batch.column(field.name)
    if column.type.equals(field.type):
        return column
    # Arrow's cast fills what is missing, but it also drops without a word what the target has no place for.
    if unknown := missing(field.type, column.type, field.name):
        raise ValueError(f"The table has no column {unknown[0]}.")
    return column.cast(field.type)


def _with_small_types(schema: pa.Schema) -> pa.Schema:
    """pyiceberg asks for 64-bit offsets everywhere; ours are never so long, and Parquet knows no difference."""
    return pa.schema([field.with_type(_small(field.type)) for field in schema], metadata=schema.metadata)


def _small(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_large_string(kind):
        return pa.string()
    if pa.types.is_large_binary(kind):
        return pa.binary()
    if pa.types.is_struct(kind):
        return pa.struct([field.with_type(_small(field.type)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return pa.list_(kind.value_field.with_type(_small(kind.value_type)))
    if pa.types.is_map(kind):
        key, item = kind.key_field.with_type(_small(kind.key_type)), kind.item_field.with_type(_small(kind.item_type))
        return pa.map_(key, item)
    return kind
