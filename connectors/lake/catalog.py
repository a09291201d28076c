"""A lake: the tables, and the database that knows which state of each is current."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cached_property, lru_cache

import pyarrow as pa
from pyarrow import fs
from pyiceberg.catalog.sql import IcebergTables, SqlCatalog
from pyiceberg.exceptions import NamespaceAlreadyExistsError, NoSuchTableError, TableAlreadyExistsError
from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.partitioning import PartitionField, PartitionSpec
from pyiceberg.schema import Schema, assign_fresh_schema_ids
from pyiceberg.table import StaticTable, Table
from pyiceberg.transforms import IdentityTransform
from sqlalchemy import URL, make_url, select
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from connectors.lake.columns import SchemaDiffers, missing
from connectors.lake.durable import DurableFileIO
from connectors.lake.evolution import columns_of
from connectors.lake.failures import lake_failures
from connectors.lake.hint import write_version_hint
from connectors.lake.inspect import PARTITION_COLUMNS, TableSummary, summary
from connectors.lake.location import parse_warehouse
from connectors.lake.replace import MERGE_AT, MERGE_AT_DEFAULT
from connectors.lake.table import LakeTable

NAMESPACE = "tributary"
NAME = re.compile(r"[a-z][a-z0-9_]{0,127}")
LOCK_SECONDS = 20
CONNECT_SECONDS = 10
CONNECT_ATTEMPTS = 5
STATES_REMEMBERED = 4096

TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "zstd",
    # Publishing repeats a lost commit itself; the library's own waiting would only come on top.
    "commit.retry.num-retries": "0",
    # A read or a commit looks at every manifest; there would be one more per commit.
    MERGE_AT: MERGE_AT_DEFAULT,
    # Old descriptions of the table would pile up, one per commit.
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "50",
    # Bounds of strings are cut to 16 characters unless told otherwise; other engines prune by these two.
    "write.metadata.metrics.column._dataflow": "full",
    "write.metadata.metrics.column._day": "full",
}


class UnknownTable(LookupError):
    """The lake has no table of that name."""


class Lake:
    """Tables under one warehouse, catalogued in one SQL database.

    ``catalog_url``: ``sqlite:///file`` or ``postgresql://user:password@host/db`` (psycopg 3).
    ``warehouse_url``: a folder, or ``s3://bucket/prefix``; see ``connectors.lake.location``.
    Connects at first use. Not to be shared across a fork: ``close`` first, or make one per process.
    Methods raise LakeUnavailable or StorageFull, and ValueError for a name that is not a slug.
    """

    def __init__(self, catalog_url: str, warehouse_url: str) -> None:
        self._url = database_url(catalog_url)
        self._warehouse = parse_warehouse(warehouse_url)
        # A state is a file that never changes, so what it says is worth keeping.
        self._summary_at = lru_cache(STATES_REMEMBERED)(self._read_summary)

    def create(self, name: str, schema: pa.Schema) -> LakeTable:
        """The table ``name`` with these columns, made now or earlier, by us or by another process.

        The partition columns are added in front. Raises SchemaDiffers if it exists and lacks one of them, or has
        one with another type; further columns, and another order, are no difference.
        """
        wanted = _with_partition_columns(schema)
        with lake_failures():
            with suppress(TableAlreadyExistsError):
                if not self._catalog.table_exists(self._identifier(name)):
                    write_version_hint(self._create(name, wanted))
            existing = self._load(name)
        if lacking := missing(pa.struct(list(columns_of(existing))), pa.struct(list(schema))):
            raise SchemaDiffers(f"The table {name} exists without the column {lacking[0]}.")
        return self.open(name)

    def open(self, name: str) -> LakeTable:
        """Raises UnknownTable if there is none."""
        if not self.exists(name):
            raise UnknownTable(name)
        return LakeTable(name, lambda: self._load(name))

    def exists(self, name: str) -> bool:
        identifier = self._identifier(name)
        with lake_failures():
            # Asked of the database: pyiceberg would read the whole state of the table to see whether it is there.
            return identifier in self._catalog.list_tables(NAMESPACE)

    def states(self, names: Iterable[str]) -> dict[str, str]:
        """Where the current state of each of these tables is described, by name, in one question to the catalog.

        A name without a table is absent.
        """
        chosen = select(IcebergTables.table_name, IcebergTables.metadata_location).where(
            IcebergTables.catalog_name == NAMESPACE,
            IcebergTables.table_namespace == NAMESPACE,
            IcebergTables.table_name.in_(list(names)),
        )
        with lake_failures(), Session(self._catalog.engine) as session:
            return {name: str(state) for name, state in session.execute(chosen)}

    def summary_of(self, state: str) -> TableSummary:
        """What a table holds in a state that ``states`` gave; read once per state, for lists of many tables."""
        with lake_failures():
            return self._summary_at(state)

    def drop(self, name: str) -> None:
        """Removes the table and every file of it. Also succeeds when there is none."""
        identifier = self._identifier(name)
        with lake_failures():
            with suppress(NoSuchTableError):
                self._catalog.drop_table(identifier)
            self._delete_folder(self._location(name))

    def close(self) -> None:
        """Closes the database connections; the next call opens new ones."""
        if (catalog := self.__dict__.pop("_catalog", None)) is not None:
            catalog.engine.dispose()

    @cached_property
    def _catalog(self) -> SqlCatalog:
        properties = {
            "uri": self._url.render_as_string(hide_password=False),
            "warehouse": self._warehouse.location,
            "pool_pre_ping": "true",
            **self._files,
        }
        with lake_failures():
            return _connect(properties)

    @property
    def _files(self) -> dict[str, str]:
        """How pyiceberg reaches the files of tables."""
        implementation = f"{DurableFileIO.__module__}.{DurableFileIO.__name__}"
        return {"py-io-impl": implementation, **self._warehouse.properties}

    def _read_summary(self, state: str) -> TableSummary:
        return summary(StaticTable.from_metadata(state, self._files))

    def _create(self, name: str, schema: Schema) -> Table:
        fields = (
            PartitionField(schema.find_field(column).field_id, 1000 + n, IdentityTransform(), column)
            for n, column in enumerate(PARTITION_COLUMNS)
        )
        return self._catalog.create_table(
            self._identifier(name),
            schema,
            location=self._location(name),
            partition_spec=PartitionSpec(*fields),
            properties=TABLE_PROPERTIES,
        )

    def _load(self, name: str) -> Table:
        try:
            return self._catalog.load_table(self._identifier(name))
        except NoSuchTableError:
            raise UnknownTable(name) from None

    def _identifier(self, name: str) -> tuple[str, str]:
        if not NAME.fullmatch(name):
            raise ValueError(f"Not a table name: {name!r}")
        return NAMESPACE, name

    def _location(self, name: str) -> str:
        return f"{self._warehouse.location}/{NAMESPACE}/{name}"

    def _delete_folder(self, location: str) -> None:
        scheme, netloc, path = PyArrowFileIO.parse_location(location)
        filesystem = DurableFileIO(dict(self._warehouse.properties)).fs_by_scheme(scheme, netloc)
        if filesystem.get_file_info(path).type == fs.FileType.Directory:
            filesystem.delete_dir(path)


def database_url(url: str) -> URL:
    """The catalog's database with our driver and time limits. Raises ValueError for another database."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        return parsed.update_query_dict({"timeout": str(LOCK_SECONDS), **_single(parsed)})
    if parsed.get_backend_name() not in ("postgresql", "postgres"):
        raise ValueError(f"The catalog lives in SQLite or PostgreSQL, not in {parsed.get_backend_name()}.")
    limited = parsed.update_query_dict({"connect_timeout": str(CONNECT_SECONDS), **_single(parsed)})
    return limited.set(drivername="postgresql+psycopg")


