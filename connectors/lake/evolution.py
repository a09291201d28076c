"""A table's columns follow its schema: new columns are added, rows that are there read null in them.

Adding touches metadata only and conflicts with no publication: a worker that compiled its plan before the change
writes files without the new columns, and they are published as well.
"""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.table import Table
from pyiceberg.table.update import AssertRefSnapshotId

from connectors.errors import LakeConflict
from connectors.lake.columns import SchemaDiffers, missing
from connectors.lake.hint import write_version_hint
from connectors.lake.inspect import PARTITION_COLUMNS

ATTEMPTS = 8


def evolve(load: Callable[[], Table], wanted: pa.Schema) -> list[str]:
    """Adds the columns of ``wanted`` that the table lacks, nested ones too; their dotted names.

    Doing it again changes nothing. A column that is not wanted stays. Raises SchemaDiffers, LakeConflict.
    """
    return _repeatedly(load, lambda table: _add(table, wanted))


def rebuild(load: Callable[[], Table], wanted: pa.Schema) -> list[str]:
    """Gives a table that never had a snapshot exactly these columns; the names of those that went or came.

    Raises LakeConflict when there is a snapshot by now, or when others kept committing first.
    """
    return _repeatedly(load, lambda table: _replace(table, wanted))


def columns_of(table: Table) -> pa.Schema:
    """The dataset's own columns, without the partition columns."""
    every = schema_to_pyarrow(table.schema(), include_field_ids=False)
    return pa.schema([field for field in every if field.name not in PARTITION_COLUMNS])


def _repeatedly(load: Callable[[], Table], change: Callable[[Table], list[str]]) -> list[str]:
    for _ in range(ATTEMPTS):
        table = load()
        try:
            changed = change(table)
        except CommitFailedException:
            continue
        if changed:
            write_version_hint(table)
        return changed
    raise LakeConflict(f"Other writers committed first, {ATTEMPTS} times in a row.")


def _add(table: Table, wanted: pa.Schema) -> list[str]:
    added = missing(pa.struct(list(columns_of(table))), pa.struct(list(wanted)))
    if added:
        with table.update_schema() as update:
            update.union_by_name(wanted)
    return added


def _replace(table: Table, wanted: pa.Schema) -> list[str]:
    have = columns_of(table)
    if table.current_snapshot() is not None:
        raise LakeConflict("The dataset has data by now, so its columns can only be added to.")
    changed = [name for name in have.names if name not in wanted.names or not _same(have, wanted, name)]
    if not changed:
        return _add(table, wanted)
    with table.transaction() as transaction:
        with transaction.update_schema(allow_incompatible_changes=True) as update:
            for name in changed:
                update.delete_column(name)
        with transaction.update_schema() as update:
            update.union_by_name(wanted)
        # Whoever publishes the first rows meanwhile wins: their files have the columns as they were.
        transaction._requirements += (AssertRefSnapshotId.model_validate({"ref": "main", "snapshot-id": None}),)
    return changed


def _same(have: pa.Schema, wanted: pa.Schema, name: str) -> bool:
    one, other = have.field(name).type, wanted.field(name).type
    try:
        return not missing(one, other, name) and not missing(other, one, name)
    except SchemaDiffers:
        return False
