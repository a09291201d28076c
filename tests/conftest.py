"""The cast and the stage of every test: people with roles, a sample Mixpanel, and stores of the test's own.

Tests of the pure packages also run without Django (``-p no:django``); nothing here may need it at import time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from connectors.mixpanel.sample.credentials import ACCOUNT_NAME, SECRET, USERNAME
from connectors.mixpanel.sample.limits import Limits
from connectors.mixpanel.sample.server import SampleServer

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.test import Client

    from connectors.models import Account
    from tests.object_store import ObjectStore

PLENTY = Limits(hourly=100_000, per_second=0, concurrent=1000)
EVENTS_PER_DAY = 400


@pytest.fixture(autouse=True)
def _stage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[None]:
    """Stores of the test's own, and no host to call but Mixpanel's unless the test uses ``sample``."""
    if not request.config.pluginmanager.hasplugin("django"):
        yield
        return
    settings: Any = request.getfixturevalue("settings")
    settings.LAKE_URL, settings.LANDING_URL = str(tmp_path / "lake"), str(tmp_path / "landing")
    settings.SCRATCH_DIR, settings.LAKE_CATALOG_URL = tmp_path / "scratch", f"sqlite:///{tmp_path / 'catalog.sqlite3'}"
    has_sample = "sample" in request.fixturenames
    settings.MIXPANEL_EXTRA_HOSTS = [request.getfixturevalue("sample").url] if has_sample else []
    _forget_stores()
    yield
    _forget_stores()


def _forget_stores() -> None:
    from dataflows import stores

    stores.landing.cache_clear()
    stores.lake.cache_clear()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file, as in production: in memory, threads share one cache and lock each other out at once."""
    from django.conf import settings

    database: dict[str, Any] = settings.DATABASES["default"]
    if "sqlite" in database["ENGINE"]:
        database.setdefault("TEST", {})["NAME"] = str(tmp_path_factory.mktemp("database") / "test.sqlite3")


@pytest.fixture(scope="session")
def sample() -> Iterator[SampleServer]:
    """A sample Mixpanel with a small shop, real dates and generous limits, allow-listed for the test that uses it."""
    with SampleServer(events_per_day=EVENTS_PER_DAY, export_limits=PLENTY, query_limits=PLENTY) as server:
        yield server


@pytest.fixture(scope="session")
def object_store() -> Iterator[ObjectStore]:
    """An object store for every test that needs one; each takes a bucket of its own."""
    from tests.object_store import ObjectStore

    with ObjectStore() as store:
        yield store


@pytest.fixture
def account(db: None, sample: SampleServer, analyst: User) -> Account:
    """The sample's service account, connected by the analyst. What earlier tests asked for is no test's business."""
    from connectors import accounts

    urlopen(Request(f"{sample.url}/sample/reset", method="POST")).close()
    return accounts.connect(
        name=ACCOUNT_NAME,
        description="Generated shop events.",
        auth_kind="service_account",
        username=USERNAME,
        secret=SECRET,
        region=sample.url,
        by=analyst,
    )


def _person(name: str, role: str = "") -> User:
    from django.contrib.auth.models import Group, User

    user = User.objects.create_user(name)
    if role:
        user.groups.add(Group.objects.get_or_create(name=role)[0])
    return user


@pytest.fixture
def admin(db: None) -> User:
    return _person("ada", "Admin")


@pytest.fixture
def analyst(db: None) -> User:
    return _person("anna", "Analyst")


@pytest.fixture
def viewer(db: None) -> User:
    return _person("vic", "Viewer")


@pytest.fixture
def stranger(db: None) -> User:
    """Can log in, has no role."""
    return _person("sam")


@pytest.fixture
def browse() -> Callable[[User], Client]:
    """A browser somebody is logged in with: ``browse(viewer).get(url)``."""

    def browse(user: User) -> Client:
        from django.test import Client

        client = Client()
        client.force_login(user)
        return client

    return browse
