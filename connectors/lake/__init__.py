"""Datasets as Apache Iceberg tables, written by us and readable by any engine that reads Iceberg.

location   where the lake is and how its store is reached
durable    files that survive a power cut
catalog    Lake: create, open, drop tables
table      LakeTable: the handle everything else hangs on
parts      PartWriter: Arrow batches of one day to Parquet files
replace    the snapshot that swaps data files, metadata only
publish    one commit that replaces days, fenced and repeatable
columns    column types compared
evolution  columns are added as the schema grows
history    which commits made a state, and rolling back to an earlier one
expiry     old snapshots are forgotten
orphans    files nothing refers to are deleted
inspect    rows, days, snapshots, preview, all from the current state
hint       the pointer that lets engines without a catalog find the current state
failures   what can go wrong, as connectors.errors
"""

from connectors.lake.catalog import Lake, UnknownTable
from connectors.lake.columns import SchemaDiffers
from connectors.lake.inspect import DayContent, SnapshotInfo, TableSummary, UnknownSnapshot
from connectors.lake.parts import PartFile, PartWriter
from connectors.lake.publish import LeaseLost, Receipt
from connectors.lake.table import LakeTable

__all__ = [
    "DayContent",
    "Lake",
    "LakeTable",
    "LeaseLost",
    "PartFile",
    "PartWriter",
    "Receipt",
    "SchemaDiffers",
    "SnapshotInfo",
    "TableSummary",
    "UnknownSnapshot",
    "UnknownTable",
]
