"""A running sample with a small shop, and a visitor who asks it over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import requests

from connectors.mixpanel.sample.credentials import LEGACY_PROJECT_ID, SECRET, USERNAME
from connectors.mixpanel.sample.limits import Limits
from connectors.mixpanel.sample.server import SampleServer

TODAY = date(2026, 3, 20)
"""Twelve days after the clocks went forward in Los Angeles (8 March 2026), nine before Berlin (29 March)."""

PLENTY = Limits(hourly=10_000, per_second=0, concurrent=100)

Ask = Callable[..., requests.Response]


def running(**options: object) -> SampleServer:
    """A server with generous limits and few events, not yet started."""
    chosen = {"today": TODAY, "events_per_day": 800, "export_limits": PLENTY, "query_limits": PLENTY} | options
    return SampleServer(**chosen)  # type: ignore[arg-type]


def asker(server: SampleServer, session: requests.Session) -> Ask:
    def ask(path: str, auth: tuple[str, str] | None = (USERNAME, SECRET), **params: object) -> requests.Response:
        texts = {name: str(value) for name, value in params.items()}
        return session.get(server.url + path, params=texts, auth=auth, timeout=20)

    return ask


@pytest.fixture(scope="session")
def shared_server() -> Iterator[SampleServer]:
    """For tests that only read."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        # A proxy or .netrc of the machine must not come between the test and loopback.
        session.trust_env = False
        yield session


@pytest.fixture(scope="session")
def ask(shared_server: SampleServer, session: requests.Session) -> Ask:
    return asker(shared_server, session)


@pytest.fixture
def server() -> Iterator[SampleServer]:
    """For tests that change something."""
    with running() as server:
        yield server


@pytest.fixture(scope="session")
def export(ask: Ask) -> Callable[..., requests.Response]:
    """Ask for whole days of a project: ``export("2026-03-01")`` or ``export("2026-03-01", "2026-03-03", limit=5)``."""

    def export(first: str, last: str | None = None, **params: object) -> requests.Response:
        wanted = {"project_id": LEGACY_PROJECT_ID, "from_date": first, "to_date": last or first} | params
        return ask("/api/2.0/export", **wanted)

    return export
