"""Events with every kind of nesting, and short ways to write and publish them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pyarrow as pa

from connectors.lake.parts import PartFile, PartWriter
from connectors.lake.publish import Receipt
from connectors.lake.table import LakeTable

FLOW = "0b54a7a2-2f0e-4a6b-9f6e-3f8d6f0b7c11"
"""As long as real ids are: longer than the 16 characters to which Iceberg cuts bounds of strings."""

WORK = "t"

SCHEMA = pa.schema(
    [
        ("_id", pa.string()),
        ("timestamp", pa.timestamp("us", tz="UTC")),
        ("amount", pa.float64()),
        ("web", pa.struct([("url", pa.string()), ("page", pa.struct([("views", pa.int64())]))])),
        ("tags", pa.list_(pa.string())),
        ("products", pa.list_(pa.struct([("sku", pa.string()), ("price", pa.float64())]))),
        ("extra", pa.map_(pa.string(), pa.string())),
    ]
)


def day(number: int) -> date:
    return date(2024, 1, number)


def events(count: int, name: str = "e") -> pa.RecordBatch:
    rows = [
        {
            "_id": f"{name}-{n}",
            "timestamp": datetime(2024, 1, 1, 12, n % 60, tzinfo=UTC),
            "amount": n / 2 if n % 3 else None,
            "web": {"url": f"/{n}", "page": {"views": n}} if n % 2 else None,
            "tags": ["a", None, str(n)] if n % 2 else [],
            "products": [{"sku": f"s{n}", "price": 1.5}],
            "extra": [("k", str(n))],
        }
        for n in range(count)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def parts(table: LakeTable, when: date, count: int, *, flow: str = FLOW, token: str = WORK) -> list[PartFile]:
    with PartWriter(table, flow, when, token=token) as writer:
        writer.write(events(count, token))
        return writer.close()


def publish(
    table: LakeTable,
    rows_by_day: dict[date, int],
    *,
    flow: str = FLOW,
    token: str = WORK,
    still_mine: Callable[[], bool] = lambda: True,
) -> Receipt:
    """Writes and publishes so many rows for each day."""
    files = [file for when, count in rows_by_day.items() for file in parts(table, when, count, flow=flow, token=token)]
    return table.publish(flow, list(rows_by_day), files, token=token, still_mine=still_mine)


def ids(table: LakeTable) -> list[str]:
    """The ``_id`` of every current row, as a reader without a catalog sees them."""
    from pyiceberg.table import StaticTable

    found = StaticTable.from_metadata(table.metadata_location).scan(selected_fields=("_id",)).to_arrow()
    return sorted(found.column("_id").to_pylist())
