"""Lakes in a folder, catalogued in SQLite and in a real PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from connectors.lake.catalog import Lake
from connectors.lake.table import LakeTable
from tests.connectors.lake.events import SCHEMA
from tests.services import postgres_server


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as url:
        yield url


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    lake = Lake(f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "lake"))
    yield lake
    lake.close()


@pytest.fixture
def table(lake: Lake) -> LakeTable:
    return lake.create("ds_1", SCHEMA)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.services)])
def lake_urls(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, str]:
    """Catalog and warehouse of a lake nobody has opened yet."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/catalog.db", str(tmp_path / "lake")
    url = request.getfixturevalue("postgres_url")
    return fresh_database(url, tmp_path.name.lower()), str(tmp_path / "lake")


def fresh_database(url: str, name: str) -> str:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    return f"{url.rpartition('/')[0]}/{name}"
