"""What can go wrong with a lake, sorted into the errors the engine knows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from connectors.errors import ConnectorError, LakeConflict, LakeUnavailable, StorageFull
from connectors.storage import is_full

POSTGRES_DISK_FULL = "53100"


@contextmanager
def lake_failures() -> Iterator[None]:
    """Turns errors of the store and of the catalog's database into LakeUnavailable, StorageFull or LakeConflict."""
    try:
        yield
    except ConnectorError:
        raise
    except (OSError, EOFError, pa.ArrowException, SQLAlchemyError, CommitFailedException) as error:
        raise classify(error) from error


def classify(error: Exception) -> ConnectorError:
    """The error the engine knows for an error of the store, the database or the commit."""
    # SQLAlchemy's own text adds the statement and its parameters, which are of no use to a reader.
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    detail = (str(cause).splitlines() or [""])[0][:300] or type(cause).__name__
    if isinstance(error, CommitFailedException):
        return LakeConflict(detail)
    if is_full(cause) or _database_is_full(cause):
        return StorageFull(detail)
    return LakeUnavailable(detail)


def _database_is_full(cause: BaseException) -> bool:
    return getattr(cause, "sqlstate", None) == POSTGRES_DISK_FULL or "database or disk is full" in str(cause)