def _single(url: URL) -> dict[str, str]:
    return {name: value for name, value in url.query.items() if isinstance(value, str)}


def _connect(properties: dict[str, str]) -> SqlCatalog:
    """A catalog whose tables and namespace exist.

    Two processes that create them at the same moment get in each other's way; the loser looks again.
    """
    for attempt in range(1, CONNECT_ATTEMPTS + 1):
        try:
            catalog = SqlCatalog(NAMESPACE, **properties)
            break
        except DBAPIError:
            if attempt == CONNECT_ATTEMPTS:
                raise
            time.sleep(0.1 * attempt)
    with suppress(NamespaceAlreadyExistsError, IntegrityError):
        catalog.create_namespace(NAMESPACE)
    return catalog


def _with_partition_columns(schema: pa.Schema) -> Schema:
    if taken := sorted(set(schema.names) & set(PARTITION_COLUMNS)):
        raise ValueError(f"The lake itself uses the columns {', '.join(taken)}.")
    columns = [
        pa.field(PARTITION_COLUMNS[0], pa.string(), nullable=False),
        pa.field(PARTITION_COLUMNS[1], pa.date32(), nullable=False),
        *schema,
    ]
    return assign_fresh_schema_ids(SqlCatalog._convert_schema_if_needed(pa.schema(columns)))
