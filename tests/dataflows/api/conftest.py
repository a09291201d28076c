"""Programs with roles."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from dataflows.api import clients
from tests.dataflows.api.program import Program


@pytest.fixture
def program(db: None, admin: User) -> Program:
    """A program that may set up and run."""
    return Program.of(clients.create("robot", role="Analyst", by=admin))


@pytest.fixture
def onlooker(db: None, admin: User) -> Program:
    """A program that may only look."""
    return Program.of(clients.create("dashboard", role="Viewer", by=admin))
